"""What is left of a price once the goods are paid, by topic, from the catalogue's own prices and costs."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from app.events.schemas import Item
from app.strategy.gate.policy import Policy
from app.text.taxonomy import Taxonomy


class Goods(NamedTuple):
    """Items of one topic: how many, and of those with a price and a cost the sums of both, in minor units."""

    items: int = 0
    costed: int = 0
    price_sum: int = 0
    cost_sum: int = 0

    def plus(self, other: "Goods") -> "Goods":
        """Both together."""
        return Goods(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class Margin(NamedTuple):
    """A share of the price, and what it stands on."""

    share: float
    costed: int = 0
    """Items whose cost is known and that it was taken from; 0 when it is the policy's declared default."""

    @property
    def is_assumed(self) -> bool:
        """Whether it is declared, not known."""
        return self.costed == 0


class Margins(NamedTuple):
    """A catalogue's goods by topic; an item without a topic counts among all only."""

    by_topic: Mapping[str, Goods] = MappingProxyType({})
    all: Goods = Goods()

    def of(self, topics: Iterable[str], policy: Policy) -> Margin:
        """The margin of the items that an offer about `topics` applies to; about none in particular: of all.

        (sum of prices - sum of costs) / sum of prices over the items with both; the declared default when the costs
        of fewer than the policy's share of the items are known.
        """
        wanted = tuple(topics)
        goods = Goods()
        for topic in wanted:
            goods = goods.plus(self.by_topic.get(topic, Goods()))
        if not wanted:
            goods = self.all
        if goods.price_sum <= 0 or goods.costed < policy.offer.min_costed_share * goods.items:
            return Margin(policy.default_margin)
        return Margin((goods.price_sum - goods.cost_sum) / goods.price_sum, goods.costed)


def margins_of(items: Iterable[Item], taxonomy: Taxonomy) -> Margins:
    """Prices and costs of a catalogue summed by each item's main topic."""
    by_topic: dict[str, Goods] = {}
    total = Goods()
    for item in items:
        known = item.cost is not None and item.price is not None and item.price > 0
        goods = Goods(1, int(known), (item.price or 0) * known, (item.cost or 0) * known)
        total = total.plus(goods)
        for topic in taxonomy.topics_of_item(item.title, item.category_path)[:1]:
            by_topic[topic] = by_topic.get(topic, Goods()).plus(goods)
    return Margins(by_topic, total)


UNKNOWN = Margins()
"""A catalogue of which nothing is known."""
