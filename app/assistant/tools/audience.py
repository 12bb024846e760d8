"""Whom a question means, as a segment expression: the same one that /segments shows, counts and exports."""

from collections.abc import Iterator
from typing import Literal, get_args

from app.assistant.asking import Asking
from app.assistant.schemas import Slots
from app.assistant.tools.periods import span_of
from app.assistant.tools.unknown import Unknown
from app.assistant.wording import wording
from app.errors import InvalidInput, NotFound
from app.pipeline import Pipeline
from app.profile.schemas import RfmClass
from app.profile.segments.fields import key_of, shipped_names
from app.profile.stages import Stage
from app.retrieval.schemas import Channel
from app.schema import Frozen, Lang

LEAVING = "churn_risk >= 60%"
"""The churn risk from which somebody is drifting away."""
EVERYBODY = "events >= 0"
NO_ORDER = "no_order"
"""How a period is named in which nothing was ordered."""
_VALUES = {"high": "monetary_score >= 4", "medium": "monetary_score = 3", "low": "monetary_score <= 2"}
"""Fifths of the buyers by what they spent."""
_INTERESTED = "20%"
"""Share of somebody's interest from which they count as interested in a topic."""
_NAMED: tuple[Literal["value", "state"], ...] = ("value", "state")
_LANGS: tuple[Lang, ...] = get_args(Lang)
_PREFIXES = ("value", "state", "topic")
"""What a comparison may name a group by, as in `value:high`."""

TermKind = Literal["value", "state", "topic", "rfm", "saved", "expression", "channel", "period", "everybody"]


class Who(Frozen):
    """Customers, as a question may name them; what is absent does not filter."""

    segment: str | None = None
    """One of the eight RFM classes by id or name, a saved segment by name, or a segment expression."""
    value: Literal["high", "medium", "low"] | None = None
    """By what they spent: the upper two fifths of the buyers, the middle one, the lower two."""
    state: Literal["leaving"] | Stage | None = None
    """`leaving` is drifting away: a churn risk of 60% or more."""
    topic: str | None = None
    """A topic that makes up a fifth of their interest or more."""
    channel: Channel | None = None
    """A channel on which they agreed to be written to."""
    period: str | None = None
    """Past days: this_week, last_30_days, 2026-03, 2026-03-01..2026-03-15 and the like."""
    without_order: bool | None = None
    """Whether those are meant who have ordered before that period and not since it began."""


class Term(Frozen):
    """One condition, to be put into words."""

    kind: TermKind
    name: str = ""


class Audience(Frozen):
    """Who is meant."""

    expression: str
    terms: tuple[Term, ...]

    @property
    def everybody(self) -> bool:
        """Whether nothing narrows it."""
        return self.terms == (Term(kind="everybody"),)


def who_of(slots: Slots) -> Who:
    """The part of a question that says who is meant."""
    return Who(
        segment=slots.segment, value=slots.value, state=slots.state, topic=slots.topic, channel=slots.channel,
        period=slots.period, without_order=slots.without_order,
    )  # fmt: skip


def audience_of(pipeline: Pipeline, asking: Asking, who: Who) -> Audience:
    """The expression that means them. Unknown for a segment or topic that there is not."""
    terms = tuple(_terms(pipeline, asking, who))
    conditions = [_condition(pipeline, asking, term) for term in terms]
    span, dated = span_of(who.period, as_of=asking.as_of, zone=asking.workspace.zone), _dated(who)
    if span and dated:
        condition = f"last_order < {span.first}" if dated == NO_ORDER else span.asked(dated)
        terms, conditions = (*terms, Term(kind="period", name=dated)), [*conditions, condition]
    if not terms:
        return Audience(expression=EVERYBODY, terms=(Term(kind="everybody"),))
    return Audience(expression=" and ".join(conditions), terms=terms)


def group_of(pipeline: Pipeline, asking: Asking, ref: str) -> Audience:
    """A group as a comparison names it: a class, a saved segment, an expression, or `value:high`, `topic:pets`."""
    kind, colon, name = ref.partition(":")
    if colon and kind in _PREFIXES:
        try:
            return audience_of(pipeline, asking, Who.model_validate({kind: name}))
        except ValueError:
            raise Unknown("segment", ref) from None
    return audience_of(pipeline, asking, Who(segment=ref))


def rfm_class_of(text: str) -> RfmClass | None:
    """The class that is called so, by id or by a name in either language."""
    wanted = key_of(text)
    for value, names in shipped_names()["rfm"].items():
        if wanted in map(key_of, (value, *names)):
            return RfmClass(value)
    return None


def _terms(pipeline: Pipeline, asking: Asking, who: Who) -> Iterator[Term]:
    if who.segment:
        yield _segment(pipeline, asking, who.segment)
    if who.value:
        yield Term(kind="value", name=who.value)
    if who.state:
        yield Term(kind="state", name=who.state)
    if who.topic:
        if who.topic not in pipeline.taxonomy.topics:
            raise Unknown("topic", who.topic)
        yield Term(kind="topic", name=who.topic)
    if who.channel:
        yield Term(kind="channel", name=who.channel)


def _segment(pipeline: Pipeline, asking: Asking, name: str) -> Term:
    """What a name means: a saved segment before a class, a class before an expression."""
    try:
        return Term(kind="saved", name=pipeline.audiences.named(asking.workspace, name).name)
    except NotFound:
        pass
    if rfm_class := rfm_class_of(name):
        return Term(kind="rfm", name=rfm_class)
    if known := _named(name):
        return known
    try:
        plain = pipeline.audiences.checked(asking.workspace, name, as_of=asking.as_of, lang="en")
    except InvalidInput:
        raise Unknown("segment", name) from None
    return Term(kind="expression", name=plain)


def _named(name: str) -> Term | None:
    """The value or state that our own answers call so, in either language."""
    wanted = key_of(name)
    for lang in _LANGS:
        words = wording(lang)
        for kind in _NAMED:
            for value in words.section(f"{kind}s_named"):
                if wanted == key_of(words(f"{kind}s_named.{value}")):
                    return Term(kind=kind, name=value)
    return None


def _condition(pipeline: Pipeline, asking: Asking, term: Term) -> str:
    match term.kind:
        case "saved":
            return f"({pipeline.audiences.expression_of(asking.workspace, term.name)})"
        case "expression":
            return f"({term.name})"
        case "rfm":
            return f"rfm = {term.name}"
        case "value":
            return _VALUES[term.name]
        case "state":
            return LEAVING if term.name == "leaving" else f"stage = {term.name}"
        case "topic":
            return f"interest({term.name}) >= {_INTERESTED}"
        case _:
            return f"consent({term.name})"


def _dated(who: Who) -> str:
    """What a past period says of such customers: when they came or bought; nothing of a state they are in now."""
    if who.without_order:
        return NO_ORDER
    match who.state:
        case Stage.NEW:
            return "first_order"
        case Stage.VISITOR:
            return "first_seen"
        case None | Stage.ACTIVE:
            return "last_order"
        case _:
            return ""
