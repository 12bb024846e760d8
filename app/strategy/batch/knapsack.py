"""Who gets something under a budget: the largest expected profit per amount spent first.

A 0/1 knapsack, filled greedily by profit / cost (Dantzig 1957, "Discrete-variable extremum problems", Operations
Research 5, 266-288). The relaxation in which a part of one item may be taken bounds what any choice could reach; greedy
misses it by less than the largest single profit. Messages that cost nothing come first; ties by profit, then by key.

Whoever is held out is planned as everybody else and costs nothing. Whether somebody is planned does not depend on
their own draw, so those held out stay comparable with those who get something.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from app.retrieval.schemas import Channel

Left = Literal["budget", "channel_full"]
"""Why somebody who would pay gets nothing."""


class Item(NamedTuple):
    """One customer's message."""

    key: str
    profit: float
    """Expected, minor units, after its cost."""
    cost: float
    """Expected, minor units, >= 0."""
    channel: Channel
    held: bool = False


class Filled(NamedTuple):
    """What became of everybody."""

    taken: list[Item]
    """Best first, those held out among them."""
    left: dict[str, Left]
    spent: float
    """By those who are not held out."""
    bound: float
    """No choice of those who are not held out could be expected to bring more profit under this budget."""


def fill(items: Iterable[Item], budget: float, limits: Mapping[Channel, int]) -> Filled:
    """Fill the budget (minor units); `limits` caps the messages of a channel, those held out not counted."""
    ordered = sorted(items, key=_rank)
    taken: list[Item] = []
    left: dict[str, Left] = {}
    sent: Counter[Channel] = Counter()
    spent = 0.0
    for item in ordered:
        if sent[item.channel] >= limits.get(item.channel, len(ordered)):
            left[item.key] = "channel_full"
        elif spent + item.cost > budget:
            left[item.key] = "budget"
        else:
            taken.append(item)
            if not item.held:
                spent += item.cost
                sent[item.channel] += 1
    return Filled(taken, left, spent, _bound([item for item in ordered if not item.held], budget))


def _rank(item: Item) -> tuple[float, float, str]:
    return -item.profit / item.cost if item.cost > 0 else float("-inf"), -item.profit, item.key


def _bound(ordered: Sequence[Item], budget: float) -> float:
    """The relaxation: in order, and of the first that does not fit the part that does."""
    total, room = 0.0, budget
    for item in ordered:
        if item.profit <= 0:
            continue
        if item.cost > room:
            return total + item.profit * room / item.cost
        total, room = total + item.profit, room - item.cost
    return total
