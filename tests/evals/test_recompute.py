"""The independent check of claims: right ones pass, each kind of wrong one is caught."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.config import ROOT
from app.narrative.schemas import Claim, ClaimKind, Period, Predicate, QueryRef, Unit
from app.text.taxonomy import Taxonomy, load_taxonomy
from evals.scorers.ledger import Row
from evals.scorers.meanings.known import Known
from evals.scorers.meanings.words import quotes
from evals.scorers.recompute import faults, ids_hash, run_query

ZONE = ZoneInfo("Asia/Shanghai")
AS_OF = datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)
TAXONOMY: Taxonomy = load_taxonomy(Path(ROOT) / "knowledge_base" / "taxonomy.yaml")


def a_row(day: int, kind: str = "order", **changes: object) -> Row:
    at = datetime(2026, 3, 1, 4, tzinfo=UTC) + timedelta(days=day - 1)
    base = Row(
        event_id=f"{kind}-{day}",
        kind=kind,
        at=at,
        item_id="mug",
        order_id=f"o{day}" if kind == "order" else None,
        amount=1000 if kind in ("order", "refund") else 0,
        text=None,
        rating=None,
        topic="kitchen_dining",
    )
    return base._replace(**changes)  # type: ignore[arg-type]


ROWS = [
    a_row(1),
    a_row(1, event_id="order-1b", order_id="o1", amount=500, topic="garden", item_id="pot"),
    a_row(5, "view"),
    a_row(11, amount=2500),
    a_row(12, "search", text="找 咖啡杯 电话13912345678", item_id=None, topic="kitchen_dining"),
    a_row(13, "review", text="还不错", rating=4),
    a_row(20, "cart_add", item_id="pan"),
    a_row(21, "refund"),
]


def known(rows: list[Row] | None = None) -> Known:
    return Known(ROWS if rows is None else rows, AS_OF, ZONE, TAXONOMY)


def a_claim(predicate: Predicate, value: float | None, evidence: list[str], **changes: object) -> Claim:
    base = {
        "claim_id": "k",
        "kind": ClaimKind.FACT,
        "predicate": predicate,
        "subject": "c",
        "value": value,
        "unit": Unit.COUNT,
        "as_of": AS_OF,
        "evidence": tuple(evidence),
    }
    return Claim.model_validate(base | changes)


def days(first: int, last: int) -> Period:
    start = datetime(2026, 2, 28, 16, tzinfo=UTC)
    instant = timedelta(microseconds=1)
    return Period(start=start + timedelta(days=first - 1) - instant, end=start + timedelta(days=last) - instant)


ORDERS = ["order-1", "order-1b", "order-11"]

RIGHT = {
    "first order": a_claim(Predicate.FIRST_ORDER, 1500, ORDERS[:2], at=ROWS[0].at, order_id="o1"),
    "last order": a_claim(Predicate.LAST_ORDER, 2500, ORDERS[2:], at=ROWS[3].at, order_id="o11"),
    "largest order": a_claim(Predicate.LARGEST_ORDER, 2500, ORDERS[2:], at=ROWS[3].at, order_id="o11"),
    "order count": a_claim(Predicate.ORDER_COUNT, 2, ORDERS),
    "order count in a period": a_claim(Predicate.ORDER_COUNT, 1, ORDERS[:2], period=days(1, 10)),
    "order value": a_claim(Predicate.ORDER_VALUE, 4000, ORDERS),
    "average": a_claim(Predicate.AVERAGE_ORDER_VALUE, 2000, ORDERS),
    "refunds": a_claim(Predicate.REFUND_VALUE, 1000, ["refund-21"]),
    "gap": a_claim(Predicate.USUAL_GAP, 10.0, ORDERS),
    "days since": a_claim(Predicate.DAYS_SINCE_LAST_ORDER, 20, ORDERS[2:], at=ROWS[3].at, order_id="o11"),
    "share": a_claim(Predicate.TOPIC_SHARE, 3500 / 4000, ["order-1", "order-11"], topic="kitchen_dining"),
    "interactions": a_claim(
        Predicate.TOPIC_INTERACTIONS,
        6,
        ["order-1", "view-5", "order-11", "search-12", "review-13", "cart_add-20"],
        topic="kitchen_dining",
    ),
    "item orders": a_claim(Predicate.ITEM_ORDERS, 2, ["order-1", "order-11"], item_id="mug"),
    "views": a_claim(Predicate.VIEW_COUNT, 1, ["view-5"]),
    "count change": a_claim(
        Predicate.ORDER_COUNT_CHANGE, 1, ORDERS, period=days(11, 20), compared_to=1, direction="flat"
    ),
    "value change": a_claim(
        Predicate.ORDER_VALUE_CHANGE, 2500, ORDERS, period=days(11, 20), compared_to=1500, direction="up"
    ),
    "carted": a_claim(Predicate.CARTED_NOT_BOUGHT, 1, ["cart_add-20"], item_id="pan", at=ROWS[6].at),
    "searched": a_claim(Predicate.SEARCHED, None, ["search-12"], quote="找 咖啡杯 电话[phone]", at=ROWS[4].at),
    "reviewed": a_claim(Predicate.REVIEWED, 4, ["review-13"], quote="还不错", at=ROWS[5].at),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_claim_has_no_fault(name: str) -> None:
    assert faults(RIGHT[name], known()) == []


@pytest.mark.parametrize("name", [n for n, claim in RIGHT.items() if claim.value is not None])
def test_a_wrong_value_is_caught(name: str) -> None:
    claim = RIGHT[name]
    assert faults(claim.model_copy(update={"value": (claim.value or 0) + 1}), known())


@pytest.mark.parametrize("name", RIGHT)
def test_evidence_that_is_not_the_claims_is_caught(name: str) -> None:
    claim = RIGHT[name]
    assert faults(claim.model_copy(update={"evidence": (*claim.evidence[:-1], "view-99")}), known())


@pytest.mark.parametrize("name", [n for n, claim in RIGHT.items() if claim.at is not None])
def test_a_wrong_moment_is_caught(name: str) -> None:
    assert faults(RIGHT[name].model_copy(update={"at": AS_OF}), known())


def test_a_wrong_direction_comparison_or_view_is_caught() -> None:
    claim = RIGHT["value change"]
    assert faults(claim.model_copy(update={"direction": "down"}), known())
    assert faults(claim.model_copy(update={"compared_to": 1}), known())
    assert faults(claim.model_copy(update={"as_of": AS_OF + timedelta(days=1)}), known())


def test_a_cart_that_was_bought_after_all_is_caught() -> None:
    bought = [*ROWS, a_row(22, item_id="pan")]
    assert faults(RIGHT["carted"], known(bought)) == ["the events support no such claim"]


def test_words_that_the_customer_never_wrote_are_caught() -> None:
    assert faults(RIGHT["reviewed"].model_copy(update={"quote": "很糟糕"}), known())


def test_a_quote_may_be_redacted_and_shortened_but_not_reordered() -> None:
    text = "请打 13912345678 联系我 好吗\n谢谢"
    assert quotes("请打 [phone] 联系我 好吗 谢谢", text)
    assert quotes("请打 [phone] 联系…", text)
    assert not quotes("联系我 [phone] 请打", text)
    assert not quotes("", text)


def test_a_query_ref_is_run_again_and_its_hash_compared() -> None:
    query = "kinds=order from=2026-02-28T16:00:00+00:00 to=2026-03-10T16:00:00+00:00"
    found = [row.event_id for row in run_query(query, ROWS)]
    assert found == ORDERS[:2]
    ref = QueryRef(query=query, count=2, hash=ids_hash(found))
    claim = a_claim(Predicate.ORDER_COUNT, 1, [], period=days(1, 10), query_ref=ref)
    assert faults(claim, known()) == []
    wrong = ref.model_copy(update={"hash": "0" * 16})
    assert len(faults(claim.model_copy(update={"query_ref": wrong}), known())) == 2


def test_a_query_may_name_topic_item_and_order() -> None:
    assert [r.event_id for r in run_query("kinds=order topic=garden", ROWS)] == ["order-1b"]
    assert [r.event_id for r in run_query("kinds=order,view item=mug", ROWS)] == ["order-1", "view-5", "order-11"]
    assert [r.event_id for r in run_query("kinds=order order=o1", ROWS)] == ORDERS[:2]
