"""What an item is called in a sentence."""

from collections.abc import Mapping
from functools import lru_cache

from app.events.schemas import Item


def title_of(items: Mapping[str, Item], item_id: str) -> str:
    """What the item is called, or its id; catalogue shouting is toned down."""
    item = items.get(item_id)
    return (readable(item.title) if item else "") or item_id


@lru_cache(maxsize=20_000)
def readable(title: str) -> str:
    """One line, no capitals throughout, no comma left over at the end."""
    title = " ".join(title.split()).rstrip(" ,;")
    return _toned_down(title) if _shouts(title) else title


def _shouts(title: str) -> bool:
    letters = [c for c in title if c.isalpha()]
    return title.isascii() and len(letters) >= 8 and sum(c.isupper() for c in letters) >= 0.8 * len(letters)


def _toned_down(title: str) -> str:
    """Lower case with a capital; words with digits in them (sizes, models) stay as they are."""
    words = [word if any(c.isdigit() for c in word) else word.lower() for word in title.split()]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])
