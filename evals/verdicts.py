"""What the checker says of stories: of their claims, of claims of a model's own, and of sentences, true and false."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from app.insights.fitness import MAX_SENTENCE
from app.insights.ground import Ground
from app.insights.own_claims import UnheldError, held
from app.insights.quantities import figures, unsupported
from app.insights.schemas import OwnClaim, ProfileStory
from app.insights.sift import sift
from app.insights.verify import Recompute, check_claims
from app.narrative.measures import SPECS
from app.narrative.phrases import wording
from app.narrative.schemas import Sentence
from app.schema import Lang
from evals.mutations.additions import ADDITIONS
from evals.mutations.case import Case, Mutation
from evals.mutations.data import DATA, World
from evals.mutations.figures import FIGURES
from evals.mutations.meanings import MEANINGS
from evals.mutations.own import HEDGE, Own, false_ones, true_ones
from evals.mutations.rewording import merged, reordered, reworded

LANGS: tuple[Lang, ...] = ("zh", "en")
TEXTS: dict[str, Mutation] = {**FIGURES, **MEANINGS, **ADDITIONS}
REWORDED = 0.4
"""Share of mutations that are made of a reworded sentence."""
MERGED = 0.5
"""Share of sentences that are also told in one with the one before."""


class Read(NamedTuple):
    """One customer's story with what it is checked against."""

    story: ProfileStory
    ground: Ground
    recompute: Recompute
    world: World


class Verdict(NamedTuple):
    """One case and what the checker said."""

    lang: Lang
    kind: str
    false: bool
    """Whether the case is false."""
    refused: bool
    by_numbers: bool
    """Whether a check of numbers alone, without any rule about words, would refuse it."""
    text: str
    reason: str | None = None


def data_verdicts(read: Sequence[Read]) -> Iterator[Verdict]:
    """Every claim as it is, and one of each story's claims changed in each way that can be."""
    for one in read:
        lang = one.story.lang
        for claim in one.story.claims:
            refused = not check_claims([claim], one.recompute).kept
            yield Verdict(lang, "claim", False, refused, False, claim.claim_id)
        for kind, change in DATA.items():
            claims = list(one.story.claims)
            one.world.dice.shuffle(claims)
            changed = next((new for claim in claims if (new := change(claim, one.world))), None)
            if changed is not None:
                kept = check_claims([changed], one.recompute).kept
                yield Verdict(lang, f"data_{kind}", True, not kept, False, changed.predicate)
        if one.story.claims:
            twice = (one.story.claims[0], one.story.claims[0])
            yield Verdict(lang, "data_id_twice", True, len(check_claims(twice, one.recompute).kept) < 2, False, "")


def own_verdicts(read: Sequence[Read], seed: int) -> Iterator[Verdict]:
    """Claims of a model's own: true ones, and one false one of every kind per story."""
    for one in read:
        lang, done = one.story.lang, set[str]()
        dice = Random(f"{seed}/own/{one.story.customer_id}/{lang}")
        claims = {claim.claim_id: claim for claim in one.ground.claims if claim.predicate in SPECS}
        names = list(_names(one))
        for claim, own in zip(claims.values(), true_ones(one.ground, one.world.foreign), strict=True):
            yield _held(own.claim, own, "own_claim", false=False)
            for kind, wrong in false_ones(own.claim, claim, names, dice):
                if kind not in done and not (kind == "foreign_event" and not one.world.foreign):
                    done.add(kind)
                    yield _held(wrong, own, f"own_{kind}", false=True)


def _held(claim: OwnClaim, own: Own, kind: str, *, false: bool) -> Verdict:
    lang = own.ground.narrative.lang if own.ground.narrative else "en"
    reason = None
    try:
        held(claim, HEDGE[lang], own.ground)
    except UnheldError as fault:
        reason = f"claim: {fault}"
    return Verdict(lang, kind, false, reason is not None, False, claim.predicate, reason)


def _names(one: Read) -> Mapping[str, str]:
    """Every topic by its name."""
    taxonomy = one.ground.book.taxonomy if one.ground.book else None
    return {taxonomy.name(topic, one.story.lang): topic for topic in taxonomy.topics} if taxonomy else {}


def text_verdicts(read: Sequence[Read], seed: int) -> Iterator[Verdict]:
    """One mutation of every kind per story, of its sentences as told or reworded."""
    others = defaultdict[Lang, list[tuple[str, Sentence]]](list)
    for one in read:
        others[one.story.lang] += [(one.story.customer_id, sentence) for sentence in one.story.sentences]
    titles = sorted({item.title for one in read if one.ground.book for item in one.ground.book.history.items.values()})
    for one in read:
        dice = Random(f"{seed}/text/{one.story.customer_id}/{one.story.lang}")
        strange = [sentence for name, sentence in others[one.story.lang] if name != one.story.customer_id]
        cases = [_case(one, sentence, titles, strange, dice) for sentence in one.story.sentences if sentence.claim_ids]
        for kind, mutate in TEXTS.items():
            dice.shuffle(cases)
            for case in cases:
                base = case._replace(text=reworded(case.text, case.lang, dice)) if dice.random() < REWORDED else case
                text = mutate(base)
                if text and text != base.text:
                    yield _judged(one, kind, text, [claim.claim_id for claim in case.claims], false=True)
                    break


def _case(one: Read, sentence: Sentence, titles: Sequence[str], strange: Sequence[Sentence], dice: Random) -> Case:
    known = {claim.claim_id: claim for claim in one.story.claims}
    claims = tuple(known[claim_id] for claim_id in sentence.claim_ids)
    return Case(one.story.lang, sentence.text, claims, one.ground.spoken, _names(one), titles, strange, dice)


def clean_verdicts(read: Sequence[Read], seed: int) -> Iterator[Verdict]:
    """Every sentence as told, reworded, joined to the next, and with its parts the other way round."""
    for one in read:
        lang, dice = one.story.lang, Random(f"{seed}/clean/{one.story.customer_id}/{one.story.lang}")
        sentences = [sentence for sentence in one.story.sentences if sentence.text not in _REMARKS]
        for number, sentence in enumerate(sentences):
            ids = sentence.claim_ids
            yield _judged(one, "as_told", sentence.text, ids, false=False)
            again = reworded(sentence.text, lang, dice)
            if again != sentence.text:
                yield _judged(one, "reworded", again, ids, false=False)
            turned = reordered(sentence.text, lang)
            if turned:
                yield _judged(one, "reordered", turned, ids, false=False)
            if number and dice.random() < MERGED:
                before = sentences[number - 1]
                both = merged(before.text, sentence.text, lang)
                if len(both) <= MAX_SENTENCE:
                    yield _judged(one, "merged", both, (*before.claim_ids, *ids), false=False)


_REMARKS = frozenset(variant for lang in LANGS for variant in wording(lang).sentences["leaning"])
"""What the composer says of the profile's shares in general: no claim says it, so no model may."""


class _Draft(NamedTuple):
    text: str
    claims: tuple[str, ...]


def _judged(one: Read, kind: str, text: str, ids: Sequence[str], *, false: bool) -> Verdict:
    sifted = sift([_Draft(text, tuple(ids))], one.ground)
    grounds = [figures(one.ground.spoken[claim_id]) for claim_id in ids]
    by_numbers = unsupported(figures(text), grounds) is not None
    return Verdict(one.story.lang, kind, false, not sifted.sentences, by_numbers, text, next(iter(sifted.faults), None))
