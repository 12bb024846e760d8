"""The guards of the identity graph, read from `rules.yaml`: a small file that an operator can read and change."""

import re
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError, model_validator

from app.errors import InvalidInput
from app.schema import Frozen

RULES = Path(__file__).with_name("rules.yaml")
OTHER = "other"
"""Stands for every type that the file does not name."""

Weight = Annotated[float, Field(gt=0, le=1)]
Count = Annotated[int, Field(ge=1)]


class Handover(Frozen):
    """How a type passes from one person to the next."""

    quiet_days: Count
    """Days for which the former owner must not have been seen with it."""
    most_owners: Count
    """With more owners than this it names nobody."""


class Rules(Frozen):
    """The whole file. Limits that are absent do not limit."""

    strength: dict[str, Weight]
    """Type -> how far it names one person; the order of the file is the order in which types name an event."""
    sealed: frozenset[str] = frozenset()
    """Types whose values are kept as HMAC."""
    per_person: dict[str, Count] = Field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    """Types that link to one person and never join two."""
    hubs: dict[str, dict[str, Count]] = Field(default_factory=dict)
    """Type -> other types (or `any`) -> with how many of them it may be seen before it names nobody."""
    most_members: Count | None = None
    yields_to: Annotated[float, Field(ge=1)] = 1.5
    """How many times as strong a new link must be, so that what stands in its way is taken back."""
    handover: dict[str, Handover] = Field(default_factory=dict)
    blocked: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Type, or `any`, -> regular expressions of values that name nobody."""

    @model_validator(mode="after")
    def _hangs_together(self) -> "Rules":
        if OTHER not in self.strength:
            raise ValueError(f"strength needs a line for {OTHER!r}")
        if loose := sorted(self.handover.keys() - self.sealed):
            raise ValueError(f"handover of {loose[0]!r}: only sealed types are handed over")
        for pattern in (pattern for group in self.blocked.values() for pattern in group):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"blocked: {pattern!r} is no regular expression ({error})") from None
        return self

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {kind: rank for rank, kind in enumerate(self.strength)}

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        common = self.blocked.get("any", ())
        kinds = self.blocked.keys() - {"any"}
        found = {kind: _either((*common, *self.blocked[kind])) for kind in kinds}
        return found | {OTHER: _either(common)}

    def rank(self, kind: str) -> int:
        """0 for the type that names an event before all others."""
        return self._ranks.get(kind, self._ranks[OTHER])

    def place(self, kind: str, name: str) -> tuple[int, str, str]:
        """Sorts names as an event has them: strongest first, those of one rank by type."""
        return (self.rank(kind), kind, name)

    def weight(self, kind: str) -> float:
        """How far a type alone names one person."""
        return self.strength.get(kind, self.strength[OTHER])

    def blocks(self, kind: str, value: str) -> bool:
        """Whether a value names nobody."""
        return self._patterns.get(kind, self._patterns[OTHER]).fullmatch(value.lower()) is not None

    def hub_limits(self, kind: str) -> dict[str, int]:
        """The degree breaker of a type; a known type that the file does not limit has none."""
        return self.hubs.get(kind if kind in self.strength else OTHER, {})


def _either(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One pattern that each of the others fits; group references are counted anew."""
    return re.compile("|".join(_renumbered(patterns)) or r"(?!)", re.DOTALL)


def _renumbered(patterns: tuple[str, ...]) -> list[str]:
    found, groups = list[str](), 0
    for pattern in patterns:
        shifted = re.sub(r"\\([1-9])", lambda match, by=groups: f"\\{int(match[1]) + by}", pattern)  # type: ignore[misc]
        found.append(f"(?:{shifted})")
        groups += re.compile(pattern).groups
    return found


def load_rules(path: Path = RULES) -> Rules:
    """The rules in a file; InvalidInput, one line, when it cannot be read or does not hang together."""
    try:
        return Rules.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise InvalidInput(f"cannot read the identity rules {path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise InvalidInput(f"identity rules {path.name}: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise InvalidInput(f"identity rules {path.name}: {where}: {first['msg']}") from None


@lru_cache(maxsize=1)
def shipped_rules() -> Rules:
    """The rules in the box."""
    return load_rules()
