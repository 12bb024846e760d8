"""Answers to "when and how": the best moment on each open channel, for one customer or for a group."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from app.assistant.replies import links
from app.assistant.replies.parts import Parts, Question, expecting, joining, segment_ref, stating
from app.assistant.schemas import Table
from app.assistant.tools.audience import who_of
from app.assistant.tools.reaching_out import (
    ChannelMoment,
    CustomerReach,
    GroupReach,
    ReachCustomer,
    ReachGroup,
    reach_customer,
    reach_group,
)
from app.narrative.schemas import Sentence
from app.profile.segments.fields import value_name
from app.retrieval.schemas import Channel
from app.viewing import names_of

K = TypeVar("K")
_MATTERS = 0.15
"""How far an answer rate must be from the usual to be told."""


def reach(question: Question) -> Parts:
    """One customer where one is meant, else a group."""
    one = question.one()
    return _customer(question, one) if one else _group(question)


def _customer(question: Question, ref: str) -> Parts:
    say, slots = question.say, question.slots
    asked = ReachCustomer(customer=ref, channel=slots.channel)
    found = reach_customer(question.pipeline, question.asking, say.lang, asked)
    names = names_of(question.pipeline.identity, question.asking.workspace.workspace_id, [found.customer_id])
    name = say.customer(names.get(found.customer_id, found.customer_id))
    how = say("reach.via", channel=say.channel(slots.channel)) if slots.channel else say("reach.anyhow")
    head = joining(say("reach.understood", name=name, how=how))
    page = links.customer(say, found.customer_id, name)
    if found.suppressed:
        text = stating(say("reach.suppressed"), f"customer:{found.customer_id}")
        return Parts(sentences=(head, text), links=(page,), suggestions=(say("ask.who_is", name=name),))
    return Parts(
        sentences=(head, *_best(question, found), *_habit(question, found)),
        tables=(_ways(question, found),),
        links=(page,),
        suggestions=(say("ask.what_to_do", name=name), say("ask.when_next", name=name)),
    )


def _best(question: Question, found: CustomerReach) -> Iterator[Sentence]:
    say, ref, wanted = question.say, f"customer:{found.customer_id}", question.slots.channel
    best = next((way for way in found.ways if way.open and way.channel is not Channel.ONSITE), None)
    first = found.ways[0]
    if wanted and not first.open:
        yield stating(say("reach.capped" if first.agreed else "reach.closed", channel=say.channel(wanted)), ref)
    if best is None or best.at is None:
        yield stating(say("reach.none_open"), ref)
        return
    key = "reach.instead" if wanted and not first.open else "reach.best"
    yield expecting(say(key, channel=say.channel(best.channel), at=say.moment(best.at)), ref)
    if best.habit:
        yield stating(say(f"reach.habits.{best.habit}", hour=_hour(best.peak_hour)), ref)
    if best.answers is not None and abs(best.answers - 1) >= _MATTERS:
        key = "reach.answers_more" if best.answers > 1 else "reach.answers_less"
        yield expecting(say(key, channel=say.channel(best.channel), times=say.number(round(best.answers, 1))), ref)


def _hour(hour: int | None) -> str:
    return "" if hour is None else f"{hour}:00"


def _habit(question: Question, found: CustomerReach) -> Iterator[Sentence]:
    say, rhythm = question.say, found.rhythm
    visits = sum(rhythm.hours)
    if rhythm.usual_hour is None or rhythm.usual_weekday is None:
        yield stating(say("reach.no_habit", n=say.number(visits)), f"customer:{found.customer_id}")
        return
    hour, weekday = f"{rhythm.usual_hour}:00", say.weekday(rhythm.usual_weekday)
    text = say("reach.habit", hour=hour, weekday=weekday, n=say.number(visits))
    yield stating(text, f"customer:{found.customer_id}")


def _ways(question: Question, found: CustomerReach) -> Table:
    say = question.say
    rows = tuple((say.channel(way.channel), _standing(question, way), _moment(question, way)) for way in found.ways)
    heads = tuple(say(f"columns.{name}") for name in ("channel", "standing", "moment"))
    return Table(title=say("reach.table"), columns=heads, rows=rows, total=len(rows))


def _standing(question: Question, way: ChannelMoment) -> str:
    if way.open:
        return question.say("reach.open")
    return question.say("reach.full" if way.agreed else "reach.no_consent")


def _moment(question: Question, way: ChannelMoment) -> str:
    say = question.say
    if way.at is None:
        return say("none")
    return say("reach.next_visit") if way.channel is Channel.ONSITE else say.moment(way.at)


def _group(question: Question) -> Parts:
    say, asking = question.say, question.asking
    found = reach_group(question.pipeline, asking, say.lang, ReachGroup(**who_of(question.slots).model_dump()))
    who = say.group(found.audience, asking.as_of)
    return Parts(
        sentences=(joining(say("reach.understood_group", who=who)), *_group_said(question, found)),
        tables=(_channels(question, found),) if found.customers else (),
        links=(links.segment(say, found.audience.expression),),
        suggestions=(*say.ask_about("ask.plan_for", found.audience), say("ask.worked")),
    )


def _group_said(question: Question, found: GroupReach) -> Iterator[Sentence]:
    say, ref = question.say, segment_ref(found.audience.expression)
    if not found.customers:
        yield stating(say("stats.nobody", of="0"), ref)
        return
    channel = question.slots.channel
    if channel and channel in found.reachable:
        n = found.reachable[channel]
        text = say(
            "reach.agreed_on", n=say.number(n), channel=say.channel(channel), share=say.share(n / found.customers)
        )
        yield stating(text, ref)
    elif any(found.reachable.values()):
        best = _most(found.reachable)
        n = found.reachable[best]
        text = say("reach.widest", n=say.number(n), channel=say.channel(best), share=say.share(n / found.customers))
        yield stating(text, ref)
    else:
        yield stating(say("reach.nobody_agreed"), ref)
    if found.hours and found.weekdays:
        hour, weekday = _most(found.hours), _most(found.weekdays)
        known = sum(found.hours.values())
        text = say(
            "reach.group_habit", hour=f"{hour}:00", weekday=value_name("weekday", weekday, say.lang),
            n=say.number(known),
        )  # fmt: skip
        yield stating(text, ref)
        yield joining(say("reach.each_own"))


def _most(counts: Mapping[K, int]) -> K:
    return max(counts, key=lambda key: (counts[key], str(key)))


def _channels(question: Question, found: GroupReach) -> Table:
    say = question.say
    rows = tuple(
        (say.channel(channel), say.number(n), say.share(n / found.customers)) for channel, n in found.reachable.items()
    )
    heads = tuple(say(f"columns.{name}") for name in ("channel", "customers", "share"))
    return Table(title=say("reach.table_group"), columns=heads, rows=rows, total=len(rows))
