"""Answers about groups: two side by side, one in numbers, the shop by class, what was ordered in some days."""

from collections.abc import Callable, Iterator

from app.assistant.replies import links
from app.assistant.replies.parts import Parts, Question, expecting, joining, segment_ref, stating
from app.assistant.schemas import Table
from app.assistant.tools.audience import Who, who_of
from app.assistant.tools.counting import (
    CompareSegments,
    Comparison,
    GroupNumbers,
    SegmentStats,
    Stats,
    Turnover,
    compare_segments,
    segment_stats,
)
from app.narrative.schemas import Sentence
from app.strategy.audiences.schemas import RfmMatrix

_CLOSE = 1.1
"""Numbers whose ratio is below this are told as much the same."""


def compare(question: Question) -> Parts:
    """Both groups in one table, and where they differ most."""
    say, slots = question.say, question.slots
    asked = CompareSegments(segment=slots.segment or "", other_segment=slots.other_segment or "")
    found = compare_segments(question.pipeline, question.asking, say.lang, asked)
    one, other = say.short(found.one.audience), say.short(found.other.audience)
    refs = tuple(segment_ref(group.audience.expression) for group in (found.one, found.other))
    head = joining(say("compare.understood", one=one, other=other))
    sizes = stating(
        say(
            "compare.sizes",
            one=one,
            other=other,
            n=say.number(found.one.customers),
            m=say.number(found.other.customers),
        ),
        *refs,
    )
    lines = list(_group_lines(question, found.one))
    others = [value for _, value in _group_lines(question, found.other)]
    rows = tuple((name, value, beside) for (name, value), beside in zip(lines, others, strict=True))
    return Parts(
        sentences=(head, sizes, *_differences(question, found, one, other, refs), *_overlap(question, found, refs)),
        tables=(
            Table(title=say("compare.table"), columns=(say("columns.what"), one, other), rows=rows, total=len(rows)),
        ),
        links=tuple(links.segment(say, group.audience.expression) for group in (found.one, found.other)),
        suggestions=(
            *say.ask_about("ask.worked_for", found.other.audience),
            *say.ask_about("ask.plan_for", found.other.audience),
            say("ask.classes"),
        ),
    )


def _differences(
    question: Question, found: Comparison, one: str, other: str, refs: tuple[str, ...]
) -> Iterator[Sentence]:
    say = question.say
    asked = (_ORDER_VALUE,) if question.slots.number == "average_order" else ()
    for key, number, show in (*asked, *_MEASURES):
        a, b = number(found.one), number(found.other)
        if a is None or b is None:
            continue
        values = {"a": show(question, a), "b": show(question, b), "one": one, "other": other}
        if min(a, b) <= 0 or max(a, b) / min(a, b) < _CLOSE:
            key = f"compare.{key}.same" if a == b or min(a, b) > 0 else f"compare.{key}.differ"
            yield stating(say(key, times="", **values), *refs)
            continue
        higher, lower = (one, other) if a > b else (other, one)
        times = say.number(round(max(a, b) / min(a, b), 1))
        text = say(f"compare.{key}.times", higher=higher, lower=lower, times=times, **values)
        yield stating(text, *refs)


_Measure = tuple[str, Callable[[GroupNumbers], float | None], Callable[[Question, float], str]]
_ORDER_VALUE: _Measure = (
    "order_value",
    lambda group: group.order_value,
    lambda question, n: question.say.money(n),
)
_MEASURES: tuple[_Measure, ...] = (
    ("spend", lambda group: group.spend_each, lambda question, n: question.say.money(n)),
    ("risk", lambda group: group.churn_risk, lambda question, n: question.say.share(n)),
)


def _overlap(question: Question, found: Comparison, refs: tuple[str, ...]) -> Iterator[Sentence]:
    if found.both:
        yield stating(question.say("compare.both", n=question.say.number(found.both)), *refs)


def stats(question: Question) -> Parts:
    """A group in numbers; the whole shop by class, and what was ordered in the period."""
    say, asking = question.say, question.asking
    found = segment_stats(question.pipeline, asking, say.lang, _asked(who_of(question.slots)))
    group, expression = found.group, found.group.audience.expression
    who = say.group(group.audience, asking.as_of, question.slots.period)
    head = joining(say("stats.understood", who=who) if found.turnover is None else _period(question, found.turnover))
    return Parts(
        sentences=(head, *_said(question, found)),
        tables=_tables(question, found),
        links=(links.segment(say, expression),),
        suggestions=(say("ask.leaving"), say("ask.compare"), say("ask.shifts")),
    )


def _asked(who: Who) -> SegmentStats:
    return SegmentStats(**who.model_dump())


def _period(question: Question, turnover: Turnover) -> str:
    return question.say("stats.understood_days", days=question.say.period(question.slots.period, question.asking.as_of))


def _said(question: Question, found: Stats) -> Iterator[Sentence]:
    say, group, ref = question.say, found.group, segment_ref(found.group.audience.expression)
    if found.turnover:
        yield from _turnover(question, found.turnover)
        return
    if not group.customers:
        yield stating(say("stats.nobody", of=say.number(group.of)), ref)
        return
    if question.slots.number == "average_order" and group.order_value is not None:
        yield stating(say("stats.order_value", value=say.money(group.order_value)), ref)
    if found.matrix:
        yield from _shop(question, group, found.matrix, ref)
    else:
        share = say.share(group.customers / group.of)
        yield stating(say("stats.size", n=say.number(group.customers), of=say.number(group.of), share=share), ref)
        spend, spent = say.money(group.spend_minor), say.share(group.spend_share)
        yield stating(say("stats.spend", spend=spend, share=spent), ref)
    if group.ltv_minor is not None and group.churn_risk is not None:
        ltv, leaving = say.estimate(group.ltv_minor), say.number(group.leaving)
        key = "stats.expected_only" if group.leaving == group.customers else "stats.expected"
        yield expecting(say(key, ltv=ltv, leaving=leaving), ref)
    if group.topics:
        named = say.every(say("stats.topic", name=say.topic(t.topic), n=say.number(t.customers)) for t in group.topics)
        yield stating(say("stats.topics", topics=named), ref)


def _shop(question: Question, group: GroupNumbers, matrix: RfmMatrix, ref: str) -> Iterator[Sentence]:
    say = question.say
    share = say.share(group.repeat_share or 0)
    buyers, n = say.number(group.buyers), say.number(group.customers)
    yield stating(say("stats.shop", n=n, buyers=buyers, spend=say.money(group.spend_minor), repeat=share), ref)
    known = [cell for cell in matrix.cells if cell.rfm_class is not None]
    if known and group.buyers:
        top = max(known, key=lambda cell: cell.spend_minor)
        text = say(
            "stats.top_class",
            name=say.rfm(top.rfm_class), n=say.number(top.customers), share=say.share(top.spend_share),
            of=say.share(top.share),
        )  # fmt: skip
        yield stating(text, ref)


def _turnover(question: Question, turnover: Turnover) -> Iterator[Sentence]:
    say, ref = question.say, f"orders:{turnover.first.isoformat()}..{turnover.last.isoformat()}"
    orders, value = say.number(turnover.orders), say.money(turnover.value_minor)
    buyers, newcomers = say.number(turnover.buyers), say.number(turnover.newcomers)
    if not turnover.orders:
        yield stating(say("stats.no_orders"), ref)
    else:
        yield stating(say("stats.orders", n=orders, value=value, buyers=buyers, newcomers=newcomers), ref)
    if turnover.known_before:
        before = say.money(turnover.value_before_minor)
        moved = "up" if turnover.value_minor > turnover.value_before_minor else "down"
        key = "same" if turnover.value_minor == turnover.value_before_minor else moved
        share = turnover.value_minor / turnover.value_before_minor - 1 if turnover.value_before_minor else None
        change = say.share(abs(share)) if share is not None else ""
        key = f"stats.before_{key}" if share is not None else "stats.before_none"
        orders = say.number(turnover.orders_before)
        yield stating(say(key, change=change, value=before, n=orders), ref)


def _tables(question: Question, found: Stats) -> tuple[Table, ...]:
    say = question.say
    if found.turnover:
        return ()
    if found.matrix:
        return (_classes(question, found.matrix),)
    rows = tuple(_group_lines(question, found.group))
    heads = (say("columns.what"), say("columns.value"))
    return (Table(title=say("stats.table"), columns=heads, rows=rows, total=len(rows)),)


def _classes(question: Question, matrix: RfmMatrix) -> Table:
    say = question.say
    rows = tuple(
        (
            say.rfm(cell.rfm_class), say.number(cell.customers), say.share(cell.share), say.money(cell.spend_minor),
            say.share(cell.spend_share), say.maybe_money(cell.ltv_minor),
        )
        for cell in matrix.cells
    )  # fmt: skip
    names = ("rfm_class", "customers", "share", "spend", "spend_share", "ltv")
    return Table(
        title=say("stats.classes"), columns=tuple(say(f"columns.{n}") for n in names), rows=rows, total=len(rows)
    )


def _group_lines(question: Question, group: GroupNumbers) -> Iterator[tuple[str, str]]:
    say = question.say

    def known(value: float | None) -> str:
        return say("unknown") if value is None else say.number(round(value, 1))

    yield say("columns.customers"), say.number(group.customers)
    yield say("columns.share"), say.share(group.customers / group.of if group.of else 0)
    yield say("columns.spend"), say.money(group.spend_minor)
    yield say("columns.spend_share"), say.share(group.spend_share)
    yield say("columns.spend_each"), say("unknown") if group.spend_each is None else say.money(group.spend_each)
    yield say("columns.orders_each"), known(group.orders_each)
    yield say("columns.order_value"), say("unknown") if group.order_value is None else say.money(group.order_value)
    yield say("columns.repeat"), say.maybe_share(group.repeat_share)
    yield say("columns.ltv_each"), say.maybe_money(group.ltv_each)
    yield say("columns.risk_mean"), say.maybe_share(group.churn_risk)
    yield say("columns.leaving"), say.number(group.leaving)
    yield say("columns.days_since"), known(group.days_since_order)
    yield say("columns.discounts"), say.maybe_share(group.discount_share)
    for channel, n in group.reachable.items():
        yield say("columns.consent", channel=say.channel(channel)), say.number(n)
    yield say("columns.topics"), say.every(say.topic(topic.topic) for topic in group.topics) or say("none")
