"""How near each arm is to a situation: in meaning, in words, in whom it was meant for, and all three together."""

import re
from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.retrieval.audience import Flags
from app.retrieval.expectations import Places
from app.retrieval.fusion import fused
from app.retrieval.shelf import Shelf, named
from app.retrieval.situation import Situation
from app.retrieval.vectors import CampaignVectors
from app.text.taxonomy import Taxonomy

MIN_CLOSENESS = 0.2
"""Below this a case speaks of other customers and other things."""

POOL = 200
"""Arms that are weighed further: the best of the fused order."""

ALIKE = 0.6
"""Share of the most alike arm's cosine from which another is about the same, to a question in words alone."""

MOST_TOPICS = 3
"""Topics that are taken from a text."""

_PARTS = re.compile(r"[,.;|，。；、\n]")

Floats = NDArray[np.float64]


class Near(NamedTuple):
    """Arms of a shelf that were measured, shape [m] each; see `MatchParts` for what is what."""

    dense: Floats
    lexical: Floats
    structured: Floats
    fused: Floats
    closeness: Floats
    reach: Floats
    open: Flags
    """Arms that make sense for this situation at all."""
    speaks: Flags
    """Arms about what is wanted, or about nothing in particular."""
    strict: bool
    """Whether arms that do not speak of what is wanted are of no use: to a question in words alone."""
    aims: bool
    """Whether it is known what is wanted, so that a message can speak of it."""
    without_meaning: bool
    """The embedder did not answer."""

    @property
    def nearest(self) -> float:
        """The greatest closeness; 0 when no arm makes sense."""
        return float(self.closeness[self.open].max(initial=0.0))

    def pool(self) -> Places:
        """The POOL best of the fused order that are near enough; ties go to the first."""
        useful = self.open & (self.speaks | (not self.strict))
        usable = np.flatnonzero(useful & (self.closeness >= MIN_CLOSENESS))
        return np.sort(usable[np.argsort(-self.fused[usable], kind="stable")[:POOL]])


class Ways(NamedTuple):
    """What the situation is compared by."""

    query: str
    """In words; empty when it says none."""
    topics: tuple[str, ...]
    """Wanted topics, strongest first: the customer's, else those that the words name."""

    @classmethod
    def of(cls, situation: Situation, taxonomy: Taxonomy) -> "Ways":
        """Topics go into the words by their names in both languages, so that the languages meet."""
        said = (situation.text, *named(situation.topics, taxonomy))
        return cls(" | ".join(part for part in said if part), situation.topics or _named_in(situation.text, taxonomy))


def nearness(shelf: Shelf, places: Places, situation: Situation, vectors: CampaignVectors, taxonomy: Taxonomy) -> Near:
    """Compare the arms in these places of the shelf with the situation.

    Closeness is the mean of dense and structured, of those of the two that the situation gives a ground for; lexical
    stands in for dense where the embedder does not answer.
    """
    ways = Ways.of(situation, taxonomy)
    allowed = shelf.audiences.open_to(situation)
    dense = _dense(shelf, places, allowed, ways.query, vectors)
    lexical = _lexical(shelf, places, ways.query)
    structured = shelf.audiences.fit(situation, ways.topics)[places]
    words = lexical if dense is None else dense
    by_words = bool(ways.query)
    by_structure = not by_words or bool(ways.topics or situation.lifecycle or situation.objective)
    closeness = np.mean([words] * by_words + [structured] * by_structure, axis=0)
    together = fused([words, lexical] * by_words + [structured] * by_structure)
    return Near(
        dense=np.zeros(len(places)) if dense is None else dense,
        lexical=lexical,
        structured=structured,
        fused=together,
        closeness=closeness,
        reach=np.where(shelf.audiences.restricted[places], together * closeness, 1.0),
        open=allowed[places],
        speaks=_speaks(shelf, places, situation, ways, words),
        strict=by_words and not situation.topics,
        aims=bool(ways.topics),
        without_meaning=dense is None,
    )


def _speaks(shelf: Shelf, places: Places, situation: Situation, ways: Ways, words: Floats) -> Flags:
    """Arms about what is wanted or carted, or about nothing in particular; all where nothing is known of that.

    To a question in words alone an arm about nothing in particular must be near in words too.
    """
    if not ways.topics and not ways.query:
        return np.ones(len(places), dtype=np.bool_)
    topics = (*ways.topics, *situation.carted_topics)
    if situation.topics:
        return shelf.audiences.speaking_to(topics)[places]
    alike: Flags = words >= ALIKE * max(float(words.max(initial=0.0)), MIN_CLOSENESS)
    return alike | (shelf.audiences.speaking_to(topics) & shelf.audiences.about)[places]


def _named_in(text: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Topics that the parts of a brief name, most often named first: each part may speak of another thing."""
    parts = [part.strip() for part in _PARTS.split(text) if part.strip()]
    counts = Counter(topic for part in parts for topic in taxonomy.topics_in(part))
    return tuple(topic for topic, _ in counts.most_common(MOST_TOPICS))


def _dense(shelf: Shelf, places: Places, allowed: Flags, query: str, vectors: CampaignVectors) -> Floats | None:
    """Cosines of the POOL nearest that make sense, 0 for all others; None when the embedder does not answer."""
    if not query:
        return np.zeros(len(places))
    usable = np.zeros(len(allowed), dtype=np.bool_)
    usable[places] = allowed[places]
    found = vectors.cosines(shelf.workspace_id, shelf.texts, query, k=POOL, among=usable)
    return None if found is None else np.clip(found[places], 0.0, 1.0).astype(np.float64)


def _lexical(shelf: Shelf, places: Places, query: str) -> Floats:
    """BM25 as a share of the best."""
    scores = shelf.lexical.scores(query)[places].astype(np.float64)
    best = scores.max(initial=0.0)
    return scores / best if best > 0.0 else scores
