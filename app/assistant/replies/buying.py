"""Answers to "when do they buy next, and what": one customer, or who is likeliest to buy soon."""

from collections.abc import Iterator

from app.assistant.replies import links
from app.assistant.replies.parts import Parts, Question, expecting, joining, stating
from app.assistant.replies.people import not_enough
from app.assistant.schemas import Table
from app.assistant.tools.audience import who_of
from app.assistant.tools.customer import ReadCustomer, next_purchase
from app.assistant.tools.finding import SHOWN, FindCustomers, find_customers
from app.narrative.schemas import Sentence
from app.predict.schemas import IntentEstimate
from app.viewing import names_of
from app.views import NextPurchase

_MOST = 100


def buy_next(question: Question) -> Parts:
    """When one customer buys next and what; without one, who is likeliest to buy soon."""
    say, ref = question.say, question.one()
    if ref is None:
        return _likeliest(question)
    found = next_purchase(question.pipeline, question.asking, say.lang, ReadCustomer(customer=ref))
    name = _called(question, found.customer_id)
    head = joining(say("next.understood", name=name))
    intent = found.intent
    if intent.status != "ok":
        return Parts(sentences=(head, joining(not_enough(question, intent.missing))))
    return Parts(
        sentences=(head, *_when(question, found), *_what(question, found)),
        tables=(_windows(question, intent),),
        links=(links.customer(say, found.customer_id, name),),
        suggestions=(say("ask.what_to_do", name=name), say("ask.best_time", name=name)),
    )


def _called(question: Question, customer_id: str) -> str:
    names = names_of(question.pipeline.identity, question.asking.workspace.workspace_id, [customer_id])
    return question.say.customer(names.get(customer_id, customer_id))


def _when(question: Question, found: NextPurchase) -> Iterator[Sentence]:
    say, intent, ref = question.say, found.intent, f"customer:{found.customer_id}"
    if intent.likely_window:
        window = intent.likely_window
        yield expecting(say("next.likely", days=window.days, chance=say.share(window.probability)), ref)
    elif intent.windows:
        window = intent.windows[-1]
        yield expecting(say("next.unlikely", days=window.days, chance=say.share(window.probability)), ref)
    horizon = question.slots.horizon_days
    near = [window for window in intent.windows if horizon and window.days <= horizon]
    if near and near[-1] != intent.likely_window:
        yield expecting(say("next.within", days=near[-1].days, chance=say.share(near[-1].probability)), ref)


def _what(question: Question, found: NextPurchase) -> Iterator[Sentence]:
    say, intent, ref = question.say, found.intent, f"customer:{found.customer_id}"
    if not intent.categories:
        yield joining(say("next.no_categories"))
        return
    first, *rest = intent.categories
    named = say.every(say("next.one", name=found.names[one.category], share=say.share(one.share)) for one in rest[:2])
    events = [event for reason in first.reasons for event in reason.evidence]
    key = "next.what" if named else "next.what_only"
    yield expecting(say(key, name=found.names[first.category], share=say.share(first.share), rest=named), ref, *events)
    if first.reasons:
        why = say.every(say(f"next.reasons.{reason.name}") for reason in first.reasons[:2])
        yield stating(say("next.why", name=found.names[first.category], why=why), ref, *events)
    for due in intent.replenishments[:1]:
        key = "next.due" if due.due_in_days else "next.overdue"
        every, ago = say.number(round(due.every_days)), say.number(due.last_days_ago)
        text = say(key, name=found.names[due.category], every=every, ago=ago, days=due.due_in_days)
        yield expecting(text, ref)


def _windows(question: Question, intent: IntentEstimate) -> Table:
    say = question.say
    rows = tuple((say("next.days", days=one.days), say.share(one.probability)) for one in intent.windows)
    heads = (say("columns.within"), say("columns.purchase"))
    return Table(title=say("next.table"), columns=heads, rows=rows, total=len(rows))


def _likeliest(question: Question) -> Parts:
    say = question.say
    who = who_of(question.slots).model_dump(exclude={"period", "without_order"})  # a time to come is none of the past
    asked = FindCustomers(**who, number="no_purchase", limit=min(question.slots.limit or SHOWN, _MOST))
    found = find_customers(question.pipeline, question.asking, say.lang, asked)
    rows = [row.member for row in found.rows if row.ranked is not None]
    head = joining(say("next.understood_all", who=say.group(found.audience, question.asking.as_of)))
    if not rows:
        return Parts(sentences=(head, joining(say("explain.not_enough_plain"))))
    chances = [say.share(1 - (row.ranked or 0)) for row in found.rows if row.ranked is not None]
    table = Table(
        title=say("next.table_all"),
        columns=tuple(say(f"columns.{name}") for name in ("customer", "rfm_class", "ltv", "purchase")),
        rows=tuple(
            (say.customer(m.name), say.rfm(m.rfm_class), say.maybe_money(m.ltv_minor), chance)
            for m, chance in zip(rows, chances, strict=True)
        ),
        total=found.total,
    )
    first = say.customer(rows[0].name)
    return Parts(
        sentences=(
            head,
            expecting(say("next.first", name=first, chance=chances[0]), f"customer:{rows[0].customer_id}"),
        ),
        tables=(table,),
        links=links.customers(say, ((m.customer_id, m.name) for m in rows)),
        suggestions=(say("ask.when_next", name=first), say("ask.best_time", name=first)),
    )
