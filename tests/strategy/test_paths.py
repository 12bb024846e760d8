"""Which past outcomes a light touch and a strong offer stand on, and when there are none to stand on."""

from collections.abc import Sequence

import pytest

from app.retrieval.index import ExactIndex
from app.retrieval.near import POOL
from app.retrieval.schemas import Case, Offer, OfferType, Retrieval
from app.retrieval.search import CampaignSearch
from app.retrieval.situation import Situation, situation_of
from app.strategy.paths import MOST_ARMS, Gap, Known, known_lifts
from app.text.embedder import HashingEmbedder
from tests.factories_campaigns import AS_OF, case_of, real_taxonomy
from tests.factories_profiles import profile_of
from tests.factories_strategy import real_policy

COUPON = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=20_000)


def a_light(name: str = "light", **more: object) -> Case:
    return case_of(name, **more)  # type: ignore[arg-type]


def a_strong(name: str = "strong", **more: object) -> Case:
    return case_of(name, offer=COUPON, **more)  # type: ignore[arg-type]


def judged_by_conversion(case: Case) -> Case:
    return case.model_copy(update={"campaign": case.campaign.model_copy(update={"metric": "conversion"})})


def the_lifts(cases: Sequence[Case], situation: Situation | None = None) -> tuple[Known, Known]:
    situation = situation or situation_of(profile_of())
    search = CampaignSearch(HashingEmbedder(), ExactIndex, real_taxonomy())
    light, strong = known_lifts(search.search(cases, situation, as_of=AS_OF, k=POOL), situation, real_policy())
    return light, strong


def test_a_message_with_an_offer_is_strong_and_one_without_is_light() -> None:
    light, strong = the_lifts([a_light(), a_strong()])
    assert (light.kind, strong.kind) == ("light", "strong")
    assert light.lift is not None
    assert strong.lift is not None
    assert (light.lift.campaigns, strong.lift.campaigns) == (("light",), ("strong",))


def test_one_arm_alone_is_expected_as_retrieval_expects_it() -> None:
    light, _ = the_lifts([a_light()])
    (match,) = light.matches
    assert light.lift is not None
    assert light.lift.mean_minor == pytest.approx(match.expected.mean)
    assert light.lift.low_minor == pytest.approx(match.expected.low)
    assert light.lift.high_minor == pytest.approx(match.expected.high)
    assert light.lift.window_days == match.campaign.window_days


def test_arms_that_disagree_leave_less_certainty_than_each_of_them() -> None:
    light, _ = the_lifts([a_light("good", lift=4000.0), a_light("bad", lift=-1500.0, seed=2)])
    assert light.lift is not None
    means = [match.expected.mean for match in light.matches]
    assert min(means) < light.lift.mean_minor < max(means)
    widest = max(match.expected.high - match.expected.low for match in light.matches)
    assert light.lift.high_minor - light.lift.low_minor > widest


def test_the_best_looking_arm_is_not_taken_for_the_truth() -> None:
    cases = [a_light(f"c{n}", lift=lift, seed=n) for n, lift in enumerate((200.0, 300.0, 3000.0))]
    light, _ = the_lifts(cases)
    assert light.lift is not None
    assert light.lift.mean_minor < max(match.expected.mean for match in light.matches)


def test_only_the_nearest_arms_speak() -> None:
    light, _ = the_lifts([a_light(f"c{n}", seed=n) for n in range(MOST_ARMS + 3)])
    assert len(light.matches) == MOST_ARMS


@pytest.mark.parametrize(
    ("cases", "gap"),
    [
        ([], "no_past_outcomes"),
        ([a_strong()], "none_of_kind"),
        ([judged_by_conversion(a_light())], "none_of_kind"),
        ([a_light(topics=("pets",), title="猫砂"), a_strong()], "unrelated"),
        ([a_light(n=20)], "too_small"),
    ],
)
def test_no_lift_is_known_and_the_reason_is_named(cases: list[Case], gap: Gap) -> None:
    light, _ = the_lifts(cases)
    assert (light.lift, light.gap, light.matches) == (None, gap, ())


def test_no_lift_is_known_when_the_nearest_case_is_too_far() -> None:
    far = Retrieval(matches=(), abstained="nearest_too_far", nearest_similarity=0.1)
    found = known_lifts(far, Situation(), real_policy())
    assert [known.gap for known in found] == ["nearest_too_far", "nearest_too_far"]


def test_a_topic_in_the_cart_makes_a_campaign_related() -> None:
    about_pets = [a_light(topics=("pets",))]
    situation = situation_of(profile_of(topics=("skincare",)))
    assert the_lifts(about_pets, situation)[0].gap == "unrelated"
    carted = situation.model_copy(update={"carted_topics": ("pets",)})
    assert the_lifts(about_pets, carted)[0].lift is not None


@pytest.mark.parametrize(("kind", "drawn"), [("randomised", True), ("simulated", True), ("observational", False)])
def test_a_lift_says_whether_the_groups_were_drawn(kind: str, drawn: bool) -> None:
    light, _ = the_lifts([a_light(evidence_kind=kind)])
    assert light.lift is not None
    assert light.lift.randomised is drawn


def test_a_strong_offer_costs_more_than_a_light_touch() -> None:
    light, strong = the_lifts([a_light(), a_strong()])
    assert light.lift is not None
    assert strong.lift is not None
    assert 0 < (light.lift.cost_minor or 0) < (strong.lift.cost_minor or 0)
