"""One form for text that is to be compared: NFKC, lower case, single spaces."""

import re
import unicodedata

_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Full-width to half-width, lower case, runs of white space to one blank."""
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text).lower()).strip()


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut with an ellipsis."""
    text = _SPACES.sub(" ", text).strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
