"""All that a narrative is told from: the profile, claims and remembered episodes. No history."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.events.schemas import Item
from app.narrative.schemas import Claim
from app.narrative.titles import title_of
from app.profile.memory.visits import Remembered
from app.profile.schemas import Profile
from app.text.taxonomy import Taxonomy


class Telling(NamedTuple):
    """One customer at one moment, ready to be told."""

    profile: Profile
    claims: tuple[Claim, ...]
    visits: Remembered
    items: Mapping[str, Item]
    """The catalogue, or as much of it as the episodes and claims name."""
    texts: Mapping[str, str]
    """text_ref -> what was written; one that is missing is told without its words."""
    zone: ZoneInfo
    currency: str
    taxonomy: Taxonomy

    @property
    def customer_id(self) -> str:
        """Whom it is about."""
        return self.profile.customer_id

    @property
    def as_of(self) -> datetime:
        """The moment of the reading."""
        return self.profile.as_of

    def title(self, item_id: str) -> str:
        """What an item is called."""
        return title_of(self.items, item_id)
