"""The promo calendar: declared days on which some messages wait, and big sales in which all else is capped.

Days are local days of the workspace. A window holds every year (`06-01`) or once (`2026-04-05`); one that holds every
year may span New Year.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from app.retrieval.schemas import Channel
from app.schema import Frozen
from app.strategy.gate.schemas import Named

_YEARLY = re.compile(r"\d\d-\d\d")
_LEAP_YEAR = 2024
_YEAR = 367


def _known_day(text: str) -> str:
    date.fromisoformat(f"{_LEAP_YEAR}-{text}" if _YEARLY.fullmatch(text) else text)
    return text


Day = Annotated[str, AfterValidator(_known_day)]
"""`MM-DD` for every year, `YYYY-MM-DD` for one."""


class Span(Frozen):
    """Local days from the first to the last, both included."""

    first: Day
    last: Day

    @model_validator(mode="after")
    def _of_one_kind(self) -> "Span":
        """Both ends yearly, or both dated and in order; a `YYYY-MM-DD` is longer than a `MM-DD`."""
        if len(self.first) != len(self.last) or (not self.is_yearly and self.first > self.last):
            raise ValueError("first and last: both MM-DD, or both YYYY-MM-DD with the first not after the last")
        return self

    @property
    def is_yearly(self) -> bool:
        """Whether it comes back every year."""
        return _YEARLY.fullmatch(self.first) is not None

    def holds(self, day: date) -> bool:
        """Whether `day` lies within."""
        if not self.is_yearly:
            return self.first <= day.isoformat() <= self.last
        said = f"{day:%m-%d}"
        if self.first <= self.last:
            return self.first <= said <= self.last
        return said >= self.first or said <= self.last


class Window(Span):
    """Declared days with what they forbid."""

    zh: str
    en: str
    kind: Literal["no_discounts", "silence", "big_sale"]
    """no_discounts: messages with an offer wait; silence: all messages wait; big_sale: fewer messages are allowed."""
    channels: tuple[Channel, ...] = tuple(Channel)
    """Where it holds."""
    zones: tuple[str, ...] = ()
    """IANA zones of the workspaces that keep it; empty: all."""
    max_contacts: Annotated[int, Field(ge=0)] = 1
    """During a big sale: messages within the frequency window, whatever else is allowed."""

    @property
    def named(self) -> Named:
        """Its name in both languages."""
        return Named(self.zh, self.en)

    def is_kept_in(self, zone: ZoneInfo) -> bool:
        """Whether workspaces of this zone keep it."""
        return not self.zones or zone.key in self.zones

    def silences(self, at: datetime, channel: Channel, zone: ZoneInfo, *, with_offer: bool) -> bool:
        """Whether a message on `channel` must wait at `at`."""
        stops = self.kind == "silence" or (self.kind == "no_discounts" and with_offer)
        return stops and channel in self.channels and self.is_kept_in(zone) and self.holds(at.astimezone(zone).date())

    def over_at(self, at: datetime, zone: ZoneInfo) -> datetime:
        """The first local midnight after `at` on a day outside of it; a year later where there is none."""
        day = at.astimezone(zone).date()
        days = (day + timedelta(days=ahead) for ahead in range(1, _YEAR))
        over = next((found for found in days if not self.holds(found)), day + timedelta(days=_YEAR))
        return datetime.combine(over, time(), tzinfo=zone)


class Occasion(Span):
    """A festival or season that copy may name only around it."""

    words: Annotated[tuple[str, ...], Field(min_length=1)]


class Calendar(Frozen):
    """All declared windows and occasions."""

    windows: tuple[Window, ...] = ()
    occasions: tuple[Occasion, ...] = ()

    def silencing(self, at: datetime, channel: Channel, zone: ZoneInfo, *, with_offer: bool) -> Window | None:
        """The first window for which a message on `channel` must wait at `at`."""
        return next((w for w in self.windows if w.silences(at, channel, zone, with_offer=with_offer)), None)

    def sale_at(self, at: datetime, zone: ZoneInfo) -> Window | None:
        """The big sale that is on, the one that allows least."""
        day = at.astimezone(zone).date()
        found = (w for w in self.windows if w.kind == "big_sale" and w.is_kept_in(zone) and w.holds(day))
        return min(found, key=lambda w: w.max_contacts, default=None)

    def out_of_season(self, text: str, day: date) -> Iterator[str]:
        """The occasions that a text names though they are not near on `day`."""
        said = text.lower()
        for occasion in self.occasions:
            if not occasion.holds(day):
                yield from (word for word in occasion.words if word.lower() in said)
