"""Conclusions of reflections as the fold reads them from their events: bounded, redacted, nothing sensitive."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from app.privacy.redaction import redact
from app.profile.known.sensitivity import may_be_kept
from app.text.normalise import shorten
from app.text.taxonomy import Taxonomy

CONCLUSION = "conclusion"
"""Under this name an event holds a conclusion, and a customer rejects it as any other inference."""
_MOST, _TEXT, _QUOTE, _EVIDENCE, _NAME = 3, 300, 80, 4, 60


class Concluded(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A sentence of a conclusion."""

    text: str
    quote: str | None
    evidence: tuple[str, ...]
    names: tuple[str, ...]
    """Inferences that it rests on: with any of them it is rejected."""
    model: str | None


def concluded(given: Any, at: datetime, taxonomy: Taxonomy) -> Iterator[Concluded]:
    """The sentences of an event's conclusion that may be kept; what cannot be read is none."""
    said = given.get("sentences") if isinstance(given, dict) else None
    for one in said[:_MOST] if isinstance(said, list) else ():
        text, quote = (_line(one.get(name), most) for name, most in (("text", _TEXT), ("quote", _QUOTE)))
        if text and may_be_kept(taxonomy, CONCLUSION, text, at, quote):
            model = _line(given.get("model"), _NAME) or None
            yield Concluded(text, quote or None, _words(one.get("evidence")), _words(one.get("names")), model)


def _line(given: Any, most: int) -> str:
    return shorten(redact(given), most) if isinstance(given, str) else ""


def _words(given: Any) -> tuple[str, ...]:
    return tuple(str(word) for word in given[-_EVIDENCE:]) if isinstance(given, list) else ()
