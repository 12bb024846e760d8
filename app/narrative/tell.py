"""The whole narrative of one customer, from state only: who this is, what happened, what changed, what may be.

Bounded whatever the history: the claims are few, and episodes are added, best first, while the budget of tokens
allows. The same telling gives the same text, always.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from app.llm.tokens import tokens
from app.narrative.acts import Acts
from app.narrative.budget import DEFAULT_TOKENS
from app.narrative.chronicle import Chronicle, Told
from app.narrative.episodes import chosen
from app.narrative.markers import Markers
from app.narrative.plans import Plan, plans
from app.narrative.render import said_otherwise, sentence_of
from app.narrative.schemas import Claim, Narrative
from app.narrative.speech import Speaker
from app.narrative.telling import Telling
from app.narrative.variety import Variety
from app.narrative.when import When
from app.profile.memory.episodes import event_ids
from app.profile.memory.touches import Key, packed
from app.schema import Lang

_WHO, _HAPPENED, _CHANGED, _MAYBE = range(4)
_PARAGRAPHS: Final = {
    "change": _CHANGED, "topic": _CHANGED, "shift": _CHANGED, "signal": _CHANGED,
    "intent": _MAYBE, "ltv": _MAYBE, "no": _MAYBE, "attribute_inferred": _MAYBE, "attribute_quoted": _MAYBE,
    "searched": _HAPPENED, "carted": _HAPPENED, "reviewed": _HAPPENED, "support": _HAPPENED,
}  # fmt: skip
"""Plan, or the first word of its name -> paragraph; all others say who this is."""
_IMPORTANCE: Final = {
    first: place
    for place, first in enumerate(
        ("opening", "browsing", "interest", "leaning", "signal", "shift", "rfm", "rhythm", "intent", "change", "no",
         "taste", "faded", "prices", "basket", "visit", "habit", "carted", "attribute")
    )
}  # fmt: skip
"""First words of the plans that stay when the budget is small, most important first."""
_TOLD_BY_EPISODES: Final = frozenset({"searched", "reviewed", "support"})
"""First words of the plans that episodes make needless."""
_FACTS: Final = 0.55
"""Share of the budget that facts may take; the rest is for what happened."""
_MARKERS: Final = 10
"""Tokens of a sentence's markers, at most."""
_MISSES: Final = 2
"""Sentences too long for what is left after which nothing more is tried."""
_OWN: Final = 0.5
"""Weight of own behaviour below which shares are said to lean on others."""


class Line(NamedTuple):
    """One sentence of facts with what it stands on."""

    plan: Plan
    cost: int
    """Tokens with its markers, at most."""
    text: str
    claims: tuple[Claim, ...]


def tell(telling: Telling, lang: Lang, *, budget: int = DEFAULT_TOKENS) -> Narrative:
    """The narrative: `paragraphs` tell as much as the budget allows, `sentences` are those of the claims in it."""
    speaker = Speaker(telling, lang)
    writer = _Writer(telling, speaker)
    facts, left = writer.facts(budget)
    now = int(telling.as_of.timestamp())
    happened = chosen(telling.visits, telling.claims, writer.chronicle, now=now, budget=left)
    if happened:
        facts = [line for line in facts if line.claims]
    paragraphs, markers = writer.written(facts, happened)
    while (size := _size(paragraphs)) > budget and happened:
        happened = happened[:-1]
        paragraphs, markers = writer.written(facts, happened)
    return Narrative.unchecked(
        customer_id=telling.customer_id,
        as_of=telling.as_of,
        lang=lang,
        claims=telling.claims,
        sentences=tuple(sentence_of(line.text, line.plan.cited) for line in facts),
        paragraphs=paragraphs,
        evidence=markers.all(),
        tokens=size,
    )


class _Writer:
    """Puts facts and episodes into paragraphs; no sentence opens as the one before it."""

    def __init__(self, telling: Telling, speaker: Speaker) -> None:
        self._telling, self._speaker = telling, speaker
        self._variety = Variety(telling.customer_id, speaker.lang)
        when = When(telling.as_of.astimezone(telling.zone), speaker.lang)
        self.chronicle = Chronicle(Acts(telling, speaker, self._variety), when)

    def facts(self, budget: int) -> tuple[list[Line], int]:
        """The facts that fit, the most important first, in telling order; and what is left of the budget."""
        subjects = self._subjects()
        left, misses, kept = round(budget * _FACTS), 0, dict[int, Line]()
        for place in sorted(range(len(subjects)), key=lambda n: _importance(subjects[n])):
            line = self._line(subjects[place])
            if line.cost <= left:
                left -= line.cost
                kept[place] = line
            elif (misses := misses + 1) == _MISSES:
                break
        return [kept[place] for place in sorted(kept)], budget - sum(line.cost for line in kept.values())

    def _subjects(self) -> list[Plan]:
        """What there is to say of the claims, and on whose behaviour the profile's shares stand."""
        profile = self._telling.profile
        found = [plan for plan in plans(self._telling.claims, profile.counts) if not self._needless(plan)]
        last = max((n for n, plan in enumerate(found) if plan.name.startswith("interest_")), default=None)
        if last is None or profile.segment is None or profile.own_weight >= _OWN:
            return found
        return [*found[: last + 1], Plan("leaning", found[last].cited), *found[last + 1 :]]

    def _needless(self, plan: Plan) -> bool:
        """Told better by episodes or by the rhythm of orders."""
        telling, first = self._telling, plan.name.partition("_")[0]
        if plan.name == "visit_gap":
            return telling.profile.rhythm.visit_gap_days == telling.profile.usual_gap_days
        return first in _TOLD_BY_EPISODES and bool(telling.visits.episodes)

    def _line(self, plan: Plan) -> Line:
        return _made(plan, said_otherwise(plan, self._speaker, self._variety))

    def written(self, facts: Sequence[Line], happened: Sequence[Told]) -> tuple[tuple[str, ...], Markers]:
        """The paragraphs, and the markers given out in them."""
        markers = Markers(self._speaker.lang)
        paragraphs: list[list[str]] = [[] for _ in range(4)]
        told = frozenset(key for told in happened for key in told.keys)
        for place, lines in enumerate(_by_paragraph(facts)):
            if place == _HAPPENED:
                self.chronicle.begin()
                for each in sorted(happened, key=lambda told: told.start):
                    paragraphs[place].append(markers.cited(self.chronicle.sentence(each), event_ids(each.keys)))
                lines = [line for line in lines if not _is_told(line, told)]
            paragraphs[place] += [markers.cited(self._fresh(line), (), line.claims) for line in lines]
        gap = "" if self._speaker.lang == "zh" else " "
        return tuple(gap.join(lines) for lines in paragraphs if lines), markers

    def _fresh(self, line: Line) -> str:
        text = line.text
        if line.plan.cited and self._variety.repeats(text):
            text = said_otherwise(line.plan, self._speaker, self._variety)
        self._variety.used(text)
        return text


def _by_paragraph(facts: Sequence[Line]) -> list[list[Line]]:
    found: list[list[Line]] = [[] for _ in range(4)]
    for line in facts:
        name = line.plan.name
        found[_PARAGRAPHS.get(name, _PARAGRAPHS.get(name.partition("_")[0], _WHO))].append(line)
    return found


def _made(plan: Plan, text: str) -> Line:
    return Line(plan, tokens(text) + _MARKERS, text, tuple(plan.cited.values()))


def _importance(plan: Plan) -> int:
    first = "faded" if plan.name == "shift_fading" else plan.name.partition("_")[0]
    return _IMPORTANCE.get(first, len(_IMPORTANCE))


def _is_told(line: Line, keys: frozenset[Key]) -> bool:
    """Whether an episode tells the same."""
    return any(packed(event) in keys for claim in line.claims for event in claim.evidence[-1:])


def _size(paragraphs: Sequence[str]) -> int:
    return sum(map(tokens, paragraphs)) + len(paragraphs)
