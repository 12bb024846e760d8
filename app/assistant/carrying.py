"""What a question leaves out and the one before it said: which customer is meant, what we asked back about."""

from app.assistant.asking import Asking
from app.assistant.filling import missing
from app.assistant.schemas import Intent, Slots, Understood
from app.assistant.slots.references import THIS
from app.assistant.turn_words import turn_words
from app.errors import InvalidInput, NotFound
from app.identity.store import IdentityStore
from app.privacy.redaction import is_redacted, redact
from app.schema import Lang
from app.text.normalise import normalise

_GROUP = {"segment", "state", "value", "topic"}
"""Slots that say which customers are meant."""
_BARE = 8
"""Characters that may stand around a bare answer: `it is u1`."""
_UNSURE = 0.5


def carried_on(text: str, read: Understood, earlier: Understood | None) -> Understood:
    """The question with what the one before says for it: what was answered to our asking back, or who `they` are."""
    if earlier and _completes(text, read, earlier):
        slots = earlier.slots.model_copy(update=read.slots.model_dump(exclude_none=True))
        return _with(read.model_copy(update={"intent": earlier.intent}), slots)
    if not _says_they(text, read.lang) or _of_group(read.slots):
        return read
    if earlier and earlier.intent is Intent.COMPARE_SEGMENTS:
        return _of_both(read, earlier)
    group = _of_group(earlier.slots) if earlier else {}
    if not group and read.intent is Intent.AUDIENCE_EXPORT:
        return read.model_copy(update={"missing": ("segment",)})  # nobody means everybody by `these`
    return _with(read, read.slots.model_copy(update=group))


def _of_both(read: Understood, earlier: Understood) -> Understood:
    """A question on two groups that were compared: their numbers are compared again, else one has to be named."""
    if read.intent is Intent.SEGMENT_STATS:
        slots = earlier.slots.model_copy(update={"number": read.slots.number})
        return _with(read.model_copy(update={"intent": Intent.COMPARE_SEGMENTS}), slots)
    return read.model_copy(update={"missing": ("segment",)})


def _completes(text: str, read: Understood, earlier: Understood) -> bool:
    """Whether it is hardly more than what we asked back for."""
    said = read.slots.model_dump(mode="json", exclude_none=True)
    wanted = {*earlier.missing, *(_GROUP if "segment" in earlier.missing else ())}
    given = [str(said[slot]) for slot in wanted if slot in said]
    return any(len(text.strip()) - len(value) <= _BARE for value in given) or bool(given and read.confidence < _UNSURE)


def _says_they(text: str, lang: Lang) -> bool:
    words = normalise(text)
    if lang == "zh":
        return any(they in words for they in turn_words(lang).they)
    return not set(words.replace("?", " ").replace(",", " ").split()).isdisjoint(turn_words(lang).they)


def _of_group(slots: Slots) -> dict[str, str]:
    return slots.model_dump(include=_GROUP, exclude_none=True)


def with_customer(understood: Understood, asking: Asking, identity: IdentityStore) -> Understood:
    """The same with our id of the customer who is meant, where one is; a name that finds nobody stays, redacted."""
    slots = understood.slots
    meant = slots.customer
    if meant is None and "customer" not in understood.missing:
        return understood
    if meant in (None, THIS):
        meant = asking.on_screen or _named_before(asking.earlier)
    ours = meant and _our_id(identity, asking.workspace.workspace_id, meant)
    return _with(understood, slots.model_copy(update={"customer": ours}))


def _named_before(earlier: Understood | None) -> str | None:
    """The customer of the question before; nobody where only the mark of an address is left of the name."""
    named = earlier.slots.customer if earlier else None
    return None if named is None or is_redacted(named) else named


def _with(understood: Understood, slots: Slots) -> Understood:
    return understood.model_copy(update={"slots": slots, "missing": missing(understood.intent, slots, on_screen=False)})


def _our_id(identity: IdentityStore, workspace_id: str, ref: str) -> str:
    try:
        return identity.customer(workspace_id, ref).customer_id
    except (NotFound, InvalidInput):
        return redact(ref)  # a phone of nobody's is still somebody's phone
