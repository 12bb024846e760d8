"""Let nothing through that the events do not carry: claims against the log, sentences against their claims.

A model may word a story; it has no authority over any fact in it. So every check here is code over data, and when in
doubt a sentence is left out. What this cannot see: two true numbers of one kind that change places within a sentence,
and a false statement made of nothing but its claims' own words.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from app.insights.lexicon import any_of, lexicon
from app.insights.quantities import figures, undated, unsupported
from app.narrative.ground import differences
from app.narrative.schemas import Claim, ClaimKind, Predicate
from app.privacy.redaction import redact
from app.text.normalise import normalise

MAX_SENTENCE = 300
"""Characters of one sentence."""
MOST_NEW = 0.7
"""Largest share of a sentence's content words that its claims do not use."""

Recompute = Callable[[Claim], Claim | None]
"""A claim as code computes it now, from the events or the estimator; None when it cannot hold."""

_SUBJECTS = {
    Predicate.ORDER_COUNT_CHANGE: frozenset({"order"}),
    Predicate.ORDER_VALUE_CHANGE: frozenset({"spend"}),
    Predicate.TOPIC_CHANGE: frozenset({"interest", "view"}),
    Predicate.INTEREST_SHIFT: frozenset({"interest"}),
}
"""What each change is about, in the terms of lexicon.yaml."""
_HEDGED = (ClaimKind.INFERENCE, ClaimKind.PREDICTION)


class Dropped(NamedTuple):
    """A claim that did not hold, and why."""

    claim_id: str
    reason: str


class Checked(NamedTuple):
    """Claims that hold, in their order, and those that do not."""

    kept: tuple[Claim, ...]
    dropped: tuple[Dropped, ...]


def check_claims(claims: Iterable[Claim], recompute: Recompute) -> Checked:
    """Keep the claims that equal what `recompute` makes of them (floats to 1e-9); drop the rest with a reason."""
    kept: list[Claim] = []
    dropped: list[Dropped] = []
    seen: set[str] = set()
    for claim in claims:
        reason = "its id is used twice" if claim.claim_id in seen else _fault(claim, recompute)
        seen.add(claim.claim_id)
        if reason:
            dropped.append(Dropped(claim.claim_id, reason))
        else:
            kept.append(claim)
    return Checked(tuple(kept), tuple(dropped))


def _fault(claim: Claim, recompute: Recompute) -> str | None:
    if claim.kind is ClaimKind.LINK:
        return "a link may state nothing, so it is no claim"
    if claim.kind is ClaimKind.INFERENCE and not (claim.quote and claim.evidence):
        return "an inference needs a quote and the event it is from"
    if claim.kind is not ClaimKind.PREDICTION and not (claim.evidence or (claim.query_ref and claim.query_ref.hash)):
        return "it cites no evidence"
    truth = recompute(claim)
    if truth is None:
        return "the events do not support it"
    return next((f"its {name} is not what the events give" for name in _differences(claim, truth)), None)


def _differences(claim: Claim, truth: Claim) -> Iterable[str]:
    yield from differences(claim, truth)
    if sorted(claim.evidence) != sorted(truth.evidence) or claim.query_ref != truth.query_ref:
        yield "evidence"


def check_sentence(
    text: str,
    claim_ids: Sequence[str],
    spoken: Mapping[str, str],
    *,
    claims: Mapping[str, Claim] | None = None,
    forbidden: Collection[str] = (),
) -> str | None:
    """Why a model's sentence may not be told; None when it may.

    `spoken` holds the plain sentence of every claim there is; `claims`, when given, adds their kinds and directions.
    What customers wrote stands in quotation marks in `spoken` and gives no support to anything outside quotation
    marks. Reasons name numbers, never other words of the sentence, because they are shown and the words may be an
    attacker's.
    """
    if not claim_ids:
        return "it cites no claim"
    if any(claim_id not in spoken for claim_id in claim_ids):
        return "it cites a claim that was not given"
    known = claims or {}
    cited = Cited.of([(spoken[claim_id], known.get(claim_id)) for claim_id in claim_ids])
    others = [sentence for claim_id, sentence in spoken.items() if claim_id not in claim_ids]
    return unfit(text, forbidden) or _unsupported(text, cited, others)


def unfit(text: str, forbidden: Collection[str] = ()) -> str | None:
    """Why a text may not be shown whatever it stands on: length, layout, links, personal data, sensitive words."""
    if not text.strip() or len(text) > MAX_SENTENCE:
        return f"it is empty or longer than {MAX_SENTENCE} characters"
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for c in text):
        return "it holds control or invisible characters"
    if _MARKUP.search(text):
        return "it holds markup"
    if _LINK.search(normalise(text)):
        return "it holds a link"
    if redact(text) != text:
        return "it holds personal data"
    if mentions(text, forbidden):
        return "it touches the sensitivity list"
    return None


_MARKUP = re.compile(r"[<>](?!\d)|[`{}\\|]|\]\(|!\[|&#?\w+;|^\s*[#*\-] ")
_LINK = re.compile(r"\w+://|www\.|(?<![a-z0-9.])[a-z0-9\-]{2,}(?:\.[a-z0-9\-]+)*\.[a-z]{2,}(?![a-z])")


def mentions(text: str, words: Collection[str]) -> bool:
    """Whether any of `words` stands in `text`; spaces between Han characters do not hide one."""
    if not words:
        return False
    plain = normalise(text)
    pattern = _forms_of(tuple(words))
    return bool(pattern.search(plain) or pattern.search(_HAN_GAP.sub("", plain)))


_HAN_GAP = re.compile(r"(?<=[\u3400-\u9fff])[^\w，。；：、！？（）]+(?=[\u3400-\u9fff])")
"""What may stand between two Han characters to break a word apart."""


@lru_cache(maxsize=8)
def _forms_of(words: tuple[str, ...]) -> re.Pattern[str]:
    """Any of `words`, English ones also in the plural."""
    plain = [normalise(word) for word in words]
    return any_of([*plain, *(word + ending for word in plain if word.isascii() for ending in ("s", "es"))])


class Cited(NamedTuple):
    """What the claims behind one sentence give it to stand on."""

    plain: tuple[str, ...]
    """Their sentences, normalised, without what is quoted in them."""
    quotes: tuple[str, ...]
    """What is quoted in them, with its quotation marks."""
    senses: frozenset[str]
    hedged: bool
    changes: tuple[tuple[str, frozenset[str]], ...]
    """Direction and subject of each change."""

    @classmethod
    def of(cls, cited: Sequence[tuple[str, Claim | None]]) -> "Cited":
        """Read the claims' plain sentences, and the claims themselves where they are known."""
        quotes = tuple(match[0] for sentence, _ in cited for match in _QUOTED.finditer(sentence))
        plain = tuple(_plain(sentence) for sentence, _ in cited)
        claims = [claim for _, claim in cited]
        changes = tuple((c.direction, _moved_by(c, p)) for p, c in zip(plain, claims, strict=True) if c and c.direction)
        senses = frozenset().union(*map(_senses, plain), (direction for direction, _ in changes))
        hedged = any(c is not None and c.kind in _HEDGED for c in claims)
        hedged = hedged or any(lexicon().hedges.search(undated(p)) for p in plain)
        return cls(plain, quotes, senses, hedged, changes)

    @property
    def text(self) -> str:
        """All plain sentences."""
        return " ; ".join(self.plain)


_QUOTED = re.compile(r"[“「『\"].*[”」』\"]", re.DOTALL)
"""From the first to the last quotation mark: a customer who writes quotation marks cannot get out of them."""
_QUOTE = re.compile(r"“([^“”]*)”|「([^「」]*)」|『([^『』]*)』|\"([^\"]*)\"")


def _plain(sentence: str) -> str:
    return normalise(_QUOTED.sub(" ", sentence))


def _outside_quotes(text: str, cited: Cited) -> str | None:
    """The sentence without its quotations; None when one of them is not a whole quotation of its claims."""
    for quote in cited.quotes:
        text = text.replace(quote, " ")
    whole = {_bare(quote) for quote in cited.quotes}
    if any(_bare(match[0]) not in whole for match in _QUOTE.finditer(text)):
        return None
    rest = _QUOTE.sub(" ", text)
    return None if re.search(r"[“”「」『』\"]", rest) else rest


def _bare(quote: str) -> str:
    return re.sub(r"[\W_]+", " ", normalise(quote)).strip()


def _unsupported(text: str, cited: Cited, others: Sequence[str]) -> str | None:
    """What stands outside quotation marks, against the plain sentences of the claims."""
    said = _outside_quotes(text, cited)
    if said is None:
        return "it quotes what its claims do not quote, or not the whole of it"
    said = _HAN_GAP.sub("", said)
    if missing := unsupported(figures(said), [figures(sentence) for sentence in cited.plain]):
        return f"{missing} is not in its claims"
    return _wrong_sense(normalise(said), cited) or _foreign_words(said, cited, others)


def _wrong_sense(plain: str, cited: Cited) -> str | None:
    """Directions, negations, offers, ranks and certainty that the claims do not have."""
    senses = _senses(plain)
    if new := sorted(senses - cited.senses):
        return f"it speaks of {new[0]!r}, its claims do not"
    if any(_misdirected(clause, cited) for clause in _CLAUSES.split(plain)):
        return "it gives a direction to something that its claims do not"
    if any(match[0] not in cited.text for match in lexicon().verbatim.finditer(plain)):
        return "it names a time or rank that its claims do not name"
    if "negation" in cited.senses - senses:
        return "it leaves out a negation of its claims"
    if cited.hedged and not lexicon().hedges.search(undated(plain)):
        return "it tells an inference or a prediction as a fact"
    return None


_CLAUSES = re.compile(r"[,;:.，；：。、]\s|[，；：。、]|\b(?:and|but|while|whereas)\b|而|但|同时")


def _misdirected(clause: str, cited: Cited) -> bool:
    """Whether a clause says that orders rise when it is something else that does."""
    subjects, senses = _subjects(clause), _senses(clause)
    moved = {direction: subject for direction, subject in cited.changes if subject & subjects}
    return bool(cited.changes and subjects) and any(d in senses and d not in moved for d in ("up", "down"))


def _moved_by(claim: Claim, plain: str) -> frozenset[str]:
    """What a change is about, by its predicate and by the words of its plain sentence."""
    return _SUBJECTS.get(claim.predicate, frozenset()) | _subjects(plain)


def _subjects(plain: str) -> frozenset[str]:
    return frozenset(name for name, pattern in lexicon().subjects.items() if pattern.search(plain))


def _senses(plain: str) -> frozenset[str]:
    text = lexicon().not_senses.sub(" ", plain)
    return frozenset(name for name, pattern in lexicon().senses.items() if pattern.search(text))


_HAN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[A-Za-z][A-Za-z'’&]*")
_SENTENCE_START = re.compile(r"(?:\A|[.!?:;。！？]\s*)\W*([A-Za-z]['’A-Za-z]*)")


def _foreign_words(said: str, cited: Cited, others: Sequence[str]) -> str | None:
    if bool(_HAN.search(said)) != bool(_HAN.search(cited.text)):
        return "it is not in the language of its claims"
    known = {word.lower() for word in _LATIN.findall(cited.text)}
    if any(name.lower() not in known for name in _names(said)):
        return "it names somebody or something that its claims do not name"
    content, given = _content(normalise(said)), _content(cited.text)
    new = content - given - _content(" ".join(lexicon().file.common_words))
    if any(new & _content(_plain(other)) for other in others):
        return "it says what only claims that it does not cite say"
    return None if _is_grounded(said, content, given) else "it says mostly what its claims do not"


def _is_grounded(said: str, content: frozenset[str], given: frozenset[str]) -> bool:
    """Whether enough of a sentence's content is in its claims; a few new words around a figure are no harm."""
    if content and not content & given:
        return len(content) <= 2 and any(figures(said))
    return len(content) <= 4 or len(content - given) <= MOST_NEW * len(content)


def novelty(text: str, given: str) -> float:
    """Share of a text's units of content that `given` does not have; 0 for a text without content."""
    content = _content(normalise(text))
    return len(content - _content(normalise(given))) / len(content) if content else 0.0


def _names(said: str) -> list[str]:
    """Latin words that look like names: any in Chinese text; in English, capitalised ones inside a sentence."""
    if _HAN.search(said):
        return _LATIN.findall(said)
    starts = {match.start(1) for match in _SENTENCE_START.finditer(said)}
    found = [m for m in _LATIN.finditer(said) if m[0][0].isupper() and m.start() not in starts]
    return [m[0] for m in found if m[0].lower() not in {"i", *lexicon().file.months}]


@lru_cache(maxsize=2048)
def _content(plain: str) -> frozenset[str]:
    """Units of content: Han bigrams and the stems of English words, without words that carry none.

    Directions, negations and hedges are no content either: they are checked on their own.
    """
    for checked in (*lexicon().senses.values(), lexicon().hedges):
        plain = checked.sub(" ", plain)
    runs = _HAN.findall(lexicon().han_function_words.sub(" ", plain))
    bigrams = {run[i : i + 2] for run in runs for i in range(len(run) - 1)}
    words = {word for word in re.findall(r"[a-z]{3,}", plain) if word not in lexicon().file.function_words}
    return frozenset(bigrams) | {re.sub(r"(?:ing|ed|es|s|e)\Z", "", word) for word in words}
