"""How well identifiers were put together: pairs, against the known owners.

An item is an identifier in the hands of one set of owners: a shared device has two owners at once and is one item; a
number that was recycled is two items, one for each owner's time; a name of nobody has no owner. A pair of items is
true when they have an owner in common, and predicted when one customer holds both (each at the last moment at which
its owners were seen with it). Precision = true among predicted, recall = predicted among true.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from evals.intervals import wilson
from evals.task import Metric


class Item(NamedTuple):
    """One identifier with those whose it truly is (nobody's: empty), and the customer who was given it."""

    owners: frozenset[int]
    customer: str


def pair_metrics(items: Iterable[Item], prefix: str = "") -> dict[str, Metric]:
    """Precision, recall and the largest customer over the largest person.

    The intervals are Wilson's over pairs; pairs of one person hang together, so they are too narrow for other worlds.
    """
    items = list(items)
    predicted = _pairs(items, lambda item: (item.customer,))
    true = _pairs(items, lambda item: tuple(item.owners))
    both = len(predicted & true)
    sizes = Counter(item.customer for item in items)
    persons = Counter(owner for item in items for owner in item.owners)
    ratio = max(sizes.values()) / max(persons.values())
    return {
        f"{prefix}pairwise_precision": wilson(both, len(predicted)),
        f"{prefix}pairwise_recall": wilson(both, len(true)),
        f"{prefix}largest_cluster_ratio": Metric(ratio, None, None, len(sizes)),
    }


def _pairs(items: list[Item], groups_of: Callable[[Item], Sequence[str | int]]) -> set[tuple[int, int]]:
    groups: defaultdict[str | int, list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        for group in groups_of(item):
            groups[group].append(number)
    return {pair for members in groups.values() for pair in combinations(members, 2)}
