"""Which queries tell a broad search from a narrow one: the simulator's own phrases, in the shop's vocabulary."""

from typing import NamedTuple

from app.demo.shop import DemoShop
from app.demo.synonyms import synonyms
from app.demo.wording import SearchWords, wording

_JOINTS = (" ", "")


class Queries(NamedTuple):
    """Texts that only a broad, or only a narrow search types. Slips make a text neither."""

    broad: frozenset[str]
    narrow: frozenset[str]


def queries(shop: DemoShop) -> Queries:
    """The phrases of every topic."""
    words, swap = wording(), synonyms(shop.wording).swap
    broad = {swap(query) for of in words.searches.values() for query in of.broad}
    narrow = {swap(query) for of in words.searches.values() for query in _narrow(of, words.wants)}
    return Queries(frozenset(broad - narrow), frozenset(narrow - broad))


def _narrow(of: SearchWords, wants: tuple[str, ...]) -> list[str]:
    named = [thing + joint + want for thing in of.things for joint in _JOINTS for want in wants]
    return [*of.narrow, *named]
