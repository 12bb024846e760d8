"""Arms that are too small to be measured are no arms of a plan."""

from collections import Counter
from collections.abc import Sequence

from app.retrieval.schemas import Channel
from app.strategy.batch.arms import kind_of
from app.strategy.batch.folding import fold_small
from app.strategy.batch.offering import Nothing, Offering, offering_of
from tests.factories_campaigns import case_of
from tests.factories_profiles import profile_of
from tests.factories_strategy import request_of

CASES = [
    case_of("text", lift=1500, n=3000, seed=5),
    case_of("mail", lift=4000, n=3000, channel=Channel.EMAIL, seed=8),
]
TEXTS = request_of(CASES, profile=profile_of(consents={"sms": True}))
BOTH = request_of(CASES, profile=profile_of(consents={"sms": True, "email": True}))
MAILS = request_of(CASES, profile=profile_of(consents={"email": True}))


def found_of() -> list[Offering | Nothing]:
    """Nine who may be sent texts only, three who may be sent both and get mail, two who may be sent mail only."""
    requests = [TEXTS] * 9 + [BOTH] * 3 + [MAILS] * 2
    return [offering_of(f"cu_{n:02}", request, ()) for n, request in enumerate(requests)]


def channels_of(found: Sequence[Offering | Nothing]) -> list[str]:
    return [str(one.channel) if isinstance(one, Offering) else one.why for one in found]


def test_a_small_arm_moves_to_a_larger_one_as_far_as_consent_allows() -> None:
    found = found_of()
    assert channels_of(found) == ["sms"] * 9 + ["email"] * 5
    folded = fold_small(found, least=6)
    assert channels_of(folded) == ["sms"] * 12 + ["small_arm"] * 2
    assert folded[:9] == found[:9]
    assert [one.customer_id for one in folded] == [one.customer_id for one in found]


def test_arms_that_are_large_enough_stay() -> None:
    found = found_of()
    assert fold_small(found, least=5) == found


def test_where_no_arm_is_large_enough_the_largest_stays() -> None:
    folded = fold_small(found_of(), least=1000)
    assert Counter(kind_of(one) for one in folded if isinstance(one, Offering)) == {("sms", ""): 12}
