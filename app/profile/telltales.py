"""What of a stored state tells of leaving, read without the rest: for questions over all customers."""

from datetime import datetime

import msgspec

from app.profile.signs.days import Days
from app.profile.signs.said import Said


class Heard(msgspec.Struct, array_like=True, gc=False):
    """An `Engagement` of which only the words are read; field by field in its order."""

    first_visit: int = 0
    last_visit: int = 0
    gaps: int = 0
    gap_squares: int = 0
    longest_gap: int = 0
    visits: msgspec.Raw = msgspec.Raw()
    pages: msgspec.Raw = msgspec.Raw()
    broad: msgspec.Raw = msgspec.Raw()
    shown: msgspec.Raw = msgspec.Raw()
    reviews: msgspec.Raw = msgspec.Raw()
    rated: msgspec.Raw = msgspec.Raw()
    harsh: msgspec.Raw = msgspec.Raw()
    order: str = ""
    said: Said = msgspec.field(default_factory=Said)


class Telltale(msgspec.Struct, array_like=True, gc=False):
    """A `State` of which only the days and the words are read; field by field in its order."""

    fold_version: int
    taxonomy_hash: str
    last_key: tuple[datetime, datetime, str] | None
    shifts: msgspec.Raw
    interests: msgspec.Raw
    first_at: msgspec.Raw
    last_at: msgspec.Raw
    events: msgspec.Raw
    counts: msgspec.Raw
    topical: msgspec.Raw
    untopical: msgspec.Raw
    visit: msgspec.Raw
    visits: msgspec.Raw
    purchases: msgspec.Raw
    prices: msgspec.Raw
    tallies: msgspec.Raw
    days: Days
    rhythm: msgspec.Raw
    engagement: Heard
