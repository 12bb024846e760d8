"""What the customer wrote: a quote must be the text's own words, a reading one that the taxonomy allows."""

import re

from app.narrative.schemas import Claim
from evals.scorers.meanings.known import Found, Known, Meaning, cited_row

_REDACTED = re.compile(r"\[[^\[\]]{1,24}\]|\*{2,}|…")


def said(kind: str) -> Meaning:
    """One event of a kind, quoted; the value of a review is its rating."""

    def meaning(claim: Claim, known: Known) -> Found | None:
        row = cited_row(claim, known)
        if row is None or row.kind != kind or not quotes(claim.quote, row.text):
            return None
        return Found(row.rating if kind == "review" else None, [row], at=row.at)

    return meaning


def intent(claim: Claim, known: Known) -> Found | None:
    """A reading of a text of a kind that may be read so."""
    row, reading = cited_row(claim, known), known.taxonomy.readings.get(claim.reading or "")
    if row is None or reading is None or row.text is None or not quotes(claim.quote, row.text):
        return None
    holds = claim.reading in known.taxonomy.readings_in(row.text) and row.kind in reading.kinds
    return Found(None, [row], at=row.at, also={"confidence": reading.confidence, "name": row.kind}) if holds else None


def quotes(quote: str | None, text: str | None) -> bool:
    """Whether a quote is the text's own words, in order, but for redactions and an ellipsis at its end."""
    if not quote or not text:
        return False
    rest = _plain(text)
    for piece in filter(None, map(_plain, _REDACTED.split(quote))):
        _, found, rest = rest.partition(piece)
        if not found:
            return False
    return True


def _plain(text: str) -> str:
    return " ".join(text.split())
