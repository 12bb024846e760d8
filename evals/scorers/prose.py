"""How a story reads, as far as counting can tell: repeated words and sentence patterns, openings, length, language."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from app.insights.schemas import ProfileStory
from app.llm.tokens import tokens
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from evals.scorers.story_text import marked_topics

_WORD: Final = re.compile(r"[a-z]+(?:['’][a-z]+)?|[\u3400-\u9fff]", re.I)
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_LATIN: Final = re.compile(r"[A-Za-z]{2,}")
_QUOTED: Final = re.compile(r"[「『“\"][^」』”\"]*[」』”\"]")
_FIGURE: Final = re.compile(r"[<>]?[¥$£€A-Z]*\d[\d,.:%]*")
_MONTHS: Final = re.compile(
    r"\b(January|February|March|April|May|June|July|August|September|October|November|December)\b"
)
_GRAM: Final = 4
_OPENING: Final[dict[Lang, int]] = {"zh": 2, "en": 0}
"""Characters by which openings are compared; 0: the first word."""


class Prose(NamedTuple):
    """What was counted in one story."""

    repeated: float
    """Share of its runs of four words (zh: characters), figures apart, that stood in it before."""
    same_opening: float
    """Share of its sentences that open as the one before."""
    sentences: int
    tokens: int
    language: bool
    """Whether it is written in its language."""
    patterns: tuple[str, ...]
    """Its sentences with topics, figures and quotations left blank."""


def read(story: ProfileStory, taxonomy: Taxonomy) -> Prose:
    """Count in one story."""
    texts = [sentence.text for sentence in story.sentences]
    patterns = tuple(_pattern(text, story.lang, taxonomy) for text in texts)
    grams = [gram for pattern in patterns for gram in _grams(pattern)]
    openings = [_opening(text, story.lang) for text in texts]
    return Prose(
        repeated=1 - len(set(grams)) / len(grams) if grams else 0.0,
        same_opening=_share(a == b for a, b in pairwise(openings)),
        sentences=len(texts),
        tokens=tokens(story.text),
        language=_in_language(texts, story.lang),
        patterns=patterns,
    )


def template_share(stories: Sequence[Prose]) -> float:
    """How alike stories are: the chance that a sentence's pattern also stands in another story drawn at random."""
    seen = Counter(pattern for story in stories for pattern in set(story.patterns))
    met = [(seen[pattern] - 1) / (len(stories) - 1) for story in stories for pattern in story.patterns]
    return sum(met) / len(met) if met and len(stories) > 1 else 0.0


def commonest(stories: Sequence[Prose], most: int = 8) -> list[tuple[str, int]]:
    """The patterns that most stories share: the tics."""
    return Counter(pattern for story in stories for pattern in set(story.patterns)).most_common(most)


def _pattern(text: str, lang: Lang, taxonomy: Taxonomy) -> str:
    blank = marked_topics(_QUOTED.sub("“”", text), lang, taxonomy)
    blank = re.sub(r"<\w+>", "T", _MONTHS.sub("M", blank))
    return _FIGURE.sub("N", blank)


def _grams(pattern: str) -> list[tuple[str, ...]]:
    words = [word.lower() for word in _WORD.findall(pattern)]
    return [tuple(words[i : i + _GRAM]) for i in range(len(words) - _GRAM + 1)]


def _opening(text: str, lang: Lang) -> str:
    length = _OPENING[lang]
    return text[:length] if length else text.partition(" ")[0].rstrip(",:")


def _in_language(texts: Iterable[str], lang: Lang) -> bool:
    """By the words that are the story's own: a quotation stays in its customer's language."""
    own = " ".join(_QUOTED.sub(" ", text) for text in texts)
    han, latin = len(_HAN.findall(own)), len(_LATIN.findall(own))
    return han > latin if lang == "zh" else latin > han


def _share(found: Iterable[bool]) -> float:
    values = list(found)
    return sum(values) / len(values) if values else 0.0
