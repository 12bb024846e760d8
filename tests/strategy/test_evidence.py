"""What people are shown of many retrieved arms, and the failures that are told as a risk."""

from typing import get_args

from app.profile.schemas import Profile
from app.retrieval.schemas import Case, Channel, Offer, OfferType
from app.schema import Lang
from app.strategy.choose import Choice
from app.strategy.evidence import MOST_FAILURES, Cause, failed_alike, failures, passed_over, shown
from app.strategy.explain import Explainer
from app.strategy.generate import propose
from app.strategy.schemas import Candidate
from app.strategy.weigh import NO_CONTACT, NO_OFFER
from app.strategy.wording import wording
from tests.factories_campaigns import case_of
from tests.factories_profiles import profile_of
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


CARD = Candidate(action="card/a", expected=100.0, low=50.0, high=150.0)
BETTER = Candidate(action="better/a", expected=200.0, low=40.0, high=360.0)


def over(better: Candidate, *cases: Case, lang: Lang = "en", profile: Profile | None = None) -> str:
    """What is said of an action that looked better than a card."""
    request = request_of(
        [*cases, case_of("card", lift=500, n=3000, channel=Channel.ONSITE)], lang=lang, profile=profile
    )
    choice = Choice(reason="from_outcomes", candidates=(NO_CONTACT, CARD, better), chosen=CARD)
    found = passed_over(request, choice)
    return Explainer(lang, request.workspace, request.taxonomy).passed_over(found) if found else ""


def test_what_looked_better_is_told_with_the_reason_why_it_was_not_chosen() -> None:
    message = case_of("better", lift=2500, n=3000, title="Hello")
    assert '"Hello" (SMS) is expected to bring more (CN¥2), but not surely' in over(BETTER, message)
    assert "没有把握真的更好" in over(BETTER, message, lang="zh")
    assert "SMS is not open to us" in over(BETTER, message, profile=profile_of(consents={}))
    assert "no interest in" in over(BETTER, case_of("better", lift=2500, n=3000, topics=("pets",)))
    assert "sample is too small" in over(BETTER, case_of("better", lift=2500, n=20))
    assert "may bring only -CN¥0.50" in over(BETTER.model_copy(update={"low": -50.0}), message)
    offer = case_of("better", lift=2500, n=3000, title="Hello", offer=COUPON)
    assert "(SMS, with an offer)" in over(BETTER, offer)
    bare = BETTER.model_copy(update={"action": f"better/a{NO_OFFER}"})
    assert "(SMS)" in over(bare, offer)


def test_what_could_be_done_is_told_before_what_is_about_something_else() -> None:
    hello = case_of("better", lift=2500, n=3000, title="Hello")
    pets = case_of("pets", lift=2500, n=3000, title="Pets", topics=("pets",))
    request = request_of([hello, pets], lang="en")
    more = BETTER.model_copy(update={"action": "pets/a", "expected": 300.0})
    choice = Choice(reason="from_outcomes", candidates=(NO_CONTACT, CARD, BETTER, more), chosen=CARD)
    found = passed_over(request, choice)
    assert found is not None
    assert (found.candidate, found.cause) == (BETTER, "not_surely")


def test_every_cause_has_its_sentence_in_both_languages() -> None:
    langs: tuple[Lang, ...] = ("zh", "en")
    assert all(set(wording(lang).passed_over) == {*get_args(Cause), "how", "how_offer"} for lang in langs)


def test_nothing_is_told_where_the_choice_is_the_best_that_was_weighed() -> None:
    worse = BETTER.model_copy(update={"expected": 90.0})
    assert not over(worse, case_of("better", lift=2500, n=3000))
    assert "expected to bring more" not in (propose(request_of([GOOD], lang="en")).strategy.status_reason or "")
