from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.events.intake import Accepted
from app.narrative.asked import Asked
from app.narrative.ground import ground
from app.narrative.measures import recompute, state
from app.narrative.schemas import MAX_EVIDENCE, Claim, ClaimKind, Predicate
from app.text.taxonomy import Taxonomy
from tests.factories import ITEMS, a_book, an_accepted, an_order
from tests.factories_claims import chosen, grounded, told

MONTHLY = [an_order(30 * n, 100 + n, f"o{n}") for n in range(6)]


def by_predicate(claims: tuple[Claim, ...]) -> dict[str, Claim]:
    return {claim.predicate: claim for claim in claims}


def test_a_regular_customer_is_told_with_count_value_and_rhythm(taxonomy: Taxonomy) -> None:
    claims = by_predicate(told(a_book(taxonomy, *MONTHLY, day=160)))
    assert claims["order_count"].value == 6
    assert claims["order_value"].value == sum(10000 + 100 * n for n in range(6))
    assert claims["usual_gap"].value == 30
    assert claims["days_since_last_order"].value == 10
    assert claims["topic_share"].value == 1.0


WRITTEN = ["search", "review", "support_message"]
KINDS = ["order", "view", "cart_add", "cart_remove", *WRITTEN, "refund", "session", "media"]
SAID = ["给宝宝买的", "三亚 带娃", "太贵了，不想再买", "milk for the baby", "我怀孕了"]


@st.composite
def histories(draw: st.DrawFn) -> list[Accepted]:
    """Events at a few moments, so that many share one and lines of several orders interleave."""
    moments = draw(st.lists(st.integers(0, 199 * 48), min_size=1, max_size=12))
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(moments),
                st.sampled_from(KINDS),
                st.sampled_from([*ITEMS, None]),
                st.integers(0, 500_00),
                st.sampled_from([None, *(f"o{n}" for n in range(14))]),
                st.sampled_from(SAID),
            ),
            max_size=60,
        )
    )
    return [
        an_accepted(
            kind,
            moment / 48,
            item_id=item,
            amount_minor=amount if kind in ("order", "refund") else None,
            order_id=order if kind in ("order", "refund") else None,
            text=text if kind in WRITTEN else None,
            properties={"rating": amount % 5 + 1} if kind == "review" else {},
            message_id=f"m{n}",
        )
        for n, (moment, kind, item, amount, order, text) in enumerate(rows)
    ]


@settings(max_examples=200)
@given(events=histories(), day=st.floats(199, 420))
def test_every_claim_of_the_state_is_what_the_events_say_and_cites_known_ones(
    taxonomy: Taxonomy, events: list[Accepted], day: float
) -> None:
    book = a_book(taxonomy, *events, day=day)
    claims, dropped = grounded(book)
    assert dropped == ()
    for claim in claims:
        assert recompute(claim, book) == claim
        assert set(claim.evidence) <= set(book.by_id)
        assert claim.evidence or (claim.query_ref and claim.query_ref.hash)


def test_a_claim_that_the_events_give_otherwise_is_dropped_with_a_reason(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, *MONTHLY)
    claims = chosen(book)
    wrong = [claim.model_copy(update={"value": 77}) for claim in claims if claim.predicate is Predicate.ORDER_COUNT]
    assert [reason for _, reason in ground(wrong, book).dropped] == ["its value is not what the events give"]
    assert ground(claims, a_book(taxonomy)).claims == ()


def test_more_evidence_than_fits_becomes_a_query(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, *(an_order(n, 10, f"o{n}") for n in range(MAX_EVIDENCE + 1)))
    claim = state(book, Predicate.ORDER_COUNT, Asked(period=book.all_time))
    assert claim is not None
    assert claim.query_ref is not None
    assert (claim.query_ref.count, claim.evidence) == (MAX_EVIDENCE + 1, ())


def test_a_wrong_foreign_or_misdated_claim_does_not_survive_recomputation(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, *MONTHLY)
    claim = state(book, Predicate.ORDER_COUNT, Asked(period=book.all_time))
    assert claim is not None
    assert recompute(claim.model_copy(update={"value": 7}), book) == claim
    assert recompute(claim.model_copy(update={"subject": "c_2"}), book) is None
    assert recompute(claim.model_copy(update={"as_of": claim.as_of + timedelta(days=1)}), book) is None
    assert recompute(claim.model_copy(update={"predicate": Predicate.LTV}), book) is None


def test_a_claim_with_parameters_that_its_predicate_does_not_measure_is_refused(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, *MONTHLY)
    first = state(book, Predicate.FIRST_ORDER)
    assert first is not None
    assert recompute(first.model_copy(update={"topic": "pets"}), book) is None
    assert state(book, Predicate.TOPIC_SHARE, Asked(period=book.all_time)) is None
    assert state(book, Predicate.ORDER_COUNT, Asked(period=book.all_time, item_id="milk")) is None


def test_a_cart_is_open_only_while_nothing_was_bought(taxonomy: Taxonomy) -> None:
    carted = [an_accepted("cart_add", day, item_id="cream") for day in (185, 190)]
    open_cart = by_predicate(told(a_book(taxonomy, *carted)))["carted_not_bought"]
    assert open_cart.value == 2
    bought = a_book(taxonomy, *carted, an_order(195, 300, "o", "cream"))
    assert "carted_not_bought" not in by_predicate(told(bought))


def test_changes_compare_equal_windows_and_wait_for_a_whole_earlier_one(taxonomy: Taxonomy) -> None:
    falling = [an_order(day, 100, f"o{day}") for day in (5, 30, 60, 80, 100, 195)]
    claim = by_predicate(told(a_book(taxonomy, *falling)))["order_count_change"]
    assert (claim.value, claim.compared_to, claim.direction) == (1, 4, "down")
    young = [an_order(day, 100, f"o{day}") for day in (60, 80, 195)]
    assert "order_count_change" not in by_predicate(told(a_book(taxonomy, *young)))


def test_an_inference_is_hedged_quoted_and_marked(taxonomy: Taxonomy) -> None:
    claims = told(a_book(taxonomy, an_accepted("search", 190, text="宝宝辅食添加顺序")))
    claim = next(claim for claim in claims if claim.reading == "infant_at_home")
    assert (claim.kind, claim.reading, claim.quote) == (ClaimKind.INFERENCE, "infant_at_home", "宝宝辅食添加顺序")
    assert claim.confidence is not None
    assert claim.confidence < 1


def test_sensitive_words_and_contact_data_are_not_quoted(taxonomy: Taxonomy) -> None:
    secret = an_accepted("support_message", 190, text="我怀孕了，什么时候发货")
    assert "support_contact" not in by_predicate(told(a_book(taxonomy, secret)))
    phone = an_accepted("support_message", 191, text="打我电话13912345678谢谢")
    quote = by_predicate(told(a_book(taxonomy, phone)))["support_contact"].quote
    assert quote is not None
    assert "13912345678" not in quote


def test_an_empty_history_has_nothing_to_tell(taxonomy: Taxonomy) -> None:
    assert told(a_book(taxonomy)) == ()


def test_reviews_carry_their_rating(taxonomy: Taxonomy) -> None:
    book = a_book(taxonomy, an_accepted("review", 190, text="一般般", properties={"rating": 2}))
    assert by_predicate(told(book))["reviewed"].value == pytest.approx(2)


def test_a_cart_item_that_was_taken_out_again_is_not_an_open_cart(taxonomy: Taxonomy) -> None:
    carted, removed = an_accepted("cart_add", 185, item_id="cream"), an_accepted("cart_remove", 186, item_id="cream")
    assert "carted_not_bought" not in by_predicate(told(a_book(taxonomy, carted, removed)))
    again = an_accepted("cart_add", 190, item_id="cream")
    assert by_predicate(told(a_book(taxonomy, carted, removed, again)))["carted_not_bought"].value == 2


def test_one_basket_is_no_trend_and_silence_is_told_once(taxonomy: Taxonomy) -> None:
    early = [an_accepted("view", day, item_id="milk", message_id=f"v{day}") for day in range(5, 17)]
    one_day = [an_accepted("view", 195, item_id="cream", message_id=f"c{n}") for n in range(9)]
    found = by_predicate(told(a_book(taxonomy, *early, *one_day)))
    assert "topic_change" not in found
    spread = [an_accepted("view", 190 + n, item_id="cream", message_id=f"c{n}") for n in range(9)]
    assert by_predicate(told(a_book(taxonomy, *early, *spread)))["topic_change"].topic == "skincare"
    active_then = [an_accepted("view", 30 + n, item_id="milk", message_id=f"s{n}") for n in range(60)]
    assert "topic_change" not in by_predicate(told(a_book(taxonomy, *active_then)))


def test_a_review_of_a_trip_that_is_over_is_no_plan_for_one(taxonomy: Taxonomy) -> None:
    reviewed = an_accepted("review", 190, text="拿去三亚刚好用上")
    searched = an_accepted("search", 190, text="三亚 带娃")
    assert "intent" not in by_predicate(told(a_book(taxonomy, reviewed)))
    assert by_predicate(told(a_book(taxonomy, searched)))["intent"].reading == "warm_trip"


def test_a_reading_that_was_rejected_is_neither_told_nor_believed(taxonomy: Taxonomy) -> None:
    searched = an_accepted("search", 190, text="三亚 带娃")
    said = {"attribute": "warm_trip", "value": taxonomy.readings["warm_trip"].zh, "action": "reject"}
    book = a_book(taxonomy, searched, an_accepted("correction", 191, properties=said))
    before = by_predicate(told(a_book(taxonomy, searched)))["intent"]
    assert "intent" not in by_predicate(chosen(book))
    assert recompute(before.model_copy(update={"as_of": book.as_of}), book) is None
    withdrawn = an_accepted("correction", 191, properties=said | {"action": "withdraw"})
    assert "intent" in by_predicate(told(a_book(taxonomy, searched, withdrawn)))


def test_a_favourite_was_bought_on_several_days_and_not_long_ago(taxonomy: Taxonomy) -> None:
    same_day = [an_order(190, 10, f"o{n}") for n in range(5)]
    assert "item_orders" not in by_predicate(told(a_book(taxonomy, *same_day)))
    long_ago = [an_order(n, 10, f"o{n}") for n in range(5)]
    assert "item_orders" not in by_predicate(told(a_book(taxonomy, *long_ago)))
    assert by_predicate(told(a_book(taxonomy, *MONTHLY)))["item_orders"].value == 6


def test_what_was_bought_in_one_order_is_no_favourite(taxonomy: Taxonomy) -> None:
    one = [an_accepted("order", 180 + n, item_id="milk", amount_minor=900, order_id="o1") for n in range(4)]
    assert "item_orders" not in by_predicate(told(a_book(taxonomy, *one)))
    two = an_order(190, 9, "o2", "milk")
    assert by_predicate(told(a_book(taxonomy, *one, two)))["item_orders"].value == 2
