"""Claims -> sentences. Each sentence plan names the claims it needs; the words are in wording/*.yaml.

Every number in a sentence is a slot of a claim that the sentence cites; templates hold no digits of their own
except "80%" of an interval and "out of 5" of a rating.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from app.narrative.book import Book
from app.narrative.measures import OVERDUE
from app.narrative.schemas import Claim, ClaimKind, Narrative, Predicate, Sentence
from app.narrative.speech import Slots, Speaker, fill
from app.schema import Lang

SHORT_REVIEW = 4
"""Characters up to which a review is told by its rating alone."""
NOTABLE_RISK = 0.1
"""Churn risk from which the story speaks of it; below, the plain probability says enough."""


def narrate(claims: Sequence[Claim], book: Book, lang: Lang) -> Narrative:
    """All claims as readable prose, in telling order."""
    speaker = Speaker(book, lang)
    sentences = tuple(_sentence(plan, cited, speaker) for plan, cited in _plans(claims))
    return Narrative(
        customer_id=book.customer_id, as_of=book.as_of, lang=lang, claims=tuple(claims), sentences=sentences
    )


def say(claim: Claim, book: Book, lang: Lang) -> str:
    """One claim as one plain sentence: what evidence panels show and what models are given."""
    speaker = Speaker(book, lang)
    return fill(speaker.wording.plain[claim.predicate], {"c": speaker.slots(claim)})


Cited = dict[str, Claim]
"""Slot name -> claim, in the order in which the sentence says them."""


def _plans(claims: Sequence[Claim]) -> Iterator[tuple[str, Cited]]:
    by: dict[str, list[Claim]] = {}
    for claim in claims:
        by.setdefault(claim.predicate, []).append(claim)
    first = {name: found[0] for name, found in by.items()}
    if not claims:
        yield "nothing_known", {}
    yield from _opening(first)
    yield from _taste(by)
    yield from _rhythm(first)
    yield from _changes(first)
    for claim in by.get(Predicate.TOPIC_CHANGE, []):
        yield _topic_plan(claim), {"topic_change": claim}
    yield from _searches(by.get(Predicate.SEARCHED, []))
    yield from _each(by, {Predicate.CARTED_NOT_BOUGHT: "carted"})
    for claim in by.get(Predicate.REVIEWED, []):
        yield _review_plan(claim), {"reviewed": claim}
    yield from _each(by, {Predicate.SUPPORT_CONTACT: "support", Predicate.INTENT: "intent"})
    for claim in by.get(Predicate.LTV, []):
        yield "ltv" if claim.high else "ltv_nothing", {"ltv": claim}
    yield from _leaving(first)


def _opening(first: Mapping[str, Claim]) -> Iterator[tuple[str, Cited]]:
    if "order_count" not in first:
        if "view_count" in first:
            yield "browsing_only", _take(first, "view_count")
    elif "order_value" in first:
        yield "opening_regular", _take(first, "first_order", "order_count", "order_value", "average_order_value")
    else:
        yield "opening_single", _take(first, "first_order", "order_count")
    if "refund_value" in first:
        yield "refunded", _take(first, "refund_value")


def _taste(by: Mapping[str, list[Claim]]) -> Iterator[tuple[str, Cited]]:
    match by.get(Predicate.TOPIC_SHARE, []):
        case [one, two, *_]:
            yield "taste_two", {"topic_share": one, "topic_share_2": two}
        case [one]:
            yield "taste_all" if one.value == 1 else "taste_one", {"topic_share": one}
    yield from _each(by, {Predicate.ITEM_ORDERS: "favourite", Predicate.TOPIC_INTERACTIONS: "looking_at"})


def _rhythm(first: Mapping[str, Claim]) -> Iterator[tuple[str, Cited]]:
    if "days_since_last_order" not in first:
        return
    if "usual_gap" in first:
        since, gap = first["days_since_last_order"].value or 0, first["usual_gap"].value or 0
        plan = "rhythm_overdue" if since > OVERDUE * gap else "rhythm_steady"
        yield plan, _take(first, "last_order", "usual_gap", "days_since_last_order")
    elif "last_order" in first:
        yield "rhythm_young", _take(first, "last_order", "days_since_last_order")
    else:
        yield "rhythm_unknown", _take(first, "days_since_last_order")


def _changes(first: Mapping[str, Claim]) -> Iterator[tuple[str, Cited]]:
    count, value = first.get("order_count_change"), first.get("order_value_change")
    if count and value:
        yield _change_plan(count, value), _take(first, "order_count_change", "order_value_change")
    elif value:
        yield f"change_value_{value.direction}", _take(first, "order_value_change")
    elif count:
        yield "change_count", _take(first, "order_count_change")


def _change_plan(count: Claim, value: Claim) -> str:
    if count.value == 0:
        return "change_none_now"
    if count.compared_to == 0:
        return "change_none_before"
    return f"change_both_{count.direction}" if count.direction == value.direction else "change_mixed"


def _topic_plan(claim: Claim) -> str:
    if claim.value == 0:
        return "topic_gone"
    return "topic_new" if claim.compared_to == 0 else f"topic_{claim.direction}"


def _review_plan(claim: Claim) -> str:
    if claim.value is None:
        return "reviewed"
    return "reviewed_rated" if len(claim.quote or "") > SHORT_REVIEW else "reviewed_short"


def _searches(claims: Sequence[Claim]) -> Iterator[tuple[str, Cited]]:
    match claims:
        case [one, two]:
            yield "searched_two", {"searched": one, "searched_2": two}
        case _:
            yield from (("searched", {"searched": claim}) for claim in claims)


def _leaving(first: Mapping[str, Claim]) -> Iterator[tuple[str, Cited]]:
    if "no_purchase" not in first:
        return
    risk = first.get("churn_risk")
    if risk and (risk.value or 0) >= NOTABLE_RISK:
        yield "no_purchase_risk", _take(first, "no_purchase", "churn_risk")
    else:
        yield "no_purchase", _take(first, "no_purchase")


def _each(by: Mapping[str, list[Claim]], plans: Mapping[Predicate, str]) -> Iterator[tuple[str, Cited]]:
    for predicate, plan in plans.items():
        for claim in by.get(predicate, []):
            yield plan, {predicate.value: claim}


def _take(first: Mapping[str, Claim], *names: str) -> Cited:
    return {name: first[name] for name in names if name in first}


def _sentence(plan: str, cited: Cited, speaker: Speaker) -> Sentence:
    slots: dict[str, Slots] = {name: speaker.slots(claim) for name, claim in cited.items()}
    variants = speaker.wording.sentences[plan]
    text = fill(variants[_pick(speaker.book.customer_id, plan) % len(variants)], slots)
    kinds = [claim.kind for claim in cited.values()] or [ClaimKind.LINK]
    return Sentence(
        text=text[:1].upper() + text[1:], kind=kinds[0], claim_ids=tuple(c.claim_id for c in cited.values())
    )


def _pick(customer_id: str, plan: str) -> int:
    """Which variant this customer gets: stable, and spread over customers."""
    return hashlib.blake2b(f"{customer_id}/{plan}".encode(), digest_size=2).digest()[0]
