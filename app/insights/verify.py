"""Let nothing through that the events do not carry: claims against the log, sentences against their claims.

A model may word a story; it has no authority over any fact in it. So every check here is code over data, and when in
doubt a sentence is left out. What this cannot see: two true figures that change places where no word near them says
what they are of, and a false statement made of nothing but its claims' own words in another order.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from app.insights import bindings
from app.insights.content import LATIN, content, everyday_content, foreign, is_han, names
from app.insights.fitness import HAN_GAP, unfit
from app.insights.lexicon import lexicon
from app.insights.quantities import either, figures, unsupported
from app.insights.senses import Senses, senses_in, senses_of, subjects_in, wrong_polarity, wrong_sense
from app.narrative.ground import differences
from app.narrative.schemas import Claim, ClaimKind, Sentence
from app.text.normalise import normalise

MOST_NEW = 0.7
"""Largest share of a sentence's content words that its claims do not use, where it may use words of its own."""

Recompute = Callable[[Claim], Claim | None]
"""A claim as code computes it now, from the events or the estimator; None when it cannot hold."""


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
    tellings: Sequence[Sentence] = (),
    own_words: bool = False,
) -> str | None:
    """Why a model's sentence may not be told; None when it may.

    `spoken` holds the plain sentence of every claim there is; `claims`, when given, adds their kinds, directions and
    predicates. `tellings` are sentences of our own: one that stands on cited claims alone supports as they do. What
    customers wrote stands in quotation marks in `spoken` and gives no support to anything outside
    quotation marks. With `own_words` a few words may be the model's own; without, all are the claims', our wording's
    or everyday ones. Reasons name numbers, never other words of the sentence, because they are shown and the words
    may be an attacker's.
    """
    if not claim_ids:
        return "it cites no claim"
    if any(claim_id not in spoken for claim_id in claim_ids):
        return "it cites a claim that was not given"
    known = claims or {}
    own = [one.text for one in tellings if one.claim_ids and set(one.claim_ids) <= set(claim_ids)]
    cited = Cited.of([(spoken[claim_id], known.get(claim_id)) for claim_id in claim_ids], own)
    others = [sentence for claim_id, sentence in spoken.items() if claim_id not in claim_ids]
    if fault := unfit(text, forbidden):
        return fault
    return None if text in own else _unsupported(text, cited, others, own_words=own_words)


def check_link(text: str, forbidden: Collection[str] = ()) -> str | None:
    """Why a sentence that cites nothing may not stand between others: it may state nothing at all."""
    if fault := unfit(text, forbidden):
        return fault
    plain = normalise(text)
    states = any(figures(text)) or names(text) or senses_in(plain) or subjects_in(plain) or _QUOTE.search(text)
    if states or lexicon().verbatim.search(plain) or foreign(plain, (), ()):
        return "it states something and cites no claim"
    return None


class Cited(NamedTuple):
    """What the claims behind one sentence give it to stand on."""

    plain: tuple[str, ...]
    """Their sentences, normalised, without what is quoted in them."""
    quotes: tuple[tuple[str, ...], ...]
    """What is quoted in each, with its quotation marks."""
    claims: tuple[Claim | None, ...]
    tellings: tuple[str, ...]
    """What our own sentences say of them, normalised, with a sign for each quotation."""
    senses: Senses

    @classmethod
    def of(cls, cited: Sequence[tuple[str, Claim | None]], tellings: Sequence[str]) -> "Cited":
        """Read the claims' plain sentences, the claims themselves where they are known, and our own sentences."""
        quotes = tuple(tuple(match[0] for match in _QUOTED.finditer(sentence)) for sentence, _ in cited)
        plain = tuple(_plain(sentence) for sentence, _ in cited)
        claims = tuple(claim for _, claim in cited)
        signs = _signs(quotes)
        told = tuple(normalise(signed) for telling in tellings if (signed := _signed(telling, signs)))
        return cls(plain, quotes, claims, told, senses_of(plain, claims, told))

    @property
    def text(self) -> str:
        """All that is said of the claims."""
        return " ; ".join((*self.plain, *self.tellings))


_QUOTED = re.compile(r"[“「『\"].*[”」』\"]", re.DOTALL)
"""From the first to the last quotation mark: a customer who writes quotation marks cannot get out of them."""
_QUOTE = re.compile(r"“([^“”]*)”|「([^「」]*)」|『([^『』]*)』|\"([^\"]*)\"")
_FIRST_SIGN = 0xF000
"""Of the characters that stand for quotations while a sentence is read."""


def _plain(sentence: str) -> str:
    return normalise(_QUOTED.sub(" ", sentence))


def _signs(quotes: Sequence[Sequence[str]]) -> Mapping[str, str]:
    """Quotation -> the sign that stands for it while a sentence is read."""
    return {quote: _sign(number) for number, of in enumerate(quotes) for quote in of}


def _signed(text: str, signs: Mapping[str, str]) -> str | None:
    """The sentence with a sign for each quotation; None when one of them is not a whole quotation of its claims."""
    for quote, sign in signs.items():
        text = text.replace(quote, sign)
    bare = {_bare(quote): sign for quote, sign in signs.items()}
    if any(_bare(match[0]) not in bare for match in _QUOTE.finditer(text)):
        return None
    rest = _QUOTE.sub(lambda match: bare[_bare(match[0])], text)
    return None if re.search(r"[“”「」『』\"]", rest) else rest


def _sign(number: int) -> str:
    return chr(_FIRST_SIGN + number)


def _bare(quote: str) -> str:
    return re.sub(r"[\W_]+", " ", normalise(quote)).strip()


def _unsupported(text: str, cited: Cited, others: Sequence[str], *, own_words: bool) -> str | None:
    """What stands outside quotation marks, against what is said of the claims."""
    signed = _signed(text, _signs(cited.quotes))
    if signed is None:
        return "it quotes what its claims do not quote, or not the whole of it"
    said = HAN_GAP.sub("", re.sub("[\uf000-\uf8ff]", " ", signed))
    if missing := unsupported(figures(said), either(map(figures, cited.plain), map(figures, cited.tellings))):
        return f"{missing} is not in its claims"
    plain = normalise(said)
    if wrong := wrong_sense(plain, cited.senses, cited.text) or wrong_polarity(plain, (*cited.plain, *cited.tellings)):
        return wrong
    if wrong := bindings.misplaced(signed, _grounds(cited), cited.tellings):
        return wrong
    if wrong := _foreign_words(said, cited, others, own_words=own_words):
        return wrong
    quotes = re.search("[\uf000-\uf8ff]", signed)
    return (
        None if own_words or quotes or not _is_elsewhere(said, cited.text) else "it says nothing of what its claims say"
    )


def _is_elsewhere(said: str, given: str) -> bool:
    """Whether a sentence without figures shares no content with its claims, be its words ever so everyday."""
    found = content(normalise(said))
    return bool(found) and not found & content(given) and not any(figures(said))


def _grounds(cited: Cited) -> list[bindings.Ground]:
    return [
        bindings.Ground(plain + _sign(number), claim.predicate if claim else None)
        for number, (plain, claim) in enumerate(zip(cited.plain, cited.claims, strict=True))
    ]


def _foreign_words(said: str, cited: Cited, others: Sequence[str], *, own_words: bool) -> str | None:
    if is_han(said) != is_han(cited.text):
        return "it is not in the language of its claims"
    known = {word.lower() for word in LATIN.findall(cited.text)}
    if any(name.lower() not in known for name in names(said)):
        return "it names somebody or something that its claims do not name"
    plain = normalise(said)
    found, given = content(plain), content(cited.text)
    new = found - given - everyday_content()
    if any(new & content(_plain(other)) for other in others):
        return "it says what only claims that it does not cite say"
    if not own_words:
        predicates = {claim.predicate for claim in cited.claims if claim}
        return (
            "it uses a word that neither its claims nor our wording use"
            if foreign(plain, (*cited.plain, *cited.tellings), predicates)
            else None
        )
    return None if _is_grounded(said, found, given) else "it says mostly what its claims do not"


def _is_grounded(said: str, found: frozenset[str], given: frozenset[str]) -> bool:
    """Whether enough of a sentence's content is in its claims; a few new words around a figure are no harm."""
    if found and not found & given:
        return len(found) <= 2 and any(figures(said))
    return len(found) <= 4 or len(found - given) <= MOST_NEW * len(found)
