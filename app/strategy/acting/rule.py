"""What knowledge_base/policy.yaml declares about when to act; `curve.py` says what follows from it."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from app.insights.predictions import Concern
from app.schema import Frozen, Lang

Chance = Annotated[float, Field(gt=0, lt=1)]


class Level(StrEnum):
    """How strongly one reaches out. It decides priority and effort, never the terms of an offer."""

    NONE = "none"
    LIGHT = "light"
    """A message."""
    STRONG = "strong"
    """Somebody of the team, in person."""


class Rest(Frozen):
    """How long a customer is left alone after a contact."""

    gaps: Annotated[float, Field(ge=0)]
    """So many of their own usual gaps between purchases ..."""
    least_days: Annotated[int, Field(ge=0)]
    """... and never less than this."""


class Touch(Frozen):
    """One level of contact."""

    at_median: Chance
    """The churn risk from which it pays for a customer of median value."""
    cost_minor: Annotated[float, Field(ge=0)]
    """What one contact costs, minor units."""
    annoyance: Annotated[float, Field(ge=0, lt=1)]
    """Share of their margin that a customer who is not leaving takes away when they are bothered."""
    rest: Rest


class Bounds(Frozen):
    """Thresholds never leave these, however much or little somebody is worth."""

    least: Chance
    most: Annotated[float, Field(gt=0, le=1)]


class Team(Frozen):
    """Who makes the contacts of one level, and how many a day."""

    team: Annotated[str, Field(min_length=1, pattern=r"^[a-z0-9_]+$")]
    zh: str
    en: str
    level: Level
    per_day: Annotated[int, Field(ge=0)]

    def name(self, lang: Lang) -> str:
        """What people call it."""
        return self.zh if lang == "zh" else self.en


class ActingRule(Frozen):
    """The `acting` block of the policy."""

    light: Touch
    strong: Touch
    bounds: Bounds
    longest_rest_days: Annotated[int, Field(ge=1)]
    """Nobody is left alone for longer, however slow their rhythm."""
    teams: Annotated[tuple[Team, ...], Field(min_length=1)]

    @property
    def concern(self) -> Concern:
        """What stories say of a churn risk: the thresholds at median value, and the least that any threshold can be."""
        return Concern(self.bounds.least, self.light.at_median, self.strong.at_median)

    def touch(self, level: Level) -> Touch:
        """What is declared of one level; `none` has nothing."""
        return self.strong if level is Level.STRONG else self.light

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        light, strong, bounds = self.light, self.strong, self.bounds
        if not bounds.least <= light.at_median <= strong.at_median <= bounds.most:
            raise ValueError("need bounds.least <= light.at_median <= strong.at_median <= bounds.most")
        if light.cost_minor + light.annoyance <= 0:
            raise ValueError("light needs a cost or an annoyance: what costs nothing pays at any risk")
        more = (strong.cost_minor - light.cost_minor, strong.annoyance - light.annoyance)
        if min(more) < 0 or max(more) <= 0:
            raise ValueError("strong must cost or annoy more than light, and neither less")
        if len({team.team for team in self.teams}) < len(self.teams):
            raise ValueError("two teams have the same name")
        if any(team.level is Level.NONE for team in self.teams):
            raise ValueError("a team's level is light or strong")
        return self
