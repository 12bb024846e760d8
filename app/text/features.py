"""What a text is allowed to say to numbers: a few closed, bounded features, and nothing of the text itself.

Two texts with the same features have the same effect on every number; so no sentence, however cunning, can do more
than move them between their ends.
"""

from enum import StrEnum
from typing import NamedTuple


class Complaint(StrEnum):
    """What somebody says they are dissatisfied with."""

    RECOMMENDATIONS = "recommendations"
    SERVICE = "service"
    QUALITY = "quality"
    PRICE = "price"
    DELIVERY = "delivery"
    OTHER = "other"


class Features(NamedTuple):
    """The bounded features of one text."""

    length: int
    """Characters, at most 500."""
    sentiment: int
    """-2 (angry) .. 2 (delighted)."""
    complaint: Complaint | None
    """Said dissatisfaction, with what."""
    broad: bool
    """A query that names no thing: a wish, an occasion, a person, a place, something to do, a whole category."""
    bargain: bool
    """A query after a low price."""
