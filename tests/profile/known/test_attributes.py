"""The ladder of authority, rejections that last, and what is never written down."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.intake import Accepted, accept
from app.events.schemas import OUR_SOURCE, Event
from app.profile.known.attributes import MAX_TOMBSTONES, Attributes, note, view
from app.profile.known.ladder import MAX_NAMES
from app.profile.schemas import Attribute, Authority, Tombstone
from app.profile.seen import Context, Visit, look
from app.text.taxonomy import Taxonomy
from tests.factories import SHANGHAI, START, a_history, an_accepted, an_incoming, an_intake

AS_OF = START + timedelta(days=50)


def traits(day: float, source: str = "web", /, **said: Any) -> Accepted:
    verified = {"verified": said.pop("verified")} if "verified" in said else {}
    properties = {"traits": said} | verified
    return accept(an_incoming("identify", day, properties=properties), an_intake(source))


def correction(day: float, attribute: str, value: str | None = None, action: str = "set", **more: Any) -> Accepted:
    properties = {"attribute": attribute, "value": value, "action": action, "by": "customer", **more}
    return an_accepted("correction", day, properties=properties)


def inference(day: float, name: str = "infant_at_home", value: str = "可能有宝宝", **more: Any) -> Accepted:
    said = {"name": name, "value": value, "quote": "宝宝辅食", "confidence": 0.7, "model": "m", "evidence": ["e1"]}
    return accept(an_incoming("inference_recorded", day, properties=said | more), an_intake(OUR_SOURCE))


def folded(taxonomy: Taxonomy, *accepted: Accepted) -> Attributes:
    part, visit, context = Attributes(), Visit(), Context(taxonomy, SHANGHAI, {}, {})
    for event in a_history(*accepted).events:
        note(part, look(visit, event, context), context)
    return part


def known(
    taxonomy: Taxonomy, *accepted: Accepted, as_of: datetime = AS_OF
) -> tuple[dict[str, Attribute], tuple[Tombstone, ...]]:
    attributes, tombstones = view(folded(taxonomy, *accepted), as_of)
    return {attribute.name: attribute for attribute in attributes}, tombstones


def test_a_correction_wins_over_everything_whenever_it_was_said(taxonomy: Taxonomy) -> None:
    found, _ = known(
        taxonomy, correction(1, "city", "上海"), traits(2, city="北京", verified=True), traits(3, city="杭州")
    )
    assert (found["city"].value, found["city"].authority) == ("上海", Authority.CORRECTION)


def test_a_verified_source_wins_over_a_newer_word_that_is_not(taxonomy: Taxonomy) -> None:
    found, _ = known(taxonomy, traits(1, "crm", city="北京", verified=True), traits(2, city="杭州"))
    assert (found["city"].value, found["city"].source, found["city"].authority) == ("北京", "crm", Authority.VERIFIED)


def test_a_source_may_declare_single_traits_as_verified(taxonomy: Taxonomy) -> None:
    found, _ = known(taxonomy, traits(1, city="北京", tier="gold", verified=["tier"]))
    assert [found[name].authority for name in ("city", "tier")] == [Authority.BEHAVIOUR, Authority.VERIFIED]


def test_among_equals_the_newest_wins_however_the_events_arrive(taxonomy: Taxonomy) -> None:
    found, _ = known(taxonomy, traits(5, city="成都"), traits(1, city="北京"))
    assert found["city"].value == "成都"


def test_an_inference_is_the_last_to_be_believed_and_says_what_it_is(taxonomy: Taxonomy) -> None:
    found, _ = known(taxonomy, traits(1, city="北京"), inference(2, "city", "可能在上海"), inference(3))
    assert (found["city"].value, found["city"].inferred) == ("北京", False)
    infant = found["infant_at_home"]
    assert (infant.inferred, infant.quote, infant.confidence, infant.source) == (True, "宝宝辅食", 0.7, "m")
    assert infant.evidence[0] == "e1"
    assert len(infant.evidence) == 2


def test_withdrawing_a_correction_shows_the_next_best(taxonomy: Taxonomy) -> None:
    said = [traits(1, city="北京", verified=True), correction(2, "city", "上海")]
    found, _ = known(taxonomy, *said, correction(3, "city", action="withdraw"))
    assert (found["city"].value, found["city"].authority) == ("北京", Authority.VERIFIED)


def test_a_correction_without_a_value_hides_the_attribute(taxonomy: Taxonomy) -> None:
    found, _ = known(taxonomy, traits(1, city="北京"), correction(2, "city", None))
    assert "city" not in found


@pytest.mark.parametrize("value", [None, "可能有宝宝"])
def test_a_rejected_inference_stays_away_whatever_is_recorded_before_and_after(
    taxonomy: Taxonomy, value: str | None
) -> None:
    rejected = correction(3, "infant_at_home", value, "reject")
    found, tombstones = known(taxonomy, inference(1), inference(2), rejected, inference(4), inference(9))
    assert "infant_at_home" not in found
    assert [(t.name, t.value, t.by) for t in tombstones] == [("infant_at_home", value, "customer")]
    late, _ = known(taxonomy, rejected, inference(1))
    assert "infant_at_home" not in late


def test_rejecting_one_value_shows_the_inference_before_it(taxonomy: Taxonomy) -> None:
    one, other = inference(1, "plan:travel", "可能去海边"), inference(2, "plan:travel", "可能去滑雪")
    found, _ = known(taxonomy, one, other, correction(3, "plan:travel", "可能 去滑雪", "reject"))
    assert found["plan:travel"].value == "可能去海边"


def test_rejecting_leaves_facts_alone(taxonomy: Taxonomy) -> None:
    found, _ = known(taxonomy, traits(1, city="北京"), inference(2, "city", "x"), correction(3, "city", None, "reject"))
    assert found["city"].value == "北京"


def test_an_inference_is_told_only_as_long_as_it_may(taxonomy: Taxonomy) -> None:
    short = inference(1, "plan:travel", "可能去海边", memory_days=30)
    assert "plan:travel" in known(taxonomy, short, as_of=START + timedelta(days=30))[0]
    assert "plan:travel" not in known(taxonomy, short, as_of=START + timedelta(days=32))[0]


def test_no_inference_is_surer_than_nine_in_ten(taxonomy: Taxonomy) -> None:
    found, _ = known(taxonomy, inference(1, confidence=1.0))
    assert found["infant_at_home"].confidence == 0.9


def test_every_attribute_names_its_newest_events_in_order(taxonomy: Taxonomy) -> None:
    said = [traits(day, city="北京", n=day) for day in range(7)]
    found, _ = known(taxonomy, *said)
    assert found["city"].evidence == tuple(accepted.event.event_id for accepted in said[-4:])
    assert found["n"].evidence == (said[-1].event.event_id,)


SENSITIVE = [
    ("status", "pregnant"), ("isPregnant", "yes"), ("note", "确诊糖尿病"), ("宗教", "佛教徒"), ("age", "14"),
    ("age", 9), ("birthday", "2015-03-01"), ("is_minor", "true"), ("生日", "2014年5月1日"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), SENSITIVE)
def test_nothing_sensitive_is_written_whoever_says_so(taxonomy: Taxonomy, name: str, value: str | int) -> None:
    part = folded(
        taxonomy,
        traits(1, **{name: value}),
        traits(2, "crm", verified=True, **{name: value}),
        correction(3, name, str(value)),
        inference(4, name, str(value)),
    )
    assert part == Attributes()


def test_an_inference_with_a_sensitive_quote_is_not_written(taxonomy: Taxonomy) -> None:
    assert folded(taxonomy, inference(1, quote="孕期吃什么")) == Attributes()


@pytest.mark.parametrize(("name", "value"), [("age", "34"), ("birthday", "1990-03-01"), ("child_age", "2")])
def test_grown_up_customers_and_what_they_say_of_their_household_are_kept(
    taxonomy: Taxonomy, name: str, value: str
) -> None:
    assert known(taxonomy, traits(1, **{name: value}))[0][name].value == value


def test_personal_numbers_are_redacted_and_odd_values_left_out(taxonomy: Taxonomy) -> None:
    found, _ = known(taxonomy, traits(1, note="打 13812345678", tags=["a"], deep={"a": 1}, points=7))
    assert {name: a.value for name, a in found.items()} == {"note": "打 [phone]", "points": "7"}


def test_social_ties_are_counted_with_their_events(taxonomy: Taxonomy) -> None:
    ties = [an_accepted("follow", 1), an_accepted("referral", 2), an_accepted("referral", 3), an_accepted("share", 4)]
    found, _ = known(taxonomy, *ties)
    assert {name: a.value for name, a in found.items()} == {
        "follows_shop": "true", "referred_friends": "2", "shared_posts": "1",
    }  # fmt: skip
    assert found["referred_friends"].evidence == (ties[1].event.event_id, ties[2].event.event_id)
    left, _ = known(taxonomy, *ties, an_accepted("follow", 9, properties={"action": "unfollow"}))
    assert left["follows_shop"].value == "false"


@pytest.mark.parametrize(
    "properties", [{}, {"attribute": 3}, {"attribute": "city", "value": ["x"]}, {"attribute": " "}]
)
def test_a_correction_that_cannot_be_read_changes_nothing(taxonomy: Taxonomy, properties: dict[str, Any]) -> None:
    assert folded(taxonomy, an_accepted("correction", 1, properties=properties)) == Attributes()


def test_beyond_the_bound_the_least_authoritative_and_oldest_give_way(taxonomy: Taxonomy) -> None:
    kept = [traits(0, verified=True, member="gold"), correction(0.1, "city", "上海"), inference(0.2, "plan:x", "maybe")]
    found, _ = known(
        taxonomy, *kept, *(traits(1 + n, **{f"trait{n}": n}) for n in range(100)), as_of=AS_OF + timedelta(99)
    )
    assert len(found) == MAX_NAMES
    assert {"member", "city", "trait99"} <= found.keys()
    assert not {"plan:x", "trait0"} & found.keys()


def test_who_rejects_without_end_gets_no_inferences_any_more(taxonomy: Taxonomy) -> None:
    many = [correction(n / 100, f"guess{n}", None, "reject") for n in range(MAX_TOMBSTONES + 1)]
    part = folded(taxonomy, *many, inference(20))
    assert not part.said
    assert sum(map(len, part.graves.values())) == MAX_TOMBSTONES


def test_note_says_which_attributes_got_another_value(taxonomy: Taxonomy) -> None:
    part, visit, context = Attributes(), Visit(), Context(taxonomy, SHANGHAI, {}, {})
    steps: Sequence[Accepted] = (
        traits(1, city="北京", tier="a"), traits(2, city="北京"), correction(3, "city", "上海"), traits(4, city="广州"),
        correction(5, "city", action="withdraw"),
    )  # fmt: skip
    codes = [note(part, look(visit, a.event, context), context) for a in steps]
    assert codes == [("city", "tier"), (), ("city",), (), ("city",)]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["trait", "verified", "set", "withdraw", "reject", "inference", "share"]),
        st.sampled_from(["city", "plan:travel", "tier"]),
        st.sampled_from(["a", "b", "c"]),
    ),
    max_size=25,
)


def _step(n: int, what: str, name: str, value: str) -> Accepted:
    if what in ("trait", "verified"):
        return traits(n / 10, verified=what == "verified", **{name: value})
    if what == "inference":
        return inference(n / 10, name, value)
    if what == "share":
        return an_accepted("share", n / 10)
    return correction(n / 10, name, value if what != "withdraw" else None, what)


@given(steps=STEPS, cut=st.integers(0, 25))
def test_a_state_that_was_stored_on_the_way_folds_on_to_the_same_bytes(
    taxonomy: Taxonomy, steps: list[tuple[str, str, str]], cut: int
) -> None:
    events = a_history(*(_step(n, *step) for n, step in enumerate(steps))).events
    whole = _advanced(Attributes(), events, taxonomy)
    stored = msgspec.msgpack.decode(
        msgspec.msgpack.encode(_advanced(Attributes(), events[:cut], taxonomy)), type=Attributes
    )
    assert msgspec.msgpack.encode(_advanced(stored, events[cut:], taxonomy)) == msgspec.msgpack.encode(whole)


@given(steps=STEPS)
def test_the_ladder_holds_for_any_history(taxonomy: Taxonomy, steps: list[tuple[str, str, str]]) -> None:
    found, _ = known(taxonomy, *(_step(n, *step) for n, step in enumerate(steps)))
    for name, attribute in found.items():
        last = {what: n for n, (what, about, _) in enumerate(steps) if about == name}
        if last.get("set", -1) > last.get("withdraw", -1):
            assert attribute.authority == Authority.CORRECTION
            assert attribute.value == steps[last["set"]][2]
        elif "verified" in last:
            assert attribute.authority == Authority.VERIFIED
            assert attribute.value == steps[last["verified"]][2]
        if attribute.inferred:
            buried = {value for what, about, value in steps if what == "reject" and about == name}
            assert attribute.value not in buried


def _advanced(part: Attributes, events: Sequence[Event], taxonomy: Taxonomy) -> Attributes:
    context = Context(taxonomy, SHANGHAI, {}, {})
    for event in events:
        note(part, look(Visit(), event, context), context)
    return part
