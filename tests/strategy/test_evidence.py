"""What people are shown of many retrieved arms, and the failures that are told as a risk."""

from app.retrieval.schemas import Channel, Offer, OfferType
from app.strategy.evidence import MOST_FAILURES, failed_alike, failures, shown
from app.strategy.generate import propose
from tests.factories_campaigns import case_of
from tests.factories_strategy import request_of

COUPON = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=30_000)
GOOD = case_of("good", lift=2500, n=3000)
BAD = tuple(case_of(f"bad{n}", lift=-1500, n=3000, title=f"Flop {n}", seed=20 + n) for n in range(MOST_FAILURES + 2))
BAD_MAIL = case_of("mail", lift=-1500, n=3000, channel=Channel.EMAIL, seed=40)


def test_failures_are_shown_as_warnings_and_no_more_than_can_be_read() -> None:
    request = request_of([GOOD, *BAD])
    decision = propose(request).decision
    found = shown(request.retrieval, decision.candidates)
    assert {m.campaign.campaign_id for m in failures(request.retrieval)} == {c.campaign.campaign_id for c in BAD}
    assert len(found.warnings) == MOST_FAILURES
    closeness = [m.closeness for m in found.warnings]
    assert closeness == sorted(closeness, reverse=True)
    assert {m.campaign.campaign_id for m in found.matches} >= {"good"}
    assert {m.campaign.campaign_id for m in found.matches} <= set(decision.campaigns)


def test_a_failure_of_the_same_kind_is_a_risk_and_one_of_another_kind_is_not() -> None:
    great = [case_of(f"great{n}", lift=6000, n=6000, seed=50 + n) for n in range(4)]
    alike = propose(request_of([*great, BAD[0]], lang="en")).strategy
    other = propose(request_of([*great, BAD_MAIL], lang="en")).strategy
    assert (alike.channel, other.channel) == (Channel.SMS, Channel.SMS)
    assert "a campaign of this kind has failed" in alike.risk
    assert "Flop 0" in alike.risk
    assert "has failed" not in other.risk


def test_the_kind_of_a_message_is_its_channel_and_its_type_of_offer() -> None:
    retrieval = request_of([GOOD, BAD[0]]).retrieval
    assert failed_alike(retrieval, Channel.SMS, None) is not None
    assert failed_alike(retrieval, Channel.SMS, COUPON) is None
    assert failed_alike(retrieval, Channel.PUSH, None) is None
