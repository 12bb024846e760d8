"""One form for text that is to be compared: NFKC, lower case, single spaces."""

import unicodedata


def normalise(text: str) -> str:
    """Full-width to half-width, lower case, runs of white space to one blank."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut with an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
