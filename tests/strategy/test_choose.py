"""The choice: what surely pays and promises most, about something of the customer's; nothing after a complaint."""

import pytest

from app.narrative.schemas import Claim, Predicate
from app.profile.schemas import ConsentState
from app.retrieval.schemas import CampaignMatch, Case, Channel, Lift, Offer, OfferType, Retrieval
from app.strategy.choose import Choice, FirstTest, choose
from app.strategy.gate.contact import Contacts
from app.strategy.generate import Proposal, propose
from app.strategy.power import Measurement
from app.strategy.weigh import Terms
from app.strategy.wording import wording
from tests.factories_campaigns import AS_OF, case_of
from tests.factories_profiles import profile_of
from tests.factories_strategy import claim_of, real_policy, request_of

OWN = case_of("own", lift=1500, n=3000, seed=5)
PETS = case_of(
    "pets", lift=1700, n=3000, channel=Channel.EMAIL, title="Pet club", topics=("pets",), themes=("晒宠有礼",)
)
ANYTHING = case_of("any", lift=1500, n=3000, title="For all", topics=(), seed=6, themes=("好久不见",))
CART = claim_of("k1", Predicate.CARTED_NOT_BOUGHT, item_id="i1")


GIFT = Offer(type=OfferType.GIFT, amount_minor=1500, threshold_minor=9900)
CARD = case_of("card", lift=900, n=3000, channel=Channel.ONSITE, seed=7)
MAIL = case_of("mail", lift=700, n=3000, channel=Channel.EMAIL, seed=8)


def lift(mean: float, spread: float) -> Lift:
    return Lift(mean=mean, low=mean - spread, high=mean + spread, treated_n=500, control_n=500)


def match_of(case: Case, expected: Lift, **changes: object) -> CampaignMatch:
    """A retrieved arm of which so much is expected."""
    (match, *_) = request_of([case]).retrieval.matches
    return match.model_copy(update={"expected": expected, "reworded": None, "plain": None, **changes})


def chosen(*matches: CampaignMatch, terms: Terms | None = None) -> Choice:
    consents = tuple(consent(channel) for channel in Channel)
    return choose(
        Retrieval(matches=matches),
        consents,
        topics=("skincare",),
        test=FirstTest(Measurement(0.1, 0.02, 100)),
        contacts=Contacts(),
        terms=terms or Terms(margin=0.3),
        policy=real_policy(),
    )


def consent(channel: Channel) -> ConsentState:
    return ConsentState(purpose="marketing", channel=channel, granted=True, event_id="e", at=AS_OF)


def test_a_message_that_surely_earns_more_than_a_card_is_sent() -> None:
    card = match_of(CARD, lift(600, 50))
    assert chosen(card, match_of(MAIL, lift(900, 100))).chosen.action == "mail/a"
    assert chosen(card, match_of(MAIL, lift(900, 600))).chosen.action == "card/a"


def test_what_may_lose_is_left_out_however_promising() -> None:
    sure, wild = match_of(CARD, lift(600, 50)), match_of(MAIL, lift(5000, 5100))
    assert chosen(sure, wild).chosen.action == "card/a"
    assert chosen(wild).reason == "nothing_pays"


def test_no_contact_and_the_arm_without_its_offer_are_candidates_too() -> None:
    match = match_of(case_of("gift", offer=GIFT, n=3000), lift(800, 100), plain=lift(780, 100), cost_per_customer=300.0)
    choice = chosen(match)
    assert [c.action for c in choice.candidates] == ["no_contact", "gift/a/no_offer", "gift/a"]
    assert choice.chosen.action == "gift/a/no_offer"
    assert choice.match is not None
    assert choice.match.arm.offer is None


def test_a_card_is_worth_less_to_somebody_who_seldom_comes_by() -> None:
    card, mail = match_of(CARD, lift(900, 50)), match_of(MAIL, lift(700, 50))
    assert chosen(card, mail).chosen.action == "card/a"
    assert chosen(card, mail, terms=Terms(margin=0.3, reach=0.5)).chosen.action == "mail/a"


def test_how_a_customer_answered_before_decides_the_channel() -> None:
    card, mail = match_of(CARD, lift(900, 50)), match_of(MAIL, lift(700, 50))
    reads_mail = Terms(margin=0.3, response={"card/a": 0.7, "mail/a": 1.5})
    assert chosen(card, mail, terms=reads_mail).chosen.action == "mail/a"


def test_one_candidate_of_each_kind_is_shown() -> None:
    cards = [match_of(case_of(f"card{n}", channel=Channel.ONSITE), lift(500 + n, 50)) for n in range(5)]
    assert [c.action for c in chosen(*cards).candidates] == ["no_contact", "card4/a"]


def rules(proposal: Proposal) -> list[str]:
    return [fired.rule for fired in proposal.strategy.rules_fired]


@pytest.mark.parametrize("other", [OWN, ANYTHING])
def test_a_better_campaign_about_other_topics_is_weighed_but_not_chosen(other: Case) -> None:
    proposal = propose(request_of([PETS, other], lang="en"))
    candidates = {candidate.action: candidate for candidate in proposal.decision.candidates}
    assert candidates["pets/a"].low > 0
    assert candidates[proposal.decision.chosen].low > 0
    assert proposal.strategy.campaigns == (other.campaign.campaign_id,)
    assert rules(proposal) == ["relevance"]
    assert "Pet club" in proposal.strategy.rules_fired[0].effect


def test_campaigns_about_other_topics_alone_are_no_ground() -> None:
    strategy, decision = propose(request_of([PETS]))
    assert (strategy.status, decision.chosen, strategy.channel) == ("abstained", "no_contact", None)
    assert strategy.campaigns == ()
    assert "Pet club" in (strategy.status_reason or "")


def test_a_campaign_that_lost_is_not_repeated_because_others_won() -> None:
    strategy, decision = propose(request_of([PETS, case_of("own", lift=-300)]))
    assert (strategy.status, decision.chosen, strategy.channel) == ("abstained", "no_contact", None)


def test_only_the_strongest_interests_count() -> None:
    four = profile_of(topics=("skincare", "travel", "garden", "pets"))
    three = profile_of(topics=("skincare", "travel", "pets"))
    assert propose(request_of([PETS], profile=four)).strategy.status == "abstained"
    assert propose(request_of([PETS], profile=three)).strategy.campaigns == ("pets",)


def test_the_topic_of_the_carted_item_counts_too() -> None:
    assert propose(request_of([PETS], claims=(CART,))).strategy.status == "abstained"
    carted = propose(request_of([PETS], claims=(CART,), item_topics={"i1": "pets"})).strategy
    assert (carted.status, carted.campaigns) == ("proposed", ("pets",))


@pytest.mark.parametrize("cases", [(), (OWN,), (PETS,)])
@pytest.mark.parametrize(
    "complaint",
    [
        claim_of("k2", Predicate.REVIEWED, value=1),
        claim_of("k2", Predicate.INTENT, reading="losing_patience"),
    ],
)
def test_after_a_complaint_service_comes_first(cases: tuple[Case, ...], complaint: Claim) -> None:
    strategy, decision = propose(request_of(cases, claims=(CART, complaint), lang="en"))
    assert (strategy.status, strategy.channel, strategy.offer) == ("abstained", None, None)
    assert {theme.title for theme in strategy.themes} == set(wording("en").ideas["care"].titles)
    assert (strategy.campaigns, decision.chosen) == ((), "no_contact")
    assert [fired.rule for fired in decision.rules_fired] == ["complaint"]
    assert "Service should get in touch first" in (strategy.status_reason or "")
    assert strategy.rationale == ("k2",)
