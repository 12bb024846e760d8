"""How messages age, so that old outcomes mislead: the same kind tires its readers, and tastes drift.

freshness = tires ** n, n = sum over the earlier messages of the same channel and family of topics of
share * (1 - age / tires_within), where share is the part of its audience that got it. kept = 1 - (1 - k) * day /
drift_days, with k what is left of a channel's or an offer's pull at the end.
"""

from collections import defaultdict
from collections.abc import Iterable
from math import fsum
from typing import NamedTuple

from app.demo.parameters import Ageing
from app.retrieval.schemas import Channel


class Sending(NamedTuple):
    """A message that went out on a day, to a share of the customers it was meant for."""

    day: int
    channel: Channel
    about: str
    share: float


class Wear:
    """What the shop's customers have been told so far."""

    def __init__(self, sendings: Iterable[Sending], ageing: Ageing) -> None:
        """Sort the messages by kind."""
        self._ageing = ageing
        self._family = {topic: name for name, topics in ageing.families.items() for topic in topics}
        self._of_kind: dict[tuple[Channel, str], list[Sending]] = defaultdict(list)
        for sending in sendings:
            self._of_kind[self._kind(sending.channel, sending.about)].append(sending)

    def freshness(self, channel: Channel, about: str, day: int) -> float:
        """Factor on clicks, from 0 to 1; messages of the same day do not tire each other."""
        within = self._ageing.tires_within
        earlier = self._of_kind.get(self._kind(channel, about), [])
        seen = [one.share * (1 - (day - one.day) / within) for one in earlier if 0 < day - one.day < within]
        return float(self._ageing.tires ** fsum(seen))

    def _kind(self, channel: Channel, about: str) -> tuple[Channel, str]:
        return channel, self._family.get(about, about)


def kept(share_at_end: float, day: int, ageing: Ageing) -> float:
    """What a day has left of a pull that falls evenly to `share_at_end`."""
    return 1.0 - (1.0 - share_at_end) * min(1.0, day / ageing.drift_days)
