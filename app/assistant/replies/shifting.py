"""Answers about changes of interest: whose, from what to what, since when, and which are frequent."""

from collections.abc import Iterator

from app.assistant.replies import links
from app.assistant.replies.parts import Parts, Question, expecting, joining, stating
from app.assistant.schemas import Table
from app.assistant.tools.shifting import SHOWN, FindShifts, FoundShifts, find_shifts
from app.narrative.schemas import ClaimKind, Sentence
from app.profile.segments.fields import value_name
from app.views import Move

_MOST = 100


def report(question: Question) -> Parts:
    """The customers who moved so, newest change first."""
    say, slots = question.say, question.slots
    asked = FindShifts(
        customer=slots.customer, topic=slots.topic, to_topic=slots.to_topic, period=slots.period,
        limit=min(slots.limit or SHOWN, _MOST),
    )  # fmt: skip
    found = find_shifts(question.pipeline, question.asking, say.lang, asked)
    first = question.say.customer(found.rows[0].name) if found.rows else ""
    key = "shifts.understood_one" if found.customer_id and first else "shifts.understood"
    head = joining(say(key, name=first) if key.endswith("_one") else say(key, which=_which(question)))
    if not found.rows:
        return Parts(
            sentences=(head, stating(say("shifts.none"), "shifts"), joining(say("shifts.how"))),
            links=(links.page(say, "shifts"),),
            suggestions=(say("ask.shifts"), say("ask.leaving")),
        )
    return Parts(
        sentences=(head, *_said(question, found)),
        tables=(_table(question, found), *_frequent(question, found)),
        links=(links.page(say, "shifts"), *links.customers(say, {m.customer_id: m.name for m in found.rows}.items())),
        suggestions=(say("ask.who_is", name=first), say("ask.when_next", name=first), say("ask.worked")),
    )


def _which(question: Question) -> str:
    say, slots = question.say, question.slots
    period = say.period(slots.period, question.asking.as_of)
    if slots.topic and slots.to_topic:
        way = say("shifts.from_to", a=say.topic(slots.topic), b=say.topic(slots.to_topic))
    elif slots.topic:
        way = say("shifts.from", a=say.topic(slots.topic))
    elif slots.to_topic:
        way = say("shifts.to", b=say.topic(slots.to_topic))
    else:
        way = say("shifts.any")
    return say("shifts.in", way=way, period=period) if period else way


def _said(question: Question, found: FoundShifts) -> Iterator[Sentence]:
    say = question.say
    if found.customer_id is None:
        key = "shifts.total" if found.turned == found.total else "shifts.total_some"
        yield stating(say(key, n=say.number(found.total), turned=say.number(found.turned)), "shifts")
    newest = found.rows[0]
    text = say(
        "shifts.newest", name=say.customer(newest.name), move=_move(question, newest), date=say.date(newest.shift.since)
    )
    yield stating(text, *newest.shift.evidence, kind=ClaimKind.CHANGE)
    reason = newest.shift.reason
    if newest.shift.to_topic and reason.visits:
        share = say.share(newest.shift.confidence)
        text = say(
            "shifts.because", n=say.number(reason.visits_to), of=say.number(reason.visits),
            topic=say.topic(newest.shift.to_topic), m=say.number(reason.before_to), before=say.number(reason.before),
            sure=share,
        )  # fmt: skip
        yield expecting(text, *newest.shift.evidence)
    if found.customer_id is None and len(found.ways) > 1 and found.ways[0].customers > 1:
        way = found.ways[0]
        move = _way(question, way.from_topic, way.to_topic)
        yield stating(say("shifts.frequent", move=move, n=say.number(way.customers)), "shifts")


def _move(question: Question, move: Move) -> str:
    return _way(question, move.shift.from_topic, move.shift.to_topic)


def _way(question: Question, from_topic: str | None, to_topic: str | None) -> str:
    say = question.say
    if from_topic and to_topic:
        return say("shifts.move", a=say.topic(from_topic), b=say.topic(to_topic))
    if to_topic:
        return say("shifts.emerging", b=say.topic(to_topic))
    return say("shifts.fading", a=say.topic(from_topic))


def _table(question: Question, found: FoundShifts) -> Table:
    say = question.say
    rows = tuple(
        (
            say.customer(move.name), _move(question, move), value_name("shift_kind", move.shift.kind, say.lang),
            say.date(move.shift.since), say.share(move.shift.confidence),
        )
        for move in found.rows
    )  # fmt: skip
    heads = tuple(say(f"columns.{name}") for name in ("customer", "move", "kind", "since", "sure"))
    paths = tuple(links.customer(say, move.customer_id, move.name).path for move in found.rows)
    return Table(title=say("shifts.table"), columns=heads, rows=rows, total=max(found.total, len(rows)), paths=paths)


def _frequent(question: Question, found: FoundShifts) -> Iterator[Table]:
    say = question.say
    if found.customer_id is None and len(found.ways) > 1:
        rows = tuple((_way(question, w.from_topic, w.to_topic), say.number(w.customers)) for w in found.ways)
        heads = (say("columns.move"), say("columns.customers"))
        yield Table(title=say("shifts.ways"), columns=heads, rows=rows, total=len(rows))
