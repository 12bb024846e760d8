"""Does a story name what is true of its customer? A question is asked only where the oracle could tell the answer."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import log
from typing import Final, NamedTuple

from app.insights.schemas import ProfileStory
from app.narrative.schemas import Claim, Predicate
from app.text.taxonomy import Taxonomy
from evals.ceilings.tellable import Life, Tellable
from evals.scorers.predictions import level
from evals.scorers.story_text import Says, says

RECENT: Final = timedelta(days=90)
"""How long what happened in a life is asked about; readings of what somebody wrote are told no longer."""
_FLOOR: Final = 0.02
_READINGS: Final = {
    "a child is born": ("infant_at_home", "learning_to_parent"),
    "a first journey with the child": ("warm_trip",),
    "a journey to the sea is planned": ("warm_trip",),
    "a journey to the sea is booked": ("warm_trip",),
    "a birthday in sight": ("choosing_a_gift",),
    "a second flat is furnished": ("settling_in",),
    "a new home": ("settling_in",),
    "a new hobby": ("taking_up_sport", "new_pet"),
    "a shop elsewhere is found": ("losing_patience", "minding_the_price"),
    "the shop disappoints": ("losing_patience", "quality_doubt", "minding_the_price"),
}
"""What happens in a life -> the taxonomy's readings that name it."""

_PARTING: Final = frozenset({"a shop elsewhere is found", "the shop disappoints"})
"""What makes somebody leave."""


class Named(NamedTuple):
    """Which of the questions a story answers rightly; None where nothing is asked."""

    interest: bool | None
    shift_from: bool | None
    shift_to: bool | None
    drifting: bool | None

    @property
    def answered(self) -> list[bool]:
        """The questions that were asked."""
        return [named for named in self if named is not None]

    @property
    def shift(self) -> bool | None:
        """Both ends of the shift."""
        return None if self.shift_from is None else self.shift_from and bool(self.shift_to)

    @property
    def share(self) -> float | None:
        """Share of the questions that are answered rightly."""
        return sum(self.answered) / len(self.answered) if self.answered else None


def named(tellable: Tellable, said: Says) -> Named:
    """What a story names of what could be told."""
    return Named(
        interest=None if tellable.interest is None else tellable.interest in said.interests,
        shift_from=None if tellable.shift is None else tellable.shift[0] in said.went,
        shift_to=None if tellable.shift is None else tellable.shift[1] in said.came,
        drifting=None if tellable.drifting is None else said.drifting is tellable.drifting,
    )


def says_by_words(story: ProfileStory, taxonomy: Taxonomy) -> Says:
    """What the story's text says."""
    return says([sentence.text for sentence in story.sentences], story.lang, taxonomy)


def says_by_claims(story: ProfileStory) -> Says:
    """What the claims that its sentences cite say, whatever the words."""
    by_id = {claim.claim_id: claim for claim in story.claims}
    cited = [by_id[i] for sentence in story.sentences for i in sentence.claim_ids if i in by_id]
    interests = [claim.topic for claim in cited if claim.predicate is Predicate.INTEREST and claim.topic]
    risk = next((claim for claim in cited if claim.predicate is Predicate.CHURN_RISK), None)
    return Says(
        interests=tuple(interests[:3]),
        shifts=tuple((c.topic, c.to_topic) for c in cited if _is_shift(c) and c.topic and c.to_topic),
        came=frozenset(c.to_topic or c.topic or "" for c in cited if _is_change(c) and c.direction == "up"),
        went=frozenset(c.topic for c in cited if _is_change(c) and c.topic and (c.to_topic or c.direction == "down")),
        drifting=None if risk is None else level(risk.value or 0) in ("drifting", "leaving"),
        topics=tuple(dict.fromkeys(claim.topic for claim in cited if claim.topic)),
    )


def _is_shift(claim: Claim) -> bool:
    return claim.predicate is Predicate.INTEREST_SHIFT


def _is_change(claim: Claim) -> bool:
    return claim.predicate in (Predicate.INTEREST_SHIFT, Predicate.TOPIC_CHANGE)


def persona_of(topics: Sequence[str], personas: Mapping[str, Mapping[str, float]]) -> str | None:
    """Who somebody seems to be by the topics named of them: the persona under which they are likeliest."""
    if not topics:
        return None
    return max(personas, key=lambda name: sum(log(_chance(personas[name], topic)) for topic in topics))


def _chance(wants: Mapping[str, float], topic: str) -> float:
    return wants.get(topic, 0.0) / sum(wants.values()) + _FLOOR


def intent_named(life: Life, story: ProfileStory, said: Says, taxonomy: Taxonomy, last: date) -> bool | None:
    """Whether the latest thing that happened in a life is named, by a reading or by what it brought about.

    None where nothing happened lately.
    """
    lately = [event for event in life.truth.life_events if event.on > last - RECENT]
    if not lately:
        return None
    what = lately[-1].what
    readings = [taxonomy.readings[name] for name in _READINGS.get(what, ())]
    words = [reading.zh if story.lang == "zh" else reading.en for reading in readings]
    in_words = any(word.lower() in story.text.lower() for word in words)
    return in_words or any(r.topic in said.came for r in readings) or (what in _PARTING and said.drifting is True)
