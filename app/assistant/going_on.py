"""Questions that say only what is new, and go on from the one before: "and coffee?", "make it 8000", "why?"."""

from app.assistant.filling import missing
from app.assistant.meanings import OF_CUSTOMERS
from app.assistant.schemas import ABSTAINS, Intent, Slots, Understood
from app.assistant.turn_words import TurnWords, turn_words
from app.schema import Lang
from app.text.normalise import normalise

SURE = 0.9
"""From this share of right readings on a question counts as whole, whatever it begins with."""
_LONGEST: dict[Lang, int] = {"zh": 14, "en": 8}
"""Signs of Han, words of English: what is longer is a whole question."""
_CLASSED = frozenset(("segment", "state", "value"))
_ENDS = "?？!！.。,，~ "
_NEVER = frozenset((*ABSTAINS, Intent.APPROVE_OR_CHANGE_STRATEGY, Intent.COMPARE_SEGMENTS, Intent.DATA_QUALITY))
"""Questions that are not asked again with another word."""
_HAVE_REASONS = frozenset(
    (Intent.FIND_CUSTOMERS, Intent.READ_CUSTOMER, Intent.EXPLAIN_NUMBER, Intent.NEXT_PURCHASE, Intent.SEGMENT_STATS)
)


def asks_again(text: str, read: Understood, earlier: Understood | None) -> bool:
    """Whether it may be the question before with something else in it. What is refused never is."""
    if earlier is None or earlier.intent in _NEVER or read.intent is Intent.OUT_OF_SCOPE:
        return False
    unsure = read.confidence < SURE or read.intent is Intent.AMBIGUOUS
    return unsure and _is_short(text, read.lang) and _says_so(_plain(text), turn_words(read.lang), read.lang)


def with_new(again: Understood, earlier: Understood) -> Understood | None:
    """The question before with what the new words say in place of what they replace; None where they say nothing.

    `again` holds the slots of the new words, read for the intent of the question before.
    """
    new = again.slots.model_dump(exclude_none=True)
    about_one = "customer" in new
    if not new or (earlier.intent in OF_CUSTOMERS and not about_one and "number" not in new):
        return None
    if about_one and earlier.intent in (Intent.FIND_CUSTOMERS, Intent.SEGMENT_STATS, Intent.AUDIENCE_EXPORT):
        return None
    replaced = set(new) | (_CLASSED if _CLASSED & set(new) else set())
    replaced |= _CLASSED | {"topic"} if about_one else set()
    replaced |= {"customer"} if (_CLASSED | {"topic"}) & set(new) else set()
    kept = earlier.slots.model_dump(exclude_none=True, exclude=replaced)
    slots = Slots.model_validate(kept | new)
    return again.model_copy(
        update={"slots": slots, "confidence": SURE, "missing": missing(earlier.intent, slots, on_screen=False)}
    )


def asked_why(text: str, read: Understood, earlier: Understood | None) -> Understood:
    """A bare "why?" as a question about the number that the answer before told; others stay as they are."""
    if earlier is None or earlier.intent not in _HAVE_REASONS or _plain(text) not in turn_words(read.lang).why:
        return read
    number = earlier.slots.number or ("churn_risk" if earlier.slots.state == "leaving" else None)
    slots = earlier.slots.model_copy(update={"number": number})
    lacks = missing(Intent.EXPLAIN_NUMBER, slots, on_screen=False)
    return read.model_copy(
        update={"intent": Intent.EXPLAIN_NUMBER, "slots": slots, "confidence": SURE, "missing": lacks}
    )


def asks_who(text: str, lang: Lang) -> bool:
    """Whether it asks which customers are so, and thus is not about the one talked of before."""
    plain = _plain(text)
    if lang == "zh":
        return any(word in plain for word in turn_words(lang).who)
    return any(f" {word} " in f" {plain} " for word in turn_words(lang).who)


def _says_so(plain: str, words: TurnWords, lang: Lang) -> bool:
    gap = "" if lang == "zh" else " "
    return plain.startswith(tuple(f"{word}{gap}" for word in words.begins)) or plain.endswith(tuple(words.ends))


def _is_short(text: str, lang: Lang) -> bool:
    plain = _plain(text)
    return (len(plain) if lang == "zh" else len(plain.split())) <= _LONGEST[lang]


def _plain(text: str) -> str:
    return normalise(text).strip(_ENDS)
