"""What is said where no answer is due: out of scope, too little said, nothing of that name, no data yet."""

from collections.abc import Callable

from app.assistant.asking import Asking
from app.assistant.replies import links
from app.assistant.replies.parts import Parts, Question, joining, meant, told
from app.assistant.schemas import Intent, Link, Understood
from app.assistant.tools.unknown import Unknown
from app.pipeline import Pipeline
from app.privacy.redaction import is_redacted, redact
from app.profile.schemas import RfmClass
from app.retrieval.schemas import Channel

_NEEDED: dict[Intent, tuple[str, ...]] = {
    Intent.READ_CUSTOMER: ("customer",),
    Intent.EXPLAIN_NUMBER: ("customer",),
    Intent.COMPARE_SEGMENTS: ("segment", "other_segment"),
    Intent.BUDGET_ALLOCATION: ("budget_minor",),
}
"""What an answer cannot do without."""
MAY_GO_ON = (Intent.DRAFT_STRATEGY, Intent.BEST_TIME_OR_CHANNEL, Intent.NEXT_PURCHASE, Intent.IDENTITY_QUESTION)
"""They are about the customer talked of just before, where nobody else is named."""
_WHO = "who"
"""Stands for a customer or a group, where either will do."""
_CHOICES = 3


def lacking(understood: Understood, asking: Asking) -> tuple[str, ...]:
    """What has to be asked back before the question can be answered."""
    slots, intent = understood.slots, understood.intent
    wanted = dict.fromkeys((*_NEEDED.get(intent, ()), *understood.missing))
    if asking.on_screen is not None or (intent in MAY_GO_ON and meant(slots, asking)):
        wanted.pop("customer", None)
    found = [name for name in wanted if getattr(slots, name, None) is None]
    group = meant(slots, asking) or slots.segment or slots.state or slots.value or slots.topic
    if intent is Intent.APPROVE_OR_CHANGE_STRATEGY:
        return ()  # what is open is listed
    if intent is Intent.DRAFT_STRATEGY and not group:
        return (_WHO,)
    return tuple(found)


def ask_back(question: Question, missing: tuple[str, ...]) -> Parts:
    """One clear question, with choices."""
    say, first = question.say, missing[0]
    key = first if first in _CHOOSE else "other"
    choices = _CHOOSE[key](question)
    about = say(f"intents.{question.understood.intent}")
    return Parts(
        sentences=(
            joining(say("back.understood", about=about)),
            joining(say(f"back.{key}", choices=say.either(choices))),
        ),
        suggestions=_suggested(question, key, choices),
        abstained=True,
    )


def out_of_scope(question: Question) -> Parts:
    """Why not, and what can be asked instead."""
    say = question.say
    return Parts(
        sentences=told((say("scope.refused"), say("scope.why"), say("scope.instead"))),
        suggestions=(say("ask.leaving"), say("ask.worked"), say("ask.classes")),
        abstained=True,
    )


def ambiguous(question: Question) -> Parts:
    """Which of the things that it may mean is meant."""
    say = question.say
    others = [say(f"intents.{intent}") for intent in question.understood.alternatives[:_CHOICES]]
    which = (say("back.which", choices=say.either(others)),)
    return Parts(
        sentences=told(which if others else (say("back.say_more"), say("scope.instead"))),
        suggestions=(say("ask.leaving"), say("ask.worked"), say("ask.compare")),
        abstained=True,
    )


def unknown(question: Question, error: Unknown) -> Parts:
    """That nothing is called so here, and how to find what was meant."""
    say = question.say
    kind = error.what if error.what != "screen" else "customer"
    choices = _CHOOSE[kind](question) if kind in _CHOOSE else []
    return Parts(
        sentences=told(
            (
                _unknown(question, error),
                say(f"back.{kind}", choices=say.either(choices)) if choices else "",
            )
        ),
        links=_pages(question, kind),
        suggestions=_suggested(question, kind, choices),
        abstained=True,
    )


def _unknown(question: Question, error: Unknown) -> str:
    """The name is told back, unless it is a telephone number or an address."""
    if is_redacted(error.ref) or redact(error.ref) != error.ref:
        return question.say("unknown_name.contact")
    return question.say(f"unknown_name.{error.what}", ref=error.ref)


def nothing_then(question: Question) -> Parts:
    """That nothing is known of it at that moment."""
    say = question.say
    return Parts(
        sentences=told((say("unknown_name.then", date=say.date(question.asking.as_of)),)),
        suggestions=(say("ask.leaving"), say("ask.classes")),
        abstained=True,
    )


def empty(question: Question) -> Parts:
    """That nothing has come in yet, and how to bring it."""
    say = question.say
    return Parts(
        sentences=told((say("empty.no_data"), say("empty.how"))),
        links=(links.page(say, "data"),),
        abstained=True,
    )


def unread(question: Question) -> Parts:
    """That events have come in which no profile shows yet."""
    say = question.say
    return Parts(sentences=told((say("empty.unread"),)), links=(links.page(say, "data"),), abstained=True)


def _pages(question: Question, kind: str) -> tuple[Link, ...]:
    pages = {"customer": "customers", "several": "customers", "segment": "segments", "campaign": "knowledge"}
    return (links.page(question.say, pages[kind]),) if kind in pages else ()


def _suggested(question: Question, key: str, choices: list[str]) -> tuple[str, ...]:
    say = question.say
    match key:
        case "customer" | "who" | "several":
            return tuple(say("ask.who_is", name=name) for name in choices[:_CHOICES])
        case "segment" | "other_segment":
            return (say("ask.compare"), say("ask.classes"))
        case "campaign":
            return tuple(say("ask.results_of", title=title) for title in choices[:_CHOICES])
        case "topic":
            return tuple(say("ask.shifts_to", topic=topic) for topic in choices[:_CHOICES])
        case "budget_minor":
            return (say("ask.budget"),)
        case _:
            return (say("ask.leaving"), say("ask.worked"))


def _customers(question: Question) -> list[str]:
    """Those of highest expected value: names that are known to work."""
    asking, pipeline = question.asking, question.pipeline
    found = pipeline.customers(asking.workspace, as_of=asking.as_of, limit=_CHOICES)
    return [question.say.customer(row.name) for row in found.rows]


def _segments(question: Question) -> list[str]:
    asking, pipeline = question.asking, question.pipeline
    saved = pipeline.audiences.saved(asking.workspace, as_of=asking.as_of, lang=question.say.lang)
    classes = [question.say.rfm(rfm_class) for rfm_class in RfmClass]
    return [*(one.segment.name for one in saved[:_CHOICES]), *classes[:4]]


def _campaigns(question: Question) -> list[str]:
    asking, pipeline = question.asking, question.pipeline
    runs = pipeline.campaigns.every(asking.workspace, now=asking.now)[:_CHOICES]
    cases = _titles(pipeline, question) if not runs else []
    return [run.run.campaign.title for run in runs] or cases


def _titles(pipeline: Pipeline, question: Question) -> list[str]:
    known = pipeline.knowledge_base.cases(question.asking.workspace.workspace_id)
    newest = sorted(known, key=lambda case: case.campaign.ends_at, reverse=True)[:_CHOICES]
    return [case.campaign.title_in(question.say.lang) for case in newest]


def _topics(question: Question) -> list[str]:
    return [question.say.topic(topic) for topic in list(question.pipeline.taxonomy.topics)[:4]]


def _channels(question: Question) -> list[str]:
    return [question.say.channel(channel) for channel in Channel]


_CHOOSE: dict[str, Callable[[Question], list[str]]] = {
    "customer": _customers,
    "several": _customers,
    "who": _customers,
    "segment": _segments,
    "other_segment": _segments,
    "campaign": _campaigns,
    "topic": _topics,
    "to_topic": _topics,
    "channel": _channels,
    "budget_minor": lambda question: [question.say.money(500_000)],
    "decision": lambda question: [question.say(f"decide.words.{word}") for word in ("approve", "reject", "stop")],
    "other": lambda question: [],
}
