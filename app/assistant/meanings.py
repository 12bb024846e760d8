"""What a stated value means with an intent: a bare number is a customer, a sum or a limit; a name whose it may be."""

from collections.abc import Sequence

from app.assistant.schemas import Intent
from app.assistant.slots.found import Found
from app.assistant.slots.time_words import HORIZON, PERIOD

OF_CUSTOMERS = frozenset((Intent.READ_CUSTOMER, Intent.EXPLAIN_NUMBER, Intent.IDENTITY_QUESTION))
"""Intents whose names without an id are people."""
OF_CAMPAIGNS = frozenset((Intent.APPROVE_OR_CHANGE_STRATEGY, Intent.CAMPAIGN_RESULTS, Intent.SEARCH_CAMPAIGNS))
"""Intents whose names are campaigns."""
ONE_CUSTOMER = OF_CUSTOMERS | {
    Intent.NEXT_PURCHASE,
    Intent.CONSENT_OR_PRIVACY,
    Intent.BEST_TIME_OR_CHANNEL,
    Intent.DRAFT_STRATEGY,
    Intent.OUT_OF_SCOPE,
}
"""Intents that may be about one customer, so that a long number is one."""
_AHEAD = frozenset((Intent.NEXT_PURCHASE, Intent.DRAFT_STRATEGY, Intent.EXPLAIN_NUMBER, Intent.BUDGET_ALLOCATION))
_WEAK = frozenset((Intent.EXPLAIN_NUMBER, Intent.COMPARE_SEGMENTS, Intent.SEGMENT_STATS))
"""Intents in which even a plain word such as "orders" says which number is meant."""


def meant(one: Found, intent: Intent, found: Sequence[Found], minor_per_unit: int) -> Found | None:
    """The value as the slot that it fills; None where it fills none."""
    match one.slot:
        case "within":
            ahead = intent in _AHEAD
            return Found(HORIZON if ahead else PERIOD, one.value if ahead else f"last_{one.value}_days", *one[2:])
        case "pronoun":
            return one._replace(slot="customer")
        case "bare":
            return _number(one, intent, minor_per_unit)
        case "quoted":
            return one._replace(slot=_named(intent) or "segment")
        case "title":
            return one._replace(slot="campaign") if intent in OF_CAMPAIGNS else None
        case "name":
            taken = any(other.slot in ("customer", "campaign", "quoted", "title") for other in found)
            slot = _named(intent)
            return one._replace(slot=slot) if slot and not taken else None
        case "weak_number":
            taken = intent not in _WEAK or any(other.slot == "number" for other in found)
            return None if taken else one._replace(slot="number")
    return one


def _number(one: Found, intent: Intent, minor_per_unit: int) -> Found | None:
    figure = str(one.value).replace(",", "")
    if intent is Intent.BUDGET_ALLOCATION:
        return one._replace(slot="budget_minor", value=int(figure) * minor_per_unit)
    if intent in ONE_CUSTOMER and len(figure) >= 4 and "," not in str(one.value):
        return one._replace(slot="customer", value=figure)
    if intent in (Intent.FIND_CUSTOMERS, Intent.AUDIENCE_EXPORT) and 2 <= int(figure) <= 1000:
        return one._replace(slot="limit", value=int(figure))
    return None


def _named(intent: Intent) -> str:
    if intent in OF_CAMPAIGNS:
        return "campaign"
    return "customer" if intent in OF_CUSTOMERS else ""
