"""From what a question states to the slots of its intent."""

from collections.abc import Sequence

from app.assistant.meanings import ONE_CUSTOMER, meant
from app.assistant.schemas import Intent, Slots
from app.assistant.slots.found import Found
from app.assistant.slots.references import THIS

_ONLY: dict[str, frozenset[Intent]] = {
    "decision": frozenset((Intent.APPROVE_OR_CHANGE_STRATEGY,)),
    "budget_minor": frozenset((Intent.BUDGET_ALLOCATION, Intent.DRAFT_STRATEGY)),
    "number": frozenset(
        (Intent.EXPLAIN_NUMBER, Intent.COMPARE_SEGMENTS, Intent.SEGMENT_STATS, Intent.FIND_CUSTOMERS)
    ),
    "limit": frozenset(Intent) - {Intent.IDENTITY_QUESTION, Intent.COMPARE_SEGMENTS, Intent.READ_CUSTOMER},
}  # fmt: skip
"""Slots that only these intents have."""
_GROUPS = ("segment", "value", "state", "topic")
_NOT_OF_ONE = ("topic", "state", "value", "offer")
_ABOUT_ONE = frozenset((Intent.CONSENT_OR_PRIVACY, Intent.IDENTITY_QUESTION, Intent.READ_CUSTOMER))
"""With a customer these have no group: "c00042 has no dog, correct it" is not about pets."""
Values = dict[str, str | int]


def fill(intent: Intent, found: Sequence[Found], *, on_screen: bool = False, minor_per_unit: int = 100) -> Slots:
    """The slots of a question; of a value that is stated twice, the first."""
    clear = [meant(one, intent, found, minor_per_unit) for one in found]
    said = [one for one in clear if one and intent in _ONLY.get(one.slot, (intent,))]
    values: Values = {}
    for one in said:
        values.setdefault(one.slot, one.value)
    _prefer_ids(values, said)
    _by_intent(intent, values, said)
    if on_screen and intent in ONE_CUSTOMER and not any(slot in values for slot in ("customer", *_GROUPS)):
        values["customer"] = THIS
    return Slots.model_validate(values)


def missing(intent: Intent, slots: Slots, *, on_screen: bool) -> tuple[str, ...]:
    """What the intent cannot do without."""
    if slots.customer == THIS and not on_screen:
        return ("customer",)
    lacks: tuple[str, ...] = ()
    match intent:
        case Intent.READ_CUSTOMER | Intent.EXPLAIN_NUMBER:
            lacks = ("customer",)
        case Intent.COMPARE_SEGMENTS:
            lacks = ("segment", "other_segment")
        case Intent.APPROVE_OR_CHANGE_STRATEGY:
            lacks = ("campaign", "decision")
    return tuple(slot for slot in lacks if getattr(slots, slot) is None)


def _by_intent(intent: Intent, values: Values, said: Sequence[Found]) -> None:
    match intent:
        case Intent.COMPARE_SEGMENTS:
            _two_groups(values, said)
        case Intent.INTEREST_SHIFT_REPORT:
            _two_topics(values, said)
        case Intent.APPROVE_OR_CHANGE_STRATEGY:
            _decide(values, said)
        case Intent.EXPLAIN_NUMBER if "number" not in values:
            _number_of(values)
        case Intent.BEST_TIME_OR_CHANNEL if len({one.value for one in said if one.slot == "channel"}) > 1:
            del values["channel"]  # which of them is the question
    if intent in _ABOUT_ONE and "customer" in values:
        for slot in _NOT_OF_ONE:
            values.pop(slot, None)


def _prefer_ids(values: Values, said: Sequence[Found]) -> None:
    """An id beats a name, and both beat `this`: "what does she do, c00042"."""
    named = [str(one.value) for one in said if one.slot == "customer" and one.value != THIS]
    ids = sorted(named, key=lambda name: not any(sign.isdigit() or sign == "@" for sign in name))
    if ids:
        values["customer"] = ids[0]


def _two_groups(values: Values, said: Sequence[Found]) -> None:
    """Both groups of a comparison: classes and saved segments by name, others as `slot:value`."""
    groups = [one for one in said if one.slot in _GROUPS]
    named = [one for one in groups if one.slot == "segment"]
    pair = named if len(named) > 1 else groups
    names = list(dict.fromkeys(str(g.value) if g.slot == "segment" else f"{g.slot}:{g.value}" for g in pair))
    values.pop("segment", None)
    values.update(zip(("segment", "other_segment"), names, strict=False))


def _two_topics(values: Values, said: Sequence[Found]) -> None:
    topics = list(dict.fromkeys(one.value for one in said if one.slot == "topic"))
    if len(topics) > 1:
        values["topic"], values["to_topic"] = topics[:2]


def _decide(values: Values, said: Sequence[Found]) -> None:
    """What is stopped is resumed, what goes out ("do not send it, stop it") stopped; a change is to what comes last."""
    decisions = [one.value for one in said if one.slot == "decision"]
    if "resume" in decisions:
        values["decision"] = "resume"
    elif "stop" in decisions and decisions[0] == "reject":
        values["decision"] = "stop"
    elif "change" in decisions and decisions[0] != "approve":
        values["decision"] = "change"
        for one in said:
            if one.slot in ("channel", "offer"):
                values[one.slot] = one.value


def _number_of(values: Values) -> None:
    """Why somebody is in a class asks for the class; why said to be leaving, for the risk; to like it, the interest."""
    if "segment" in values:
        values["number"] = "rfm_class"
    elif values.get("state") == "leaving":
        values["number"] = "churn_risk"
    elif "topic" in values:
        values["number"] = "interest"
