"""What a story says and in which order."""

from datetime import timedelta
from typing import Any

import pytest

from app.narrative.book import Book
from app.narrative.plans import Plan
from app.narrative.schemas import Claim, ClaimKind, Predicate, Unit
from app.narrative.storyline import STALE, storyline
from app.text.taxonomy import Taxonomy
from tests.factories import a_book, an_order
from tests.factories_claims import told


@pytest.fixture(scope="module")
def book(taxonomy: Taxonomy) -> Book:
    return a_book(taxonomy, *(an_order(day, 100 + day, f"o{day}", "milk") for day in (5, 35, 65, 95, 125)))


def a_claim(book: Book, predicate: Predicate, **said: object) -> Claim:
    usual = {"kind": ClaimKind.AGGREGATE, "value": 1.0, "unit": Unit.SHARE, "claim_id": f"k_{predicate}{said}"}
    return Claim.unchecked(subject=book.customer_id, predicate=predicate, as_of=book.as_of, **(usual | said))


def interest(book: Book, topic: str, share: float, days_ago: int = 1) -> Claim:
    return a_claim(book, Predicate.INTEREST, topic=topic, value=share, at=book.as_of - timedelta(days=days_ago))


def shift(book: Book, *, days_ago: int = 60, **said: Any) -> Claim:
    usual: dict[str, Any] = {
        "value": 8, "out_of": 10, "compared_to": 1, "compared_out_of": 10, "name": "shift", "confidence": 0.9,
        "topic": "pets", "to_topic": "garden", "direction": "up", "at": book.as_of - timedelta(days=days_ago),
    }  # fmt: skip
    return a_claim(book, Predicate.INTEREST_SHIFT, **(usual | said))


def names(*claims: Claim) -> list[str]:
    return [plan.name for plan in storyline(claims)]


def risk(book: Book, level: str) -> Claim:
    return a_claim(book, Predicate.CHURN_RISK, value=0.5, name=level, kind=ClaimKind.PREDICTION)


def test_no_claim_is_told_twice_and_none_but_a_usual_gap_is_left_out(book: Book) -> None:
    claims = (*told(book), risk(book, "calm"))
    cited = [claim.claim_id for plan in storyline(claims) for claim in plan.cited.values()]
    assert len(cited) == len({*cited})
    leftover = {claim.claim_id for claim in claims} - {*cited}
    assert {str(claim.predicate) for claim in claims if claim.claim_id in leftover} <= {"usual_gap"}


def test_what_they_want_comes_before_what_changed_and_that_before_whether_they_leave(book: Book) -> None:
    facts = [claim for claim in told(book) if claim.predicate is not Predicate.INTEREST]
    found = names(*facts, interest(book, "pets", 0.5), shift(book), risk(book, "calm"))
    order = [next(n for n, name in enumerate(found) if name.startswith(part)) for part in ("now", "moved", "calm")]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("shares", "plan"), [((0.6, 0.02), "now_one"), ((0.6, 0.3), "now_two"), ((0.2, 0.4), "now_leaning")]
)
def test_interests_are_ranked_with_figures_only_where_the_figures_agree(
    book: Book, shares: tuple[float, float], plan: str
) -> None:
    found = names(*(interest(book, topic, share) for topic, share in zip(("pets", "garden"), shares, strict=True)))
    assert found[0] == plan


def test_an_interest_that_nothing_spoke_of_for_long_is_told_with_its_last_day(book: Book) -> None:
    assert names(interest(book, "pets", 0.6, STALE.days)) == ["now_one"]
    assert names(interest(book, "pets", 0.6, STALE.days + 1)) == ["was"]


def test_the_latest_move_is_told_in_full_and_the_ones_before_in_short(book: Book) -> None:
    early, late = shift(book, days_ago=100, to_topic="travel"), shift(book, days_ago=50, topic="travel")
    plans = list(storyline((early, late)))
    assert [plan.name for plan in plans] == ["moved", "moved_earlier"]
    assert plans[0] == Plan("moved", {"interest_shift": late})


@pytest.mark.parametrize(
    ("said", "plan"),
    [
        ({"compared_to": 0}, "moved_fresh"),
        ({"name": "seasonal"}, "moved_season"),
        ({"confidence": 0.4}, "shift_possible"),
        ({"value": 1, "compared_to": 9}, "moved_bare"),
    ],
)
def test_a_move_is_told_by_what_speaks_for_it(book: Book, said: dict[str, Any], plan: str) -> None:
    assert names(shift(book, **said)) == [plan]


@pytest.mark.parametrize("level", ["calm", "watch", "drifting", "leaving"])
def test_the_estimator_says_whether_they_leave_and_the_rhythm_says_why(book: Book, level: str) -> None:
    (plan,) = [plan for plan in storyline((*told(book), risk(book, level))) if plan.name.startswith(level)]
    assert {"churn_risk", "last_order", "days_since_last_order"} <= set(plan.cited)


def test_signs_are_of_leaving_only_where_somebody_leaves(book: Book) -> None:
    sign = a_claim(book, Predicate.SIGNAL, name="shorter_dwell", direction="down", unit=Unit.SECONDS)
    assert "sign_watched" in names(sign, risk(book, "calm"))
    assert "sign_first" in names(sign, risk(book, "leaving"))
    assert "signal_down" in names(sign)
