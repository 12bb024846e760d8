"""Claims about interests, shifts, signs, habits and attributes, recomputed on histories small enough to know them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.config import ROOT
from app.narrative.schemas import Claim, ClaimKind, Period, Predicate, Unit
from app.text.taxonomy import load_taxonomy
from evals.scorers.ledger import Bought, Row
from evals.scorers.meanings.known import INSTANT, Known
from evals.scorers.meanings.standings import Standings, standings
from evals.scorers.meanings.visits import placed
from evals.scorers.recompute import faults

ZONE = ZoneInfo("Asia/Shanghai")
AS_OF = datetime(2026, 6, 30, 12, tzinfo=UTC)
TAXONOMY = load_taxonomy(Path(ROOT) / "knowledge_base" / "taxonomy.yaml")


def a_row(name: str, kind: str, days_ago: float, topic: str | None = None, **changes: object) -> Row:
    base = Row(
        event_id=name,
        kind=kind,
        at=AS_OF - timedelta(days=days_ago),
        item_id="mug" if topic else None,
        order_id=None,
        amount=0,
        text=None,
        rating=None,
        topic=topic,
        topics=(topic,) if topic else (),
        session_id=name,
    )
    return base._replace(**changes)  # type: ignore[arg-type]


def known(*rows: Row, others: Standings | None = None) -> Known:
    ordered = sorted(rows, key=lambda row: row.at)
    return Known(ordered, AS_OF, ZONE, TAXONOMY, customer_id="c", standings=(lambda: others) if others else None)


def a_claim(predicate: Predicate, **said: object) -> Claim:
    base = {
        "claim_id": "k",
        "kind": ClaimKind.AGGREGATE,
        "predicate": predicate,
        "subject": "c",
        "value": None,
        "unit": Unit.COUNT,
        "as_of": AS_OF,
    }
    return Claim.model_validate(base | said)


def only_right(claim: Claim, judged: Known, *names: str) -> None:
    """The claim holds; with any of these fields changed it does not."""
    assert faults(claim, judged) == []
    for name in names:
        value = getattr(claim, name)
        other = value + timedelta(days=1) if isinstance(value, datetime) else value + 1
        assert faults(claim.model_copy(update={name: other}), judged), name
    assert faults(claim.model_copy(update={"evidence": ("nowhere",), "query_ref": None}), judged)


def test_an_interest_is_the_sum_of_faded_impacts_and_its_share_of_all() -> None:
    rows = [
        a_row("order", "order", 60, "baby_care"),
        a_row("cart", "cart_add", 30, "travel"),
        a_row("view", "view", 30, "travel", session_id="cart"),
    ]
    half_lives = {topic: TAXONOMY.half_life_days(topic) for topic in ("baby_care", "travel")}
    baby = TAXONOMY.impact("order") * 2 ** (-60 / half_lives["baby_care"])
    beside = TAXONOMY.impact("cart_add") + 0.1 * TAXONOMY.impact("view")
    travel = beside * 2 ** (-30 / half_lives["travel"])
    claim = a_claim(
        Predicate.INTEREST,
        topic="travel",
        value=travel / (travel + baby),
        weight=travel,
        at=rows[1].at,
        evidence=["cart"],
    )
    only_right(claim, known(*rows), "value", "weight", "at")


def test_an_interest_that_sank_below_the_threshold_two_weeks_ago_is_none() -> None:
    claim = a_claim(Predicate.INTEREST, topic="travel", value=1.0, weight=0.1, evidence=["view"])
    assert faults(claim, known(a_row("view", "view", 150, "travel"))) == ["the events support no such claim"]


def test_a_shift_counts_the_visits_about_its_topic_on_both_sides() -> None:
    before = [a_row(f"b{n}", "view", 60 - n, "baby_care") for n in range(5)]
    after = [a_row(f"t{n}", "view", 20 - n, "travel") for n in range(4)] + [a_row("x", "view", 10, "baby_care")]
    since = after[0].at.replace(second=0, microsecond=0)
    claim = a_claim(
        Predicate.INTEREST_SHIFT,
        topic="baby_care",
        to_topic="travel",
        name="shift",
        value=4,
        out_of=5,
        compared_to=0,
        compared_out_of=5,
        direction="up",
        at=since,
        period=Period(start=since - INSTANT, end=AS_OF),
        evidence=["t2", "t3"],
    )
    judged = known(*before, *after)
    only_right(claim, judged, "value", "out_of", "compared_to", "compared_out_of")
    assert faults(claim.model_copy(update={"direction": "down"}), judged)
    assert faults(claim.model_copy(update={"at": since - timedelta(days=30)}), judged)


def test_a_sign_compares_the_last_45_days_with_all_before_them() -> None:
    usual = [a_row(f"u{n}", "view", 100 - n, "baby_care", properties={"dwell_s": 60}) for n in range(6)]
    now = [a_row(f"n{n}", "view", 10 - n, "baby_care", properties={"dwell_s": 10 + n}) for n in range(4)]
    last = now[-1].at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    since = (last - timedelta(days=44)).astimezone(UTC)
    claim = a_claim(
        Predicate.SIGNAL,
        name="shorter_dwell",
        value=11.5,
        out_of=4,
        compared_to=60.0,
        compared_out_of=6,
        size=3.0,
        direction="down",
        at=now[-1].at,
        period=Period(start=since - INSTANT, end=AS_OF),
        evidence=["n2", "n3"],
    )
    judged = known(*usual, *now)
    only_right(claim, judged, "value", "out_of", "compared_to", "compared_out_of")
    assert faults(claim.model_copy(update={"evidence": ("u1",)}), judged)
    assert faults(claim.model_copy(update={"name": "broader_searches"}), judged) == ["the events support no such claim"]


def test_a_silence_is_longer_than_every_gap_before_it() -> None:
    visits = [a_row(f"v{n}", "view", 50 - 5 * n, "baby_care") for n in range(5)]
    since = (visits[-1].at.astimezone(ZONE)).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    claim = a_claim(
        Predicate.SIGNAL,
        name="rarer_visits",
        value=30,
        out_of=1,
        compared_to=5.0,
        compared_out_of=4,
        size=3.0,
        direction="up",
        at=AS_OF - timedelta(days=20),
        period=Period(start=since - INSTANT, end=AS_OF),
        evidence=["v4"],
    )
    only_right(claim, known(*visits), "value", "compared_to", "compared_out_of")
    seen_since = known(*visits, a_row("again", "view", 1, "baby_care"))
    assert faults(claim, seen_since) == ["the events support no such claim"]


def test_said_dissatisfaction_counts_the_words_of_its_period() -> None:
    rows = [a_row(f"s{n}", "support_message", 20 - n, text="最近推荐的都不感兴趣") for n in range(2)]
    complaint = TAXONOMY.features("最近推荐的都不感兴趣").complaint
    assert complaint is not None
    claim = a_claim(
        Predicate.SIGNAL,
        name="dissatisfaction",
        value=2,
        out_of=2,
        compared_out_of=0,
        direction="up",
        detail=complaint.value,
        at=rows[0].at,
        period=Period(start=rows[0].at - INSTANT, end=AS_OF),
        evidence=["s0", "s1"],
    )
    only_right(claim, known(*rows), "value", "at")


def orders(*amounts: int, **changes: object) -> list[Row]:
    return [
        a_row(f"o{n}", "order", 50 - 10 * n, "baby_care", amount=amount, order_id=f"o{n}", **changes)
        for n, amount in enumerate(amounts)
    ]


def test_the_basket_holds_the_quartiles_of_orders() -> None:
    claim = a_claim(Predicate.BASKET, value=250, low=175, high=325, out_of=4, evidence=[f"o{n}" for n in range(4)])
    only_right(claim, known(*orders(100, 200, 300, 400)), "value", "low", "high", "out_of")


def test_an_order_is_discounted_by_its_line_its_price_or_a_coupon_of_its_visit() -> None:
    plain, said, below, coupon = orders(100, 100, 100, 100)
    said = said._replace(properties={"discount_minor": 20})
    below = below._replace(listed=120, properties={"quantity": 1})
    used = a_row("used", "coupon", 20.001, session_id=coupon.session_id, properties={"action": "used"})
    rows = [plain, said, below, coupon, used]
    cited = ["o0", "o1", "o2", "o3", "used"]
    only_right(a_claim(Predicate.DISCOUNT_SHARE, value=0.75, out_of=4, evidence=cited), known(*rows), "value", "out_of")


def test_habits_are_counted_by_the_beginnings_of_visits() -> None:
    rows = [a_row(f"v{n}", "view", 7 * n, "baby_care") for n in range(5)]
    again = a_row("same", "view", 0, "baby_care", session_id="v0")
    cited, judged = [*(row.event_id for row in rows), "same"], known(*rows, again)
    only_right(a_claim(Predicate.USUAL_HOUR, value=20, out_of=5, evidence=cited), judged, "value", "out_of")
    only_right(a_claim(Predicate.USUAL_WEEKDAY, value=1, out_of=5, evidence=cited), judged, "value", "out_of")
    only_right(a_claim(Predicate.VISIT_GAP, value=7.0, evidence=cited), judged, "value")


def test_a_visit_ends_with_its_session_or_with_half_an_hour_of_silence() -> None:
    rows = [
        a_row("a", "view", 1.0, session_id=None),
        a_row("b", "view", 0.99, session_id=None),
        a_row("c", "view", 0.5, session_id=None),
        a_row("review", "review", 0.499, session_id=None),
        a_row("refund", "refund", 0.498),
        a_row("d", "view", 0.3, session_id="s"),
        a_row("e", "view", 0.1, session_id="s"),
    ]
    assert [(p.visit, p.begins) for p in placed(rows)] == [
        (1, True), (1, False), (2, True), (0, False), (0, False), (3, True), (3, False),
    ]  # fmt: skip


@pytest.mark.parametrize(("wins", "value"), [("correction", "Hangzhou"), ("verified", "Suzhou"), ("behaviour", "Wuxi")])
def test_the_highest_authority_gives_an_attribute_its_value(wins: str, value: str) -> None:
    rows = {
        "behaviour": a_row("t", "identify", 3, properties={"traits": {"city": "Wuxi"}}),
        "verified": a_row("v", "identify", 9, properties={"traits": {"city": "Suzhou"}, "verified": ["city"]}),
        "correction": a_row("k", "correction", 20, properties={"attribute": "city", "value": "Hangzhou"}),
    }
    ladder = list(rows)
    judged = known(*(rows[name] for name in ladder[: ladder.index(wins) + 1]))
    right = a_claim(
        Predicate.ATTRIBUTE,
        name="city",
        detail=value,
        authority=wins,
        at=rows[wins].at,
        evidence=[rows[wins].event_id],
    )
    only_right(right, judged, "at")
    assert faults(right.model_copy(update={"detail": "Beijing"}), judged)
    assert faults(right.model_copy(update={"authority": "inference"}), judged)


def test_a_rejected_inference_supports_no_attribute() -> None:
    said = {"name": "hobby", "value": "fishing", "quote": "rods", "confidence": 0.6}
    inferred = a_row("i", "inference_recorded", 5, properties=said)
    rejected = a_row("r", "correction", 4, properties={"attribute": "hobby", "action": "reject"})
    claim = a_claim(
        Predicate.ATTRIBUTE,
        name="hobby",
        detail="fishing",
        authority="inference",
        at=inferred.at,
        quote="rods",
        confidence=0.6,
        evidence=["i"],
    )
    only_right(claim, known(inferred), "confidence")
    assert faults(claim, known(inferred, rejected)) == ["the events support no such claim"]


def test_a_place_among_the_buyers_is_counted_over_all_of_them() -> None:
    lines = [Bought(f"c{n}", f"o{n}", AS_OF - timedelta(days=n), 100 * n) for n in range(1, 10)]
    mine = [Bought("c", f"m{n}", AS_OF - timedelta(days=n), 2000) for n in range(2)]
    others = standings([*lines, *mine], AS_OF, ZONE)
    claim = a_claim(
        Predicate.RFM_POSITION, name="important_value", scores=(5, 5, 5), evidence=[row.event_id for row in orders(1)]
    )
    judged = known(*orders(1), others=others)
    assert faults(claim, judged) == []
    assert faults(claim.model_copy(update={"scores": (4, 5, 5)}), judged)
    assert faults(claim.model_copy(update={"name": "general_value"}), judged)
