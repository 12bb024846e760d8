"""Which of several equal wordings is used: always the same for a customer and a place, and not the one just used."""

from typing import Final, TypeVar
from zlib import crc32

from app.schema import Lang

_T = TypeVar("_T")
_OPENING: Final[dict[Lang, int]] = {"zh": 2, "en": 0}
"""Characters by which openings are compared; 0: the first word."""


class Variety:
    """Remembers what was used last in one text."""

    def __init__(self, customer_id: str, lang: Lang) -> None:
        """Another customer begins elsewhere, so that two texts side by side do not look alike."""
        self._seed, self._lang = crc32(customer_id.encode()), lang
        self._turns: dict[str, int] = {}
        self.last_opening = ""

    def pick(self, name: str, variants: tuple[_T, ...]) -> _T:
        """The next wording of this name: all are used in turn."""
        turn = self._turns.get(name)
        if turn is None:
            turn = crc32(name.encode(), self._seed)
        self._turns[name] = turn + 1
        return variants[turn % len(variants)]

    def repeats(self, text: str) -> bool:
        """Whether a sentence would open as the one before it did."""
        return self.opening(text) == self.last_opening

    def used(self, text: str) -> None:
        """This sentence comes next."""
        self.last_opening = self.opening(text)

    def opening(self, text: str) -> str:
        """What a reader hears first."""
        length = _OPENING[self._lang]
        return text[:length] if length else text.partition(" ")[0].rstrip(",:")
