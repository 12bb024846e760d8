"""What may be spoken of, and to whom nothing is promoted."""

import pytest

from app.narrative.schemas import Claim, Predicate
from app.strategy.gate.schemas import Named, Rule
from app.strategy.gate.subjects import not_sensitive, relevant_campaigns, without_complaint
from tests.factories_campaigns import case_of, real_taxonomy
from tests.factories_strategy import claim_of, real_policy

POLICY = real_policy()


@pytest.mark.parametrize(
    ("claim", "complains"),
    [
        (claim_of("k", Predicate.REVIEWED, value=1), True),
        (claim_of("k", Predicate.REVIEWED, value=2), True),
        (claim_of("k", Predicate.REVIEWED, value=3), False),
        (claim_of("k", Predicate.REVIEWED), False),
        (claim_of("k", Predicate.INTENT, reading="losing_patience"), True),
        (claim_of("k", Predicate.INTENT, reading="gift"), False),
        (claim_of("k", Predicate.ORDER_COUNT, value=1), False),
    ],
)
def test_bad_reviews_and_lost_patience_are_complaints(claim: Claim, complains: bool) -> None:
    ruling = without_complaint([claim], POLICY)
    assert ruling.value == (("k",) if complains else ())
    assert [firing.rule for firing in ruling.fired] == ([Rule.COMPLAINT] if complains else [])


def test_the_readings_of_the_complaint_rule_are_in_the_taxonomy() -> None:
    assert set(POLICY.complaint.readings) <= set(real_taxonomy().readings)


def test_campaigns_about_other_topics_are_named_and_left_out() -> None:
    own, other = case_of("own").campaign, case_of("other", topics=("pets",), title="Pets").campaign
    anything = case_of("any", topics=()).campaign
    ruling = relevant_campaigns([own, other, anything], ("skincare", "travel"))
    assert ruling.value == ("own", "any")
    assert ruling.fired == ((Rule.RELEVANCE, {"campaigns": (Named("Pets", "Pets"),), "count": 1}),)
    assert relevant_campaigns([own, anything], ("skincare",)).fired == ()


@pytest.mark.parametrize("text", ["孕期护理专场", "For your pregnancy", "抗抑郁好物", "Gay pride sale"])
def test_sensitive_subjects_are_left_out(text: str) -> None:
    ruling = not_sensitive({"bad": text, "good": "护肤 skincare"}, real_taxonomy())
    assert ruling.value == ("good",)
    assert ruling.fired[0].rule is Rule.SENSITIVITY


def test_ordinary_subjects_pass() -> None:
    assert not_sensitive({"母婴": "母婴用品 baby care"}, real_taxonomy()) == (("母婴",), ())
