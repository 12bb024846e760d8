"""What all claims are made with: their ids, directions and quotations."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from app.narrative.schemas import Claim, Period, QueryRef
from app.privacy.quoting import quotable
from app.text.normalise import shorten
from app.text.taxonomy import Taxonomy

QUOTE_LENGTH = 60
"""Characters of a customer's own words that a claim may carry."""


def made(evidence: tuple[str, ...] = (), query_ref: QueryRef | None = None, **said: Any) -> Claim:
    """A claim of these fields under an id that is a hash of what it says, whoever looked up its evidence."""
    claim_id = "k_" + hashlib.sha256(_ENCODER.encode(_Said(**said))).hexdigest()[:10]
    return Claim.unchecked(claim_id=claim_id, evidence=evidence, query_ref=query_ref, **said)


def _plain(period: Period) -> tuple[datetime, datetime]:
    return period.start, period.end


_LOOKED_UP = frozenset({"claim_id", "evidence", "query_ref"})
_Said = msgspec.defstruct(
    "_Said", [(name, Any, None) for name in sorted(Claim.model_fields) if name not in _LOOKED_UP], omit_defaults=True
)
"""What a claim says, by name; what it does not say is not written."""
_ENCODER = msgspec.json.Encoder(enc_hook=_plain)


def direction_of(value: float | None, before: float | None) -> str:
    """Where a value lies from the one that it is compared with."""
    if value is None or before is None or value == before:
        return "flat"
    return "up" if value > before else "down"


def quote_of(text: str | None, taxonomy: Taxonomy) -> str | None:
    """A text as a claim may quote it; None where it touches the sensitivity list."""
    if not text or taxonomy.forbidden_in(text):
        return None
    return shorten(quotable(text), QUOTE_LENGTH).rstrip("。.")
