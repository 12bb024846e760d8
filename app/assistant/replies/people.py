"""Answers about one customer: who they are, and why a number is what it is."""

from collections.abc import Callable, Iterator, Sequence

from app.assistant.replies import links
from app.assistant.replies.parts import Parts, Question, expecting, joining, stating
from app.assistant.schemas import Number, Table
from app.assistant.tools.customer import (
    THIS,
    Explained,
    ExplainNumber,
    ReadCustomer,
    explain_number,
    read_customer,
)
from app.narrative.schemas import Claim, ClaimKind, Predicate, Sentence
from app.views import CustomerReading

_OTHERS = 5
"""Sentences of a story beside what changed and what is expected."""
_REASONS, _WHAT_IFS, _RISKS = 3, 2, 3
_SPOKEN: dict[Number, tuple[Predicate, ...]] = {
    "orders": (Predicate.ORDER_COUNT, Predicate.LAST_ORDER, Predicate.USUAL_GAP, Predicate.ORDER_COUNT_CHANGE),
    "spend": (Predicate.ORDER_VALUE, Predicate.ORDER_COUNT, Predicate.LARGEST_ORDER, Predicate.ORDER_VALUE_CHANGE),
    "average_order": (Predicate.AVERAGE_ORDER_VALUE, Predicate.BASKET, Predicate.LARGEST_ORDER),
    "interest": (Predicate.INTEREST, Predicate.INTEREST_SHIFT, Predicate.TOPIC_CHANGE),
    "rfm_class": (Predicate.RFM_POSITION,),
}
"""The claims that tell a number, in their order."""


def name_of(reading: CustomerReading) -> str:
    """What a customer is called: their strongest identifier, masked where it is contact data."""
    return reading.identifiers[0].partition(":")[2] if reading.identifiers else reading.customer_id


def read(question: Question) -> Parts:
    """The story, the numbers beside it, and what may be asked next."""
    say, ref = question.say, question.slots.customer or THIS
    reading = read_customer(question.pipeline, question.asking, say.lang, ReadCustomer(customer=ref))
    name = name_of(reading)
    return Parts(
        sentences=(joining(say("read.understood", name=name)), *_story(reading.story.sentences)),
        tables=(_numbers(question, reading),),
        links=(links.customer(say, reading.customer_id, name),),
        suggestions=(
            say("ask.why_risk", name=name), say("ask.what_to_do", name=name), say("ask.when_next", name=name),
        ),
        provenance=reading.story.provenance,
    )  # fmt: skip


def _story(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    """What changed and what is expected, and the first of the rest, in their order."""
    others = 0
    for sentence in sentences:
        if sentence.kind in (ClaimKind.CHANGE, ClaimKind.PREDICTION):
            yield sentence
        elif others < _OTHERS:
            others += 1
            yield sentence


def _numbers(question: Question, reading: CustomerReading) -> Table:
    say, rfm, ltv = question.say, reading.profile.rfm, reading.ltv
    rows = [
        ("columns.rfm_class", say.rfm(reading.profile.rfm_class)),
        ("columns.orders", say.number(rfm.orders if rfm else 0)),
        ("columns.spend", say.money(rfm.total if rfm else 0)),
        ("columns.ltv", say.maybe_money(ltv.value)),
        ("columns.risk", say.maybe_share(reading.churn.churn_risk)),
        ("columns.no_purchase", say.maybe_share(reading.churn.p_no_purchase)),
    ]
    if ltv.q10 is not None and ltv.q90 is not None:
        rows.insert(4, ("columns.interval", say("range", low=say.estimate(ltv.q10), high=say.estimate(ltv.q90))))
    told = tuple((say(key), value) for key, value in rows)
    return Table(
        title=say("read.table"), columns=(say("columns.what"), say("columns.value")), rows=told, total=len(told)
    )


def explain(question: Question) -> Parts:
    """What a number of a customer is, and what it stands on."""
    say, slots = question.say, question.slots
    number = slots.number or _number_of(question)
    asked = ExplainNumber(customer=slots.customer or THIS, number=number)
    found = explain_number(question.pipeline, question.asking, say.lang, asked)
    name = name_of(found.reading)
    head = joining(say("explain.understood", name=name, number=say(f"numbers.{number}")))
    sentences = tuple(_HOW.get(number, _spoken)(question, found))
    tables = (_contributions(question, found),) if found.explanation and number != "churn_risk" else ()
    return Parts(
        sentences=(head, *(sentences or (joining(say("explain.unknown", name=name)),))),
        tables=tuple(table for table in tables if table.rows),
        links=(links.customer(say, found.reading.customer_id, name), links.page(say, "models")),
        suggestions=(say("ask.what_to_do", name=name), say("ask.when_next", name=name), say("ask.who_is", name=name)),
    )


def _number_of(question: Question) -> Number:
    """Which number is meant where none is named: that of the state or class that is."""
    slots = question.slots
    if slots.state is not None:
        return "churn_risk"
    return "rfm_class" if slots.segment else "ltv"


def _ltv(question: Question, found: Explained) -> Iterator[Sentence]:
    say, ltv, explanation = question.say, found.reading.ltv, found.explanation
    if ltv.value is None or ltv.q10 is None or ltv.q90 is None or explanation is None:
        yield joining(not_enough(question, ltv.missing))
        return
    ids = _ids(found.reading, Predicate.LTV)
    low, high = say.estimate(ltv.q10), say.estimate(ltv.q90)
    value, sure = say.estimate(ltv.value), say(f"confidence.{ltv.confidence or 'low'}")
    yield expecting(say("explain.ltv", value=value, days=ltv.horizon_days, low=low, high=high, sure=sure), *ids)
    yield from _compared(question, found)
    yield from _risks(question, found)
    for what_if in explanation.what_ifs[:_WHAT_IFS]:
        yield expecting(what_if.said, *ids)
    if ltv.calibration:
        share = say.share(ltv.calibration.above_q90)
        yield stating(
            say("explain.measured", share=share, n=say.number(ltv.calibration.n)), f"model:{ltv.model_card_id}"
        )


def _compared(question: Question, found: Explained) -> Iterator[Sentence]:
    """The typical customer's number, and what pulls this one away from it."""
    say, explanation = question.say, found.explanation
    assert explanation is not None  # only numbers with an estimate are compared
    numbers = explanation.numbers
    if numbers.value_minor is None or numbers.typical_value_minor is None:
        return
    lower = numbers.value_minor < numbers.typical_value_minor
    ids = _ids(found.reading, Predicate.LTV)
    typical, n = say.estimate(numbers.typical_value_minor), say.number(numbers.compared_with)
    yield expecting(say("explain.lower" if lower else "explain.higher", typical=typical, n=n), *ids)
    signs = {one.group: one.amount_minor for one in numbers.contributions}
    for down in (lower, not lower):
        those = [one for one in explanation.reasons if (signs[one.group] < 0) is down and signs[one.group]][:_REASONS]
        if those:
            named = say.every(say("explain.one", name=say.inside(one.name), amount=one.amount) for one in those)
            claims = [claim_id for one in those for claim_id in one.claim_ids]
            yield expecting(say("explain.pulls_down" if down else "explain.pulls_up", reasons=named), *ids, *claims)


def _churn(question: Question, found: Explained) -> Iterator[Sentence]:
    say, churn = question.say, found.reading.churn
    if churn.churn_risk is None:
        yield joining(not_enough(question, churn.missing))
        return
    ids = _ids(found.reading, Predicate.CHURN_RISK)
    risk = say.share(churn.churn_risk)
    band = "high" if churn.churn_risk >= 0.6 else "low" if churn.churn_risk < 0.3 else "medium"
    yield expecting(say(f"explain.risk.{band}", risk=risk), *ids)
    if not (found.explanation and found.explanation.risks):
        yield stating(say("explain.no_signs"), *ids)
    yield from _risks(question, found)
    if found.standing:
        yield expecting(found.standing.told, *ids)
    if churn.p_no_purchase is not None:
        chance = say.share(churn.p_no_purchase)
        ids = _ids(found.reading, Predicate.NO_PURCHASE)
        yield expecting(say("explain.beside", chance=chance, days=churn.horizon_days), *ids)


def _no_purchase(question: Question, found: Explained) -> Iterator[Sentence]:
    say, churn, explanation = question.say, found.reading.churn, found.explanation
    if churn.p_no_purchase is None or explanation is None:
        yield joining(not_enough(question, churn.missing))
        return
    ids = _ids(found.reading, Predicate.NO_PURCHASE)
    yield expecting(say("explain.beside", chance=say.share(churn.p_no_purchase), days=churn.horizon_days), *ids)
    numbers = explanation.numbers
    if numbers.typical_p_no_purchase is not None:
        yield expecting(say("explain.typical_chance", chance=say.share(numbers.typical_p_no_purchase)), *ids)
    points = {one.group: one.no_purchase_points for one in numbers.contributions}
    most = sorted(explanation.reasons, key=lambda one: -abs(points[one.group]))[:_REASONS]
    named = say.every(
        say("explain.one", name=say.inside(one.name), amount=_points(question, points[one.group])) for one in most
    )
    if most:
        yield expecting(say("explain.moves", reasons=named), *ids, *(c for one in most for c in one.claim_ids))
    yield from _risks(question, found)


def _rfm(question: Question, found: Explained) -> Iterator[Sentence]:
    say, profile, matrix = question.say, found.reading.profile, found.matrix
    rfm, ids = profile.rfm, _ids(found.reading, Predicate.RFM_POSITION)
    if rfm is None or profile.rfm_class is None or matrix is None:
        yield stating(say("explain.no_orders"), f"customer:{profile.customer_id}")
        return
    yield stating(say("explain.class", name=say.rfm(profile.rfm_class)), *ids)
    if matrix.recent_days is None or matrix.median_orders is None or matrix.median_spend_minor is None:
        return
    days = (profile.as_of - rfm.last_order_at).days
    yield stating(
        say(
            "explain.medians",
            days=say.number(days), recent=say.number(matrix.recent_days),
            orders=say.number(rfm.orders), usual=say.number(matrix.median_orders),
            spend=say.money(rfm.total), median=say.money(matrix.median_spend_minor),
        ),
        *ids,
    )  # fmt: skip
    yield from _spoken(question, found)


def _spoken(question: Question, found: Explained) -> Iterator[Sentence]:
    """The claims that tell a number, as they are told everywhere."""
    wanted = _SPOKEN.get(found.number, ())
    claims = sorted((c for c in found.reading.story.claims if c.predicate in wanted), key=lambda c: _place(c, wanted))
    for claim in claims:
        said = found.reading.spoken[claim.claim_id]
        yield stating(said[:1].upper() + said[1:], claim.claim_id, kind=claim.kind)


def _place(claim: Claim, wanted: Sequence[Predicate]) -> int:
    return wanted.index(claim.predicate)


_HOW: dict[Number, Callable[[Question, Explained], Iterator[Sentence]]] = {
    "ltv": _ltv,
    "churn_risk": _churn,
    "no_purchase": _no_purchase,
    "rfm_class": _rfm,
}


def _risks(question: Question, found: Explained) -> Iterator[Sentence]:
    for risk in found.explanation.risks[:_RISKS] if found.explanation else ():
        yield stating(risk.said, *risk.claim_ids, kind=ClaimKind.CHANGE)


def _contributions(question: Question, found: Explained) -> Table:
    say, explanation = question.say, found.explanation
    reasons = explanation.reasons if explanation else ()
    points = {one.group: one.no_purchase_points for one in (explanation.numbers.contributions if explanation else ())}
    rows = tuple((one.name, one.amount, _points(question, points[one.group])) for one in reasons)
    heads = tuple(say(f"columns.{name}") for name in ("reason", "adds", "chance"))
    return Table(title=say("explain.table"), columns=heads, rows=rows, total=len(rows))


def _points(question: Question, share: float) -> str:
    """Percentage points with their sign."""
    amount = question.say.number(round(abs(100 * share), 1))
    return question.say("explain.points", points=f"{'−' if share < 0 else '+'}{amount}")


def not_enough(question: Question, missing: Sequence[str]) -> str:
    """That there is no estimate, and what it would need."""
    say = question.say
    words = say.every(say.of("missing", code) for code in missing)
    return say("explain.not_enough", missing=words) if words else say("explain.not_enough_plain")


def _ids(reading: CustomerReading, predicate: Predicate) -> tuple[str, ...]:
    return tuple(claim.claim_id for claim in reading.story.claims if claim.predicate is predicate)
