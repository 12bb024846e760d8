"""Which claims are told together, and by which sentence plan: the order is a story's.

Who this is, what they like, their habits, what changed, what is new, what may be inferred, what may come.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from app.events.schemas import EventKind
from app.narrative.measures import OVERDUE
from app.narrative.schemas import Claim, ClaimKind, Predicate
from app.narrative.standing import LIKELY

SHORT_REVIEW: Final = 4
"""Characters up to which a review is told by its rating alone."""
NOTABLE_RISK: Final = 0.1
"""Churn risk from which the story speaks of it; below, the plain probability says enough."""

NEW_FOR: Final = timedelta(days=60)
"""How long an interest that came up is a new one."""
_TRACES: Final = frozenset(
    {
        EventKind.SESSION,
        EventKind.IMPRESSION,
        EventKind.CART_REMOVE,
        EventKind.COUPON,
        EventKind.CAMPAIGN_OPENED,
        EventKind.CAMPAIGN_CLICKED,
    }
)
"""Kinds that show that somebody was there, and nothing of what they want."""

Cited = dict[str, Claim]
"""Slot name -> claim, in the order in which the sentence says them."""


class Plan(NamedTuple):
    """One sentence to be said."""

    name: str
    cited: Cited


def plans(claims: Sequence[Claim], kinds: Collection[str] = ()) -> Iterator[Plan]:
    """Every claim in exactly one sentence, in telling order; `kinds` of events say what there is without claims."""
    by: dict[str, list[Claim]] = {}
    for claim in claims:
        by.setdefault(claim.predicate, []).append(claim)
    first = {name: found[0] for name, found in by.items()}
    if not claims:
        yield nothing_told(kinds)
    yield from who(first)
    yield from taste(by)
    yield from _interests(by.get(Predicate.INTEREST, []))
    yield from each(by, {Predicate.TOPIC_INTERACTIONS: "looking_at"})
    yield from rhythm(first)
    yield from habits(first)
    yield from _changes(by, first)
    yield from _said(by)
    yield from outlook(by, first)


def nothing_told(kinds: Collection[str]) -> Plan:
    """What is said of somebody about whom nothing can be claimed."""
    return Plan("only_seen" if kinds and _TRACES.issuperset(kinds) else "nothing_known", {})


def who(first: Mapping[str, Claim]) -> Iterator[Plan]:
    """How long, how much and where they stand among the buyers."""
    if "order_count" not in first:
        if "view_count" in first:
            yield Plan("browsing_only", take(first, "view_count"))
    elif "order_value" in first:
        names = ("first_order", "order_count", "order_value", "average_order_value")
        yield Plan("opening_regular", take(first, *names))
    else:
        yield Plan("opening_single", take(first, "first_order", "order_count"))
    for name, plan in (("largest_order",) * 2, ("rfm_position",) * 2, ("refund_value", "refunded")):
        if name in first:
            yield Plan(plan, take(first, name))


def taste(by: Mapping[str, list[Claim]]) -> Iterator[Plan]:
    """What the money goes to."""
    match by.get(Predicate.TOPIC_SHARE, []):
        case [one, two, *rest]:
            yield Plan("taste_two", {"topic_share": one, "topic_share_2": two})
            yield from (Plan("taste_one", {"topic_share": claim}) for claim in rest)
        case [one]:
            yield Plan("taste_all" if one.value == 1 else "taste_one", {"topic_share": one})
    yield from each(by, {Predicate.ITEM_ORDERS: "favourite"})


def _interests(claims: Sequence[Claim]) -> Iterator[Plan]:
    match claims:
        case []:
            return
        case [one, two, three, *rest]:
            yield Plan("interest_three", {"interest": one, "interest_2": two, "interest_3": three})
            yield from (Plan("interest_one", {"interest": claim}) for claim in rest)
        case [one, two]:
            yield Plan("interest_two", {"interest": one, "interest_2": two})
        case [one, *_]:
            yield Plan("interest_one", {"interest": one})


def rhythm(first: Mapping[str, Claim]) -> Iterator[Plan]:
    """The latest order beside the usual gap between purchases."""
    if "days_since_last_order" not in first:
        return
    if "usual_gap" in first and "last_order" in first:
        since, gap = first["days_since_last_order"].value or 0, first["usual_gap"].value or 0
        plan = "rhythm_overdue" if since > OVERDUE * gap else "rhythm_steady"
        yield Plan(plan, take(first, "last_order", "usual_gap", "days_since_last_order"))
    elif "last_order" in first:
        yield Plan("rhythm_young", take(first, "last_order", "days_since_last_order"))
    else:
        yield Plan("rhythm_unknown", take(first, "days_since_last_order"))


def habits(first: Mapping[str, Claim]) -> Iterator[Plan]:
    """When they come, and at which prices they buy."""
    if "usual_hour" in first and "usual_weekday" in first:
        yield Plan("habit_time", take(first, "usual_hour", "usual_weekday"))
    else:
        yield from (Plan(name, take(first, name)) for name in ("usual_hour", "usual_weekday") if name in first)
    if "visit_gap" in first:
        yield Plan("visit_gap", take(first, "visit_gap"))
    discount = first.get("discount_share")
    if "basket" in first and discount:
        yield Plan("prices" if discount.value else "prices_full", take(first, "basket", "discount_share"))
    else:
        yield from (Plan(name, take(first, name)) for name in ("basket", "discount_share") if name in first)


def _changes(by: Mapping[str, list[Claim]], first: Mapping[str, Claim]) -> Iterator[Plan]:
    yield from order_changes(first)
    yield from topic_changes(by)
    for claim in by.get(Predicate.INTEREST_SHIFT, []):
        yield Plan(shift_plan(claim), {"interest_shift": claim})
    for claim in by.get(Predicate.SIGNAL, []):
        yield Plan(signal_plan(claim), {"signal": claim})


def order_changes(first: Mapping[str, Claim]) -> Iterator[Plan]:
    """Orders and spend against the window before."""
    count, value = first.get("order_count_change"), first.get("order_value_change")
    if count and value:
        yield Plan(_change_plan(count, value), take(first, "order_count_change", "order_value_change"))
    elif value:
        yield Plan(f"change_value_{value.direction}", take(first, "order_value_change"))
    elif count:
        yield Plan("change_count", take(first, "order_count_change"))


def topic_changes(by: Mapping[str, list[Claim]]) -> Iterator[Plan]:
    """Topics that are dealt with more, or less, than in the window before."""
    for claim in by.get(Predicate.TOPIC_CHANGE, []):
        yield Plan(_topic_plan(claim), {"topic_change": claim})


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


def shift_plan(claim: Claim) -> str:
    """By what is known of it: a shift has two topics, the others may have one."""
    if claim.to_topic is None:
        return "shift_fading"
    if claim.topic is None:
        return "shift_emerging" if claim.at and claim.as_of - claim.at <= NEW_FOR else "shift_emerged"
    if not is_sure(claim):
        return "shift_possible"
    return "shift_seasonal" if claim.name == "seasonal" else "shift_moved"


def is_sure(claim: Claim) -> bool:
    """Whether a change of interest is likelier than not; what is less likely is told as a possibility."""
    return claim.confidence is None or claim.confidence >= LIKELY


def signal_plan(claim: Claim) -> str:
    """By its direction; a word of the customer has a sentence of its own."""
    if claim.name in SAID_SIGNS:
        return f"signal_{claim.name}"
    return "signal_up" if claim.direction == "up" else "signal_down"


SAID_SIGNS: Final = frozenset({"dissatisfaction", "consent_withdrawn"})
"""Signs that are a word of the customer: nothing is compared, so there is no number to tell."""


def _said(by: Mapping[str, list[Claim]]) -> Iterator[Plan]:
    yield from searches(by)
    yield from each(by, {Predicate.CARTED_NOT_BOUGHT: "carted"})
    yield from wrote(by)
    yield from attributes(by.get(Predicate.ATTRIBUTE, []))
    yield from each(by, {Predicate.INTENT: "intent"})


def searches(by: Mapping[str, list[Claim]]) -> Iterator[Plan]:
    """What they searched for lately, two by two."""
    found = by.get(Predicate.SEARCHED, [])
    for one, two in zip(found[::2], found[1::2], strict=False):
        yield Plan("searched_two", {"searched": one, "searched_2": two})
    if len(found) % 2:
        yield Plan("searched", {"searched": found[-1]})


def wrote(by: Mapping[str, list[Claim]]) -> Iterator[Plan]:
    """What they wrote lately: to everybody, and to support."""
    for claim in by.get(Predicate.REVIEWED, []):
        yield Plan(_review_plan(claim), {"reviewed": claim})
    yield from each(by, {Predicate.SUPPORT_CONTACT: "support"})


def _review_plan(claim: Claim) -> str:
    if claim.value is None:
        return "reviewed"
    return "reviewed_rated" if len(claim.quote or "") > SHORT_REVIEW else "reviewed_short"


def attributes(claims: Sequence[Claim]) -> Iterator[Plan]:
    """Facts two by two; each inference by itself, with the words that it was read from."""
    facts = [claim for claim in claims if claim.kind is not ClaimKind.INFERENCE]
    for one, two in zip(facts[::2], facts[1::2], strict=False):
        yield Plan("attribute_two", {"attribute": one, "attribute_2": two})
    if len(facts) % 2:
        yield Plan("attribute", {"attribute": facts[-1]})
    for claim in claims:
        if claim.kind is ClaimKind.INFERENCE:
            yield Plan("attribute_quoted" if claim.quote else "attribute_inferred", {"attribute": claim})


def outlook(by: Mapping[str, list[Claim]], first: Mapping[str, Claim]) -> Iterator[Plan]:
    """What the estimators expect."""
    for claim in by.get(Predicate.LTV, []):
        yield Plan("ltv" if claim.high else "ltv_nothing", {"ltv": claim})
    if "no_purchase" not in first:
        return
    risk = first.get("churn_risk")
    if risk and (risk.value or 0) >= NOTABLE_RISK:
        yield Plan("no_purchase_risk", take(first, "no_purchase", "churn_risk"))
    else:
        yield Plan("no_purchase", take(first, "no_purchase"))


def each(by: Mapping[str, list[Claim]], names: Mapping[Predicate, str]) -> Iterator[Plan]:
    """Every claim of these predicates in a sentence of its own."""
    for predicate, name in names.items():
        for claim in by.get(predicate, []):
            yield Plan(name, {predicate.value: claim})


def take(first: Mapping[str, Claim], *names: str) -> Cited:
    """Those of the named claims that there are."""
    return {name: first[name] for name in names if name in first}
