"""Interests again: every act with its impact, faded to the moment of the claim, topic by topic.

Within one visit the strongest act on a topic counts in full and each further one a tenth; in a visit that a campaign
brought about acts count half; a review counts by its mood. What was shown and looked at neither in that visit nor in
the next counts a little against its topic (of the last eight shown). No weight falls below zero.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import log2
from typing import NamedTuple

from app.narrative.schemas import Claim
from app.text.taxonomy import Taxonomy
from evals.scorers.ledger import Row
from evals.scorers.meanings.known import Found, Known
from evals.scorers.meanings.visits import Placed

ACTS = frozenset(
    {"view", "media", "search", "favourite", "cart_add", "cart_remove", "order", "refund", "review", "share"}
)
LONG_S, FURTHER, INVITED, SHOWN = 60, 0.1, 0.5, 8
FORGOTTEN_AFTER = timedelta(days=14)


class Topic:
    """The weight of one topic as it stood at its last change."""

    def __init__(self, half_life_days: float, threshold: float) -> None:
        self.half_life_days, self.threshold = half_life_days, threshold
        self.weight, self.changed = 0.0, datetime.min
        self.at: datetime | None = None
        self.raised_by: list[Row] = []
        self.sunk: list[datetime] = []
        """Since when it was below the threshold, each time that it was so for two weeks and then came back."""
        self._visit, self._strongest = 0, 0.0

    def at_time(self, moment: datetime) -> float:
        """The weight at a later moment."""
        if not self.weight:
            return 0.0
        return float(self.weight * 2 ** (-((moment - self.changed) / timedelta(days=1)) / self.half_life_days))

    def add(self, amount: float, moment: datetime) -> None:
        """Fade, and add."""
        if self.weight and moment - self.sank() >= FORGOTTEN_AFTER:
            self.sunk.append(self.sank())
        self.weight, self.changed = max(self.at_time(moment) + amount, 0.0), moment

    def act(self, amount: float, placed: Placed) -> None:
        """An act of the customer; what is further in its visit counts a tenth."""
        before = self._strongest if placed.visit and placed.visit == self._visit else 0.0
        counts = amount
        if placed.visit and amount > 0:
            counts = max(amount - before, 0.0) + FURTHER * min(amount, before)
            self._visit, self._strongest = placed.visit, max(amount, before)
        if amount > 0:
            self.raised_by.append(placed.row)
        self.at = placed.row.at
        self.add(counts, placed.row.at)

    def sank(self) -> datetime:
        """Since when the weight is below the threshold, if nothing more happens."""
        days = self.half_life_days * log2(self.weight / self.threshold) if self.weight > self.threshold else 0.0
        return self.changed + timedelta(days=days)


class _Shown(NamedTuple):
    item: str
    topic: str
    visit: int


def interest(claim: Claim, known: Known) -> Found | None:
    """The topic's weight, and its share of all that is not forgotten."""
    topics = standing(known)
    topic = topics.get(claim.topic or "")
    if topic is None:
        return None
    weight = topic.at_time(known.as_of)
    total = sum(one.at_time(known.as_of) for one in topics.values())
    return Found(weight / total, topic.raised_by, newest=True, at=topic.at, also={"weight": weight})


def standing(known: Known) -> Mapping[str, Topic]:
    """The topics that are not forgotten: positive, and not below the threshold for two weeks."""
    return {
        name: topic
        for name, topic in replayed(known).items()
        if topic.weight > 0 and known.as_of - topic.sank() < FORGOTTEN_AFTER
    }


def replayed(known: Known) -> Mapping[str, Topic]:
    """Every topic after all acts."""
    topics: dict[str, Topic] = {}
    shown: list[_Shown] = []
    for placed in known.placed:
        row = placed.row
        if placed.begins:
            over = [one for one in shown if one.visit + 1 < placed.visit]
            for one in over:
                if one.topic in topics:
                    topics[one.topic].add(known.taxonomy.impact("ignored"), row.at)
            shown = [one for one in shown if one not in over]
        if row.kind == "impression" and row.item_id and row.topics and placed.visit:
            if all(one.item != row.item_id for one in shown):
                shown = [*shown, _Shown(row.item_id, row.topics[0], placed.visit)][-SHOWN:]
        elif row.kind in ACTS and row.topics:
            _act(topics, placed, known.taxonomy)
            if row.kind == "view":
                shown = [one for one in shown if one.item != row.item_id]
    return topics


def _act(topics: dict[str, Topic], placed: Placed, taxonomy: Taxonomy) -> None:
    amount = impact(placed, taxonomy) / len(placed.row.topics)
    for name in placed.row.topics if amount else ():
        topics.setdefault(name, Topic(taxonomy.half_life_days(name), taxonomy.forget_below)).act(amount, placed)


def impact(placed: Placed, taxonomy: Taxonomy) -> float:
    """What one act says, by what was done."""
    row = placed.row
    match row.kind:
        case "view":
            dwell = row.properties.get("dwell_s")
            amount = taxonomy.impact("long_view" if isinstance(dwell, int | float) and dwell >= LONG_S else "view")
        case "media":
            amount = taxonomy.impact("zoom" if row.properties.get("action") == "zoom" else "swipe")
        case "review":
            amount = taxonomy.impact("review") * _mood(row, taxonomy)
        case kind:
            amount = taxonomy.impact(kind)
    return amount * INVITED if placed.invited and placed.visit else amount


def _mood(row: Row, taxonomy: Taxonomy) -> float:
    """-1 to 1: what the text says, else the stars from 1 to 5."""
    sentiment = taxonomy.features(row.text).sentiment if row.text else 0
    if sentiment:
        return sentiment / 2
    return (row.rating - 3) / 2 if row.rating is not None and 1 <= row.rating <= 5 else 0.0
