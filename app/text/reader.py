"""From a text to its closed features, by a lexicon in two languages; only what is a broad query was learned.

A word of feeling counts with its strength, made stronger or weaker by the word before it (very, a bit) and turned
round, less strongly, by a negation close before it. What stands before a `but` counts less. A complaint is a phrase
that says so outright, or a clearly bad word in one clause with what it is about, unless the sentence asks something;
what is feared, supposed or past blames nothing, and a text that is not discontented on the whole makes none. Irony and
what only the context shows stay unread.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import yaml
from pydantic import Field, ValidationError

from app.errors import InvalidInput
from app.schema import Frozen
from app.text.features import Complaint, Features
from app.text.lexicon import Lexicon
from app.text.normalise import normalise
from app.text.queries import QueryReader, load_queries

LONGEST = 500
"""Characters that are read; a longer text says no more to a number than its beginning."""
_TURNED = -0.7
"""What a negation makes of a feeling: `not good` is less bad than `bad`."""
_NEAR, _NEAR_LATIN = 4, 16
"""Characters that may lie between a negation, Chinese or English, and what it turns round."""

_BEFORE_BUT = 0.7
"""What is left of the feelings before a `but`."""
_OUTRIGHT = -2
"""Feeling of a word that is a complaint by itself, unless it has a stronger one."""
_CLEAR = 1.4
"""Least size of a bad feeling that blames something: `a bit slow` is none."""

Words = tuple[str, ...]


class _File(Frozen):
    version: int
    polarity: dict[Annotated[int, Field(ge=-3, le=3)], Words]
    negators: Words
    boosters: dict[Annotated[float, Field(gt=0, le=3)], Words]
    turns: Words
    plain: Words
    supposed: Words
    questions: Words
    aspects: dict[Complaint, Words]
    complaints: dict[Complaint, Words]
    bargain: Words


class Word(msgspec.Struct):
    """Everything that one word of the lexicon does."""

    polarity: int = 0
    boost: float = 0.0
    negates: bool = False
    turns: bool = False
    ends: int = 0
    """1 ends a clause, 2 a sentence."""
    asks: bool = False
    supposed: bool = False
    aspect: Complaint | None = None
    complaint: Complaint | None = None
    plain: bool = False
    bargain: bool = False
    felt: bool = False
    """Has a part in the feeling of a text."""
    sign: bool = False
    """A face or the like, which no negation turns round."""


class _Mood(msgspec.Struct):
    """What has been read so far."""

    total: float = 0.0
    felt: int = 0
    boost: float = 1.0
    negated_until: int = -1
    """A word of feeling that begins up to here is turned round."""
    aspect: Complaint | None = None
    unclaimed: float = 0.0
    """Bad words of this clause that nothing has been named for yet."""
    said: dict[Complaint, float] = {}
    """What this clause blames outright."""
    supposed: bool = False
    """The rest of the sentence tells what is feared, asked after or past, which blames nothing."""
    hinted: dict[Complaint, float] = {}
    """What this sentence blames by a bad word beside it."""
    asked: bool = False
    """The sentence is a question, which blames nothing but what it says outright."""
    blamed: dict[Complaint, float] = {}


_BLANK = Word()
"""Behind a Chinese sign it ends a sentence."""


class FeatureReader:
    """Reads texts by one lexicon file; the same text always has the same features."""

    def __init__(self, text: str, queries: QueryReader) -> None:
        """Parse the YAML text; InvalidInput names the fault."""
        try:
            file = _File.model_validate(yaml.safe_load(text))
        except (yaml.YAMLError, ValidationError) as error:
            raise InvalidInput(f"feelings: {' '.join(str(error).split())}") from None
        self.fingerprint = f"{hashlib.sha256(text.encode()).hexdigest()[:12]};{queries.fingerprint}"
        """Changes with the lexicon and with the weights of queries."""
        self._queries = queries
        self._lexicon = Lexicon(_words(file))

    def read(self, text: str) -> Features:
        """The features of a text in Chinese or English."""
        text = normalise(text[:LONGEST])
        hits = self._lexicon.hits(text)
        mood = _Mood()
        for word, start, end in hits:
            if word.felt:
                _feel(mood, word, start, end + (_NEAR_LATIN if text[start].isascii() else _NEAR))
            elif word is _BLANK and not text[start - 1].isascii():
                _end(mood, 2)
        _end(mood, 2)
        sentiment = _level(mood)
        complaint = _complaint(mood, sentiment)
        broad = complaint is None and self._queries.broad(text)
        return Features(len(text), sentiment, complaint, broad, any(word.bargain for word, _, _ in hits))


def load_reader(path: Path) -> FeatureReader:
    """Read knowledge_base/feelings.yaml and query_weights.json beside it."""
    queries = load_queries(path.with_name("query_weights.json"))
    return FeatureReader(path.read_text(encoding="utf-8"), queries)


def _words(file: _File) -> dict[str, Word]:
    words: dict[str, Word] = {}
    for part, value, listed in _lists(file):
        for text in listed:
            setattr(words.setdefault(normalise(text), Word()), part, value)
    for text, word in words.items():
        word.sign = not any(map(str.isalnum, text))
        if word.complaint:
            word.polarity = min(word.polarity, _OUTRIGHT)
        word.felt = bool(word.polarity or word.boost or word.negates or word.turns or word.ends or word.aspect)
        word.felt = word.felt or word.asks or word.supposed
    return words | {" ": _BLANK}


def _lists(file: _File) -> Iterator[tuple[str, object, Iterable[str]]]:
    """(field of Word, its value, words that have it)."""
    yield from (("polarity", strength, listed) for strength, listed in file.polarity.items())
    yield from (("boost", boost, listed) for boost, listed in file.boosters.items())
    yield from (("aspect", kind, listed) for kind, listed in file.aspects.items())
    yield from (("complaint", kind, listed) for kind, listed in file.complaints.items())
    yield from (("ends", 1, ",、:"), ("ends", 2, ".。!?;~…"))
    yield from (("negates", True, file.negators), ("turns", True, file.turns))
    yield from (("plain", True, file.plain), ("asks", True, file.questions))
    yield "supposed", True, file.supposed
    yield "bargain", True, file.bargain


def _feel(mood: _Mood, word: Word, start: int, reach: int) -> None:
    """Take one word in; a negation turns round what begins within its reach."""
    if word.asks:
        mood.asked = True
    if word.supposed:
        mood.supposed = True
    if word.ends:
        _end(mood, word.ends)
    if word.turns:
        mood.total *= _BEFORE_BUT
        _end(mood, 1)
    if word.aspect and not word.complaint:
        _about(mood, word.aspect)
    if word.polarity:
        turned = start <= mood.negated_until and not word.sign
        _add(mood, word, word.polarity * mood.boost * (_TURNED if turned else 1.0), turned=turned)
        mood.boost, mood.negated_until = 1.0, -1
    elif word.negates:
        mood.negated_until = reach
    elif word.boost:
        mood.boost = word.boost


def _end(mood: _Mood, size: int) -> None:
    """A clause ends: what it says outright counts unless it is only supposed. A sentence ends: hints count too."""
    mood.boost, mood.negated_until = 1.0, -1
    if mood.said and not mood.supposed:
        _blame(mood.blamed, mood.said)
    mood.aspect, mood.unclaimed, mood.said = None, 0.0, {}
    if size > 1:
        if mood.hinted and not mood.asked:
            _blame(mood.blamed, mood.hinted)
        mood.hinted, mood.asked, mood.supposed = {}, False, False


def _blame(blamed: dict[Complaint, float], more: dict[Complaint, float]) -> None:
    for about, size in more.items():
        blamed[about] = blamed.get(about, 0.0) + size


def _about(mood: _Mood, aspect: Complaint) -> None:
    """The clause turns to something: what was said badly just before may be about it."""
    if mood.unclaimed:
        _blame(mood.hinted, {aspect: mood.unclaimed})
        mood.unclaimed = 0.0
    mood.aspect = aspect


def _add(mood: _Mood, word: Word, feeling: float, *, turned: bool) -> None:
    mood.total += feeling
    mood.felt += 1
    if feeling > -_CLEAR or turned or mood.supposed:
        return
    if word.complaint is Complaint.OTHER:
        _blame(mood.said, {mood.aspect or Complaint.OTHER: -feeling})
    elif word.complaint:
        _blame(mood.said, {word.complaint: -feeling})
    elif mood.aspect:
        _blame(mood.hinted, {mood.aspect: -feeling})
    else:
        mood.unclaimed -= feeling


def _level(mood: _Mood) -> int:
    """The sum over the root of how much was felt, in five steps."""
    mean = mood.total / math.sqrt(mood.felt) if mood.felt else 0.0
    size = 2 if abs(mean) >= 2.5 else 1 if abs(mean) >= 0.3 else 0
    return size if mean > 0 else -size


def _complaint(mood: _Mood, sentiment: int) -> Complaint | None:
    """What is blamed most, rather by name; nothing by somebody who is not discontented on the whole."""
    if not mood.blamed or sentiment >= 0:
        return None
    kinds = list(Complaint)
    return max(mood.blamed, key=lambda kind: (kind is not Complaint.OTHER, mood.blamed[kind], -kinds.index(kind)))
