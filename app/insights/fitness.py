"""Why a text may not be shown whatever it stands on: length, layout, links, personal data, sensitive words."""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from app.insights.lexicon import any_of
from app.privacy.redaction import redact
from app.text.normalise import normalise

MAX_SENTENCE = 300
"""Characters of one sentence."""


def unfit(text: str, forbidden: Collection[str] = ()) -> str | None:
    """Why a text may not be shown whatever it stands on: length, layout, links, personal data, sensitive words."""
    if not text.strip() or len(text) > MAX_SENTENCE:
        return f"it is empty or longer than {MAX_SENTENCE} characters"
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in text):
        return "it holds control or invisible characters"
    if _MARKUP.search(text):
        return "it holds markup"
    if _LINK.search(normalise(text)):
        return "it holds a link"
    if redact(text) != text:
        return "it holds personal data"
    if mentions(text, forbidden):
        return "it touches the sensitivity list"
    return None


_MARKUP = re.compile(r"[<>](?!\d)|[`{}\\|]|\]\(|!\[|&#?\w+;|^\s*[#*\-] ")
_LINK = re.compile(r"\w+://|www\.|(?<![a-z0-9.])[a-z0-9\-]{2,}(?:\.[a-z0-9\-]+)*\.[a-z]{2,}(?![a-z])")


def mentions(text: str, words: Collection[str]) -> bool:
    """Whether any of `words` stands in `text`; spaces between Han characters do not hide one."""
    if not words:
        return False
    plain = normalise(text)
    pattern = _forms_of(tuple(words))
    return bool(pattern.search(plain) or pattern.search(HAN_GAP.sub("", plain)))


HAN_GAP = re.compile(r"(?<=[\u3400-\u9fff])[^\w，。；：、！？（）]+(?=[\u3400-\u9fff])")
"""What may stand between two Han characters to break a word apart."""


@lru_cache(maxsize=8)
def _forms_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of `words`, English ones also in the plural."""
    plain = [normalise(word) for word in words]
    return any_of([*plain, *(word + ending for word in plain if word.isascii() for ending in ("s", "es"))])
