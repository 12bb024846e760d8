"""The deterministic rung of a brief: every line filled from claims, what is allowed and what not from closed facts."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from app.insights.brief.material import Line, is_inferred
from app.insights.brief.schemas import BriefSentence, Part
from app.insights.brief.wording import templates, wording
from app.insights.fitness import mentions
from app.insights.ground import kind_of
from app.narrative.phrases import listed
from app.narrative.schemas import ClaimKind
from app.narrative.speech import Speaker

_MOST_TITLES = 3
"""Items of an order that are named."""
_COMPLAINTS = frozenset({"poor_review", "unhappy"})


class Terms(NamedTuple):
    """What beside claims decides how one talks to somebody."""

    channels: tuple[str, ...]
    """On which they allow marketing, beside the site."""
    quiet: tuple[str, str]
    """From and to which hour nobody is disturbed."""
    suppressed: bool
    rejected: tuple[str, ...]
    """Names of inferences that they rejected."""
    forbidden: Collection[str]
    """Words of the sensitivity list."""


class Composer:
    """Says a brief about one customer in one language."""

    def __init__(self, speaker: Speaker, titles: Mapping[str, Sequence[str]], terms: Terms) -> None:
        """`titles`: claim_id -> what the items of its events are called."""
        self._speaker, self._titles, self._terms = speaker, titles, terms
        self._words, self._templates = wording(speaker.lang), templates(speaker.lang)

    def plainly(self, line: Line) -> str:
        """A line in one plain sentence, on one line."""
        said = self._speaker.fill(self._templates[line.part, line.plan], line.claims)
        titles = [t for claim in line.claims.values() for t in self._titles.get(claim.claim_id, ())]
        if line.plan == "order" and titles:
            said += ("" if self._speaker.lang == "zh" else " ") + self._ordered([*dict.fromkeys(titles)])
        return " ".join(said.split())

    def _ordered(self, titles: Sequence[str]) -> str:
        shown = [*map(self._speaker.quote, titles[:_MOST_TITLES])]
        more = [self._words.more.format(n=len(titles) - _MOST_TITLES)] if titles[_MOST_TITLES:] else []
        return self._words.titles.format(items=self._listed([*shown, *more]))

    def _listed(self, parts: Sequence[str]) -> str:
        return listed(parts, self._speaker.words)

    def sentences(self, lines: Sequence[Line]) -> tuple[BriefSentence, ...]:
        """All parts in order; what is allowed and what to avoid is always told."""
        told = [_sentence(line.part, self.plainly(line), line) for line in lines]
        ruled = [*self._rules(lines)]
        return tuple(sentence for part in Part for sentence in (*told, *ruled) if sentence.part is part)

    def opening(self, lines: Sequence[Line]) -> str:
        """How the talk may begin: what is open comes first."""
        plans = {line.plan for line in lines}
        if plans & _COMPLAINTS:
            return self._words.openings["settle"]
        if "message" in plans:
            return self._words.openings["answer"]
        return self._words.openings["cart" if "cart" in plans else "hello"]

    def _rules(self, lines: Sequence[Line]) -> Iterator[BriefSentence]:
        rules, terms = self._words.rules, self._terms
        if not any(line.part is Part.OPEN for line in lines):
            yield _rule(Part.OPEN, rules["nothing_open"])
        channels = self._listed([self._words.channels[channel] for channel in terms.channels])
        yield _rule(Part.REACH, rules["marketing" if channels else "no_marketing"].format(channels=channels))
        start, end = terms.quiet
        yield _rule(Part.REACH, rules["quiet"].format(start=start, end=end))
        if terms.suppressed:
            yield _rule(Part.AVOID, rules["suppressed"])
        if any(line.plan in _COMPLAINTS for line in lines):
            yield _rule(Part.AVOID, rules["settle_first"])
        if terms.rejected:
            yield _rule(Part.AVOID, self._rejected())
        if any(is_inferred(line) for line in lines):
            yield _rule(Part.AVOID, rules["inferred"])
        yield _rule(Part.AVOID, rules["sensitive"])

    def _rejected(self) -> str:
        """What they rejected, by name where the name itself may be said."""
        names = [self._speaker.name("attributes", name) for name in self._terms.rejected]
        if any(mentions(name, self._terms.forbidden) for name in names):
            return self._words.rules["rejected_unnamed"]
        return self._words.rules["rejected"].format(names=self._listed([*dict.fromkeys(names)]))


def _sentence(part: Part, text: str, line: Line) -> BriefSentence:
    claims = tuple(line.claims.values())
    return BriefSentence(part=part, text=text, kind=kind_of(claims), claim_ids=tuple(c.claim_id for c in claims))


def _rule(part: Part, text: str) -> BriefSentence:
    return BriefSentence(part=part, text=text, kind=ClaimKind.LINK, claim_ids=())
