"""What rules hand on: a value, and the facts of what was changed. Words for them are in the wording files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from app.retrieval.schemas import Channel

T = TypeVar("T")


class Rule(StrEnum):
    """The rules of the gate, in the order in which they apply."""

    SUPPRESSION = "suppression"
    COMPLAINT = "complaint"
    RELEVANCE = "relevance"
    CONSENT = "consent"
    FREQUENCY = "frequency"
    CHANNEL_FREQUENCY = "channel_frequency"
    BIG_SALE = "big_sale"
    BUDGET = "budget"
    OFFER_CAP = "offer_cap"
    OFFER_WITHHELD = "offer_withheld"
    QUIET_HOURS = "quiet_hours"
    CALENDAR = "calendar"
    NO_MOMENT = "no_moment"
    SENSITIVITY = "sensitivity"
    PROMISE = "promise"
    OCCASION = "occasion"
    FOREIGN_CHANNEL = "foreign_channel"
    FOREIGN_OFFER = "foreign_offer"
    FOREIGN_CAMPAIGN = "foreign_campaign"
    FOREIGN_CLAIM = "foreign_claim"
    WORDING = "wording"
    SIGNATURE = "signature"
    UNSUBSCRIBE = "unsubscribe"
    LENGTH = "length"
    STATUS = "status"


@dataclass(frozen=True)
class Amount:
    """Money among the facts of a firing."""

    minor: float


@dataclass(frozen=True)
class Share:
    """A share among the facts of a firing."""

    value: float


@dataclass(frozen=True)
class Named:
    """A name that the policy gives in both languages."""

    zh: str
    en: str


Fact = int | Amount | Share | Named | time | date | tuple[Channel, ...] | tuple[Named, ...] | tuple[str, ...]


class Firing(NamedTuple):
    """A rule that changed something, with the facts that its sentence tells."""

    rule: Rule
    facts: Mapping[str, Fact]


class Ruling(NamedTuple, Generic[T]):
    """What a rule leaves, and whether it fired."""

    value: T
    fired: tuple[Firing, ...] = ()
