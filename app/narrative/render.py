"""Claims and episodes -> prose. Each sentence plan names the claims it needs; the words are in wording/*.yaml.

Every number in a sentence is a slot of a claim that the sentence cites, or of the episode whose events it cites;
templates hold no digits of their own except "80%" of an interval and "out of 5" of a rating.
"""

from collections.abc import Iterator, Sequence

from app.narrative.plans import SAID_SIGNS, Plan, is_sure, shift_plan
from app.narrative.schemas import Claim, ClaimKind, Narrative, Predicate, Sentence
from app.narrative.speech import Speaker, Voice
from app.narrative.storyline import storyline
from app.narrative.variety import Variety
from app.schema import Lang


def narrate(claims: Sequence[Claim], voice: Voice, lang: Lang) -> Narrative:
    """All claims as readable prose, in telling order: what stories are composed of."""
    sentences = tuple(sentence for _, sentence in tell_claims(claims, Speaker(voice, lang)))
    return Narrative(
        customer_id=voice.customer_id, as_of=voice.as_of, lang=lang, claims=tuple(claims), sentences=sentences
    )


def say(claim: Claim, voice: Voice, lang: Lang) -> str:
    """One claim as one plain sentence: what evidence panels show and what models are given."""
    return _plainly(claim, Speaker(voice, lang))


def tell_claims(claims: Sequence[Claim], speaker: Speaker) -> Iterator[tuple[Plan, Sentence]]:
    """Every claim in exactly one sentence; one that fits no plan is told by its plain sentence."""
    variety = Variety(speaker.voice.customer_id, speaker.lang)
    told: set[str] = set()
    for plan in storyline(claims):
        told.update(claim.claim_id for claim in plan.cited.values())
        yield plan, _sentence(plan, speaker, variety)
    for claim in claims:
        if claim.claim_id not in told:
            yield Plan("plain", {"c": claim}), sentence_of(_plainly(claim, speaker), {"c": claim})


def _plainly(claim: Claim, speaker: Speaker) -> str:
    if claim.predicate is Predicate.SIGNAL and claim.name in SAID_SIGNS:
        return speaker.fill(speaker.phrases.sentences[f"signal_{claim.name}"][0], {"signal": claim})
    if claim.predicate is Predicate.INTEREST_SHIFT and not (claim.topic and claim.to_topic and is_sure(claim)):
        return speaker.fill(speaker.phrases.sentences[shift_plan(claim)][0], {"interest_shift": claim})
    return speaker.fill(speaker.phrases.plain[claim.predicate], {"c": claim})


def _sentence(plan: Plan, speaker: Speaker, variety: Variety) -> Sentence:
    text = said_otherwise(plan, speaker, variety)
    variety.used(text)
    return sentence_of(text, plan.cited)


def said_otherwise(plan: Plan, speaker: Speaker, variety: Variety) -> str:
    """In the customer's wording, unless it would open as the sentence before."""
    variants = speaker.phrases.sentences[plan.name]
    text = ""
    for _ in variants:
        text = speaker.fill(variety.pick(plan.name, variants), plan.cited)
        text = text[:1].upper() + text[1:]
        if not variety.repeats(text):
            break
    return text


def sentence_of(text: str, cited: dict[str, Claim]) -> Sentence:
    """A sentence with what it stands on."""
    kind = next((claim.kind for claim in cited.values()), ClaimKind.LINK)
    ids = tuple(claim.claim_id for claim in cited.values())
    return Sentence.unchecked(text=text, kind=kind, claim_ids=ids)
