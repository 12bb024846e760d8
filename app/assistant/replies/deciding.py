"""Answers to "approve it", "stop it": what would happen, as something that waits for a person; nothing happens here."""

from app.assistant.replies import links
from app.assistant.replies.parts import Parts, Question, joining, stating
from app.assistant.schemas import Pending, Table
from app.assistant.tools.acting import pending_of
from app.assistant.tools.deciding import Decidable, FindDecidable, find_decidable
from app.narrative.schemas import Sentence
from app.strategy.running.schemas import Status

_DECIDED: dict[str, tuple[tuple[str, Status], ...]] = {
    "approve": (("plan", Status.PROPOSED), ("strategy", Status.PROPOSED)),
    "reject": (("strategy", Status.PROPOSED),),
    "stop": (("campaign", Status.RUNNING), ("campaign", Status.APPROVED)),
}
"""What may be said to what, and where it stands then."""


def decide(question: Question) -> Parts:
    """Find what is meant, and put the word on it before a person."""
    say, slots = question.say, question.slots
    decision = slots.decision or "approve"
    found = find_decidable(question.pipeline, question.asking, say.lang, FindDecidable(campaign=slots.campaign)).found
    head = joining(say("decide.understood", word=say(f"decide.words.{decision}"), what=_what(question)))
    if decision in ("change", "resume"):
        return _another_way(question, decision)
    if not found:
        key = "decide.unknown" if slots.campaign else "decide.nothing_open"
        return _back(question, (head, joining(say(key))))
    fit = [one for one in found if (one.kind, one.status) in _DECIDED[decision]]
    if not fit and slots.campaign:
        return _unfit(question, found[0], decision)
    if not fit:
        return _back(question, (head, joining(say("decide.nothing_open"))))
    if len(fit) > 1:
        return _which(question, fit)
    (one,) = fit
    pending = _pending(question, one, decision)
    return Parts(
        sentences=(head, stating(_facts(question, one), one.ref), joining(say("decide.sure"))),
        links=(links.page(say, "plan" if one.kind == "plan" else "campaigns"),),
        pending=pending,
    )


def _what(question: Question) -> str:
    return question.slots.campaign or question.say("decide.something")


def _another_way(question: Question, decision: str) -> Parts:
    say = question.say
    head = joining(say("decide.understood", word=say(f"decide.words.{decision}"), what=_what(question)))
    return _back(question, (head, joining(say(f"decide.{decision}"))))


def _back(question: Question, sentences: tuple[Sentence, ...]) -> Parts:
    say = question.say
    return Parts(
        sentences=sentences,
        links=(links.page(say, "campaigns"), links.page(say, "plan")),
        suggestions=(say("ask.campaigns"), say("ask.budget")),
        abstained=True,
    )


def _unfit(question: Question, one: Decidable, decision: str) -> Parts:
    say = question.say
    head = joining(say("decide.understood", word=say(f"decide.words.{decision}"), what=one.title))
    status = say(f"statuses.{one.status}")
    text = say(f"decide.unfit.{decision}", title=one.title, status=status)
    return _back(question, (head, stating(text, one.ref)))


def _which(question: Question, fit: list[Decidable]) -> Parts:
    """Several things may be meant: they are listed."""
    say = question.say
    rows = tuple((say(f"decide.kinds.{one.kind}"), one.title, one.ref, say(f"statuses.{one.status}")) for one in fit)
    heads = tuple(say(f"columns.{name}") for name in ("kind", "title", "id", "status"))
    decision = question.slots.decision or "approve"
    return Parts(
        sentences=(joining(say("decide.which", n=say.number(len(fit)))),),
        tables=(Table(title=say("decide.table"), columns=heads, rows=rows, total=len(rows)),),
        links=(links.page(say, "campaigns"), links.page(say, "plan")),
        suggestions=tuple(say(f"ask.decide.{decision}", ref=one.ref) for one in fit[:3]),
        abstained=True,
    )


def _facts(question: Question, one: Decidable) -> str:
    say = question.say
    if one.given is None:
        return say("decide.facts_strategy", title=one.title)
    n, held = say.number(one.given), say.number(one.held or 0)
    if one.cost_minor is None:
        return say("decide.facts_campaign", title=one.title, n=n, held=held, status=say(f"statuses.{one.status}"))
    return say("decide.facts_plan", title=one.title, n=n, held=held, cost=say.estimate(one.cost_minor))


def _pending(question: Question, one: Decidable, decision: str) -> Pending:
    say = question.say
    said = say(f"pending.{decision}_{one.kind}", title=one.title, n=say.number(one.given or 0))
    names = {"plan": "plan_id", "strategy": "decision_id", "campaign": "campaign_id"}
    arguments = {names[one.kind]: one.ref, "reason": say("decide.reason")}
    return pending_of(question.asking, f"{decision}_campaign", said, dict(arguments))
