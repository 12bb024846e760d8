"""Answers to "which customers": who they are, why they are named, and the first thing to do for each."""

from collections import Counter
from collections.abc import Iterator, Mapping

from app.assistant.replies import links
from app.assistant.replies.parts import Parts, Question, expecting, joining, segment_ref, stating
from app.assistant.schemas import Table
from app.assistant.tools.acting import DraftStrategy, draft_strategy
from app.assistant.tools.audience import Who, who_of
from app.assistant.tools.finding import SHOWN, FindCustomers, FoundCustomer, FoundCustomers, find_customers
from app.narrative.schemas import Sentence
from app.profile.stages import Stage
from app.retrieval.schemas import Channel
from app.strategy.acting.schemas import Hold
from app.strategy.schemas import Strategy

AT_RISK = ("leaving", Stage.SLOWING, Stage.AWAY)
"""States of which one asks what to do."""
_SHOWN_ANYWAY = ("ltv", "churn_risk", "spend", "orders")
_MONEY = ("basket", "ltv", "spend")
_MOST = 100
_PLAIN = ("orders", "spend", "ltv", "risk", "last")
_DRAFTED = 10
"""Customers for whom a proposal is made within one answer."""
_KINDS = ("strong", "light", "service", "onsite", "wait", "still", "watch")
_RISKY = ("spend", "ltv", "risk", "sign", "since", "step")


def find(question: Question) -> Parts:
    """A ranked list of customers, with the expression that means them."""
    return listed(question, who_of(question.slots))


def listed(question: Question, who: Who) -> Parts:
    """The list of certain customers: who they are, why the first is first, and what to do where they are at risk."""
    slots, say = question.slots, question.say
    asked = FindCustomers(**who.model_dump(), number=slots.number, limit=min(slots.limit or SHOWN, _MOST))
    found = find_customers(question.pipeline, question.asking, say.lang, asked)
    head = joining(_understood(question, found))
    if not found.rows:
        return _nobody(question, found, head)
    at_risk = asked.state in AT_RISK
    sentences = [head, _total(question, found), *_begun(question, found, at_risk)]
    drafted = _proposals(question, found) if at_risk else {}
    sentences += [*_foremost(question, found), *_to_do(question, found, drafted)] if at_risk else []
    if not found.audience.everybody:
        sentences.append(joining(say("find.expression", expression=found.audience.expression)))
    return Parts(
        sentences=tuple(sentences),
        tables=(_table(question, found, drafted, at_risk=at_risk),),
        links=(
            links.segment(say, found.audience.expression),
            *((links.page(say, "queue"),) if at_risk else ()),
            *links.customers(say, ((row.member.customer_id, row.member.name) for row in found.rows)),
        ),
        suggestions=_next(question, found, at_risk=at_risk),
    )


def _understood(question: Question, found: FoundCustomers) -> str:
    """Who is meant, the days where they say since when, and the order."""
    say, as_of = question.say, question.asking.as_of
    who = say.group(found.audience, as_of, question.slots.period)
    days = (
        "" if any(term.kind == "period" for term in found.audience.terms) else say.period(question.slots.period, as_of)
    )
    key = "find.understood_days" if days else "find.understood"
    return say(key, who=who, order=_order(question, found), days=days)


def _order(question: Question, found: FoundCustomers) -> str:
    say = question.say
    by = say(f"find.by.{found.ranked_by}", topic=say.topic(question.slots.topic) if question.slots.topic else "")
    return say("find.rising" if found.rising else "find.falling", by=by)


def _nobody(question: Question, found: FoundCustomers, head: Sentence) -> Parts:
    say = question.say
    expression = found.audience.expression
    return Parts(
        sentences=(
            head,
            stating(say("find.nobody", of=say.number(found.of)), segment_ref(expression)),
            joining(say("find.wider")),
            joining(say("find.expression", expression=expression)),
        ),
        links=(links.segment(say, expression),),
        suggestions=(say("ask.leaving"), say("ask.classes")),
    )


def _total(question: Question, found: FoundCustomers) -> Sentence:
    say, key = question.say, "find.total" if found.total > len(found.rows) else "find.total_all"
    key = "find.everybody" if found.audience.everybody else key
    text = say(
        key,
        n=say.number(found.total), of=say.number(found.of), share=say.share(found.total / found.of),
        shown=say.number(len(found.rows)),
    )  # fmt: skip
    return stating(text, segment_ref(found.audience.expression))


def _begun(question: Question, found: FoundCustomers, at_risk: bool) -> Iterator[Sentence]:
    """How many began to show a sign in the period, where one was named."""
    if not at_risk or found.begun is None:
        return
    say, asking = question.say, question.asking
    period = say.period(question.slots.period, asking.as_of)
    key = "find.begun" if found.begun else "find.begun_none"
    yield stating(say(key, n=say.number(found.begun), period=period), segment_ref(found.audience.expression))


def _foremost(question: Question, found: FoundCustomers) -> Iterator[Sentence]:
    """Why the first of the list stands there."""
    say, first = question.say, found.rows[0]
    member = first.member
    if member.churn_risk is None:
        return
    name, risk = say.customer(member.name), say.share(member.churn_risk)
    spend = say.money(member.spend_minor)
    if first.sign is None:
        text = say("find.foremost_plain", name=name, risk=risk, spend=spend)
    else:
        sign, since = say.sign(first.sign.name), say.date(first.sign.raised_at)
        text = say("find.foremost", name=name, risk=risk, spend=spend, sign=sign, since=since)
    yield expecting(text, f"customer:{member.customer_id}")


def _proposals(question: Question, found: FoundCustomers) -> dict[str, Strategy]:
    """What would be done now for those who are due and may be contacted; words by code, nothing logged."""
    asking, lang = question.asking._replace(ask_model=False), question.say.lang
    ready = [row.member.customer_id for row in found.rows if row.step and row.step.hold is None][:_DRAFTED]
    return {ref: draft_strategy(question.pipeline, asking, lang, DraftStrategy(customer=ref)).strategy for ref in ready}


def _to_do(question: Question, found: FoundCustomers, drafted: Mapping[str, Strategy]) -> Iterator[Sentence]:
    """How many are to be done what for, and with whom to start."""
    say = question.say
    kinds = Counter(_kind(row, drafted) for row in found.rows)
    clauses = [say(f"find.steps.{kind}", n=say.number(kinds[kind])) for kind in _KINDS if kinds[kind]]
    yield stating(say("find.to_do", steps=say("semicolon").join(clauses)), "queue")
    wanted = "strong" if kinds["strong"] else "light"
    first = next((row.member for row in found.rows if _kind(row, drafted) == wanted), None)
    if first is None:
        return
    name, strategy = say.customer(first.name), drafted.get(first.customer_id)
    if kinds["strong"]:
        yield stating(say("find.start_person", name=name), "queue")
        return
    if strategy is None or strategy.channel is None:
        yield joining(say("find.start_plain", name=name))
        return
    key = "find.start_onsite" if strategy.channel is Channel.ONSITE else "find.start"
    text = say(
        key,
        name=name, channel=say.channel(strategy.channel), at=say.moment(strategy.timing.at),
        title=strategy.themes[0].title, offer=say.offer(strategy.offer),
    )  # fmt: skip
    yield stating(text, *strategy.campaigns)


def _kind(row: FoundCustomer, drafted: Mapping[str, Strategy]) -> str:
    """What kind of step it is: the queue's level, unless the policy keeps us still."""
    step = row.step
    if step is None:
        return "watch"
    if step.hold is not None:
        return "onsite" if step.hold is Hold.NO_CONSENT else "wait"
    strategy = drafted.get(row.member.customer_id)
    if strategy is not None and strategy.channel is None:
        return "service" if any(rule.rule == "complaint" for rule in strategy.rules_fired) else "still"
    return str(step.level)


def _table(question: Question, found: FoundCustomers, drafted: Mapping[str, Strategy], *, at_risk: bool) -> Table:
    say = question.say
    names = ["customer", "rfm_class", *(_RISKY if at_risk else _PLAIN)]
    extra = not at_risk and found.ranked_by not in _SHOWN_ANYWAY
    heads = [say(f"columns.{name}") for name in names]
    if extra:
        heads.append(say(f"find.by.{found.ranked_by}", topic=say.topic(question.slots.topic)))
    rows = [
        [_cell(question, row, name, drafted) for name in names] + _ranked(question, found, row, extra)
        for row in found.rows
    ]
    return Table(
        title=say("find.table" if len(rows) < found.total else "find.table_all", n=len(rows)),
        columns=tuple(heads),
        rows=tuple(map(tuple, rows)),
        total=found.total,
        paths=tuple(links.customer(say, row.member.customer_id, row.member.name).path for row in found.rows),
    )


def _ranked(question: Question, found: FoundCustomers, row: FoundCustomer, extra: bool) -> list[str]:
    if not extra:
        return []
    say, value = question.say, row.ranked
    if value is None:
        return [say("unknown")]
    if found.ranked_by in _MONEY:
        return [say.money(value)]
    if found.ranked_by == "days_since_seen":
        return [say("days_ago", days=say.number(value))]
    return [say.share(value)]


def _cell(question: Question, row: FoundCustomer, name: str, drafted: Mapping[str, Strategy]) -> str:
    say, member = question.say, row.member
    match name:
        case "customer":
            return say.customer(member.name)
        case "rfm_class":
            return say.rfm(member.rfm_class)
        case "orders":
            return say.number(member.orders)
        case "spend":
            return say.money(member.spend_minor)
        case "ltv":
            return say.maybe_money(member.ltv_minor)
        case "risk":
            return say.maybe_share(member.churn_risk)
        case "sign":
            return say.sign(row.sign.name) if row.sign else say("find.no_sign")
        case "since":
            return say.date(row.sign.raised_at) if row.sign else ""
        case "step":
            return _step(question, row, drafted)
        case _:
            days = member.days_since_order
            return say("never") if days is None else say("days_ago", days=say.number(days))


def _step(question: Question, row: FoundCustomer, drafted: Mapping[str, Strategy]) -> str:
    say, kind, strategy = question.say, _kind(row, drafted), drafted.get(row.member.customer_id)
    if row.step and row.step.hold:
        return say(f"steps.held.{row.step.hold}")
    if kind == "light" and strategy and strategy.channel is Channel.ONSITE:
        return say("steps.card", title=strategy.themes[0].title)
    if kind == "light" and strategy and strategy.channel:
        return say("steps.message", channel=say.channel(strategy.channel), at=say.moment(strategy.timing.at))
    return say(f"steps.{kind}")


def _next(question: Question, found: FoundCustomers, *, at_risk: bool) -> tuple[str, ...]:
    say, first = question.say, question.say.customer(found.rows[0].member.name)
    if at_risk:
        return (say("ask.why_risk", name=first), say("ask.what_to_do", name=first), say("ask.export_these"))
    return (say("ask.who_is", name=first), say("ask.worked"), say("ask.export_these"))
