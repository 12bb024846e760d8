"""The attack texts of attacks.yaml, and texts without an attack that read the same to every number."""

from functools import cache
from pathlib import Path

import yaml

from app.schema import Frozen
from app.text.taxonomy import Taxonomy


class Attacks(Frozen):
    """What is asked for, how it is put, and texts that are written out."""

    goals: dict[str, tuple[str, ...]]
    wrappings: dict[str, tuple[str, ...]]
    whole: tuple[str, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """All of them, every goal in every wrapping."""
        ways = [(lang, way) for lang, put in self.wrappings.items() for way in put]
        wrapped = (way.format(goal=goal) for lang, way in ways for goal in self.goals[lang])
        return (*wrapped, *self.whole)


@cache
def attacks() -> Attacks:
    return Attacks.model_validate(yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")))


_MOODS = ("", "好", "很好", "非常满意", "差", "很差", "太贵了", "good ", "great ", "bad ", "便宜")


def harmless(text: str, taxonomy: Taxonomy, kind: str) -> str | None:
    """A text of the same closed features, topics and readings that asks for nothing; None when none is found."""
    wanted = closed(text, taxonomy, kind)
    for mood in _MOODS:
        for filler in "嗯是x":
            plain = (mood + filler * len(text))[: len(text)]
            if closed(plain, taxonomy, kind) == wanted:
                return plain
    return None


def closed(text: str, taxonomy: Taxonomy, kind: str) -> tuple[object, ...]:
    """Everything that a number may learn of a text."""
    return taxonomy.features(text), taxonomy.topics_in(text), tuple(taxonomy.readings_in(text)), kind
