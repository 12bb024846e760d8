"""The choice: only campaigns that are about something of the customer's, and nothing after a complaint."""

import pytest

from app.narrative.schemas import Claim, Predicate
from app.retrieval.schemas import Case
from app.strategy.generate import Proposal, propose
from tests.factories_campaigns import case_of
from tests.factories_profiles import profile_of
from tests.factories_strategy import claim_of, request_of

OWN = case_of("own", lift=1500, n=3000, seed=5)
PETS = case_of("pets", lift=4000, n=3000, title="Pet club", topics=("pets",), themes=("晒宠有礼",))
ANYTHING = case_of("any", lift=1500, n=3000, title="For all", topics=(), seed=6, themes=("好久不见",))
CART = claim_of("k1", Predicate.CARTED_NOT_BOUGHT, item_id="i1")


def rules(proposal: Proposal) -> list[str]:
    return [fired.rule for fired in proposal.strategy.rules_fired]


@pytest.mark.parametrize("other", [OWN, ANYTHING])
def test_a_better_campaign_about_other_topics_is_weighed_but_not_chosen(other: Case) -> None:
    proposal = propose(request_of([PETS, other], lang="en"))
    candidates = {candidate.action: candidate.low for candidate in proposal.decision.candidates}
    assert candidates["pets/a"] > candidates[proposal.decision.chosen] > 0
    assert proposal.strategy.campaigns == (other.campaign.campaign_id,)
    assert rules(proposal) == ["relevance"]
    assert "Pet club" in proposal.strategy.rules_fired[0].effect


@pytest.mark.parametrize("cases", [(PETS,), (PETS, case_of("own", lift=-300))])
def test_campaigns_about_other_topics_alone_are_no_ground(cases: tuple[Case, ...]) -> None:
    strategy, decision = propose(request_of(cases))
    assert (strategy.status, decision.chosen, strategy.themes) == ("abstained", "no_contact", ())
    assert strategy.campaigns == (() if len(cases) == 1 else strategy.campaigns)
    assert "Pet club" in (strategy.status_reason or "")


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
    assert (strategy.status, strategy.channel, strategy.themes, strategy.offer) == ("abstained", None, (), None)
    assert (strategy.campaigns, decision.chosen) == ((), "no_contact")
    assert [fired.rule for fired in decision.rules_fired] == ["complaint"]
    assert "Service should get in touch first" in (strategy.status_reason or "")
    assert strategy.rationale == ("k2",)
