"""Tell a segment: a large model words the counted claims, and what does not stand on them the composer tells."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from app.insights.sift import NONE_KEPT, Sifted, ask_sifted
from app.insights.verify import check_sentence
from app.llm.chat_model import About, ChatModel
from app.llm.ladder import Descent, Said, Step, descend
from app.llm.prompts import LANGUAGES, PromptLibrary, RenderedPrompt
from app.narrative.schemas import ClaimKind, Sentence
from app.schema import Lang
from app.strategy.segment_story.schemas import LEAST, Part, SegmentClaim, SegmentDraft, SegmentSentence, SegmentStory
from app.strategy.segment_story.wording import wording
from app.strategy.wording import percent
from app.text.taxonomy import Taxonomy

PROMPT = "segment_story"
_MOST_OF_A_PART = 3
Sentences = tuple[SegmentSentence, ...]


class Material(NamedTuple):
    """What may be told of one segment."""

    expression: str
    as_of: datetime
    customers: int | None
    """None when they are too few."""
    claims: tuple[SegmentClaim, ...]
    spoken: Mapping[str, str]
    """claim_id -> its plain sentence."""
    forbidden: Collection[str]
    about: About

    def of(self, part: Part) -> list[SegmentClaim]:
        """The claims of one part."""
        return [claim for claim in self.claims if claim.part is part]


class SegmentTeller:
    """Tells segments with the model that there is, or with none."""

    def __init__(self, large: ChatModel | None, prompts: PromptLibrary) -> None:
        """`large` words the claims; without it the composer speaks."""
        self._large, self._prompts = large, prompts

    def tell(self, material: Material, lang: Lang, *, ask_model: bool = True) -> SegmentStory:
        """The story of claims that were counted. A model that is down, slow or wrong never makes this fail."""
        composed = tuple(_composed(material, lang))
        told = self._told(material, lang, ask_model=ask_model and bool(material.claims))
        return SegmentStory(
            expression=material.expression,
            as_of=material.as_of,
            lang=lang,
            customers=material.customers,
            sentences=tuple(_joined(told.value, composed)),
            claims=material.claims,
            spoken=dict(material.spoken),
            provenance=told.origin,
            dropped=told.dropped,
        )

    def _told(self, material: Material, lang: Lang, *, ask_model: bool) -> Descent[Sentences]:
        def by_model(model: ChatModel, spent_ms: float) -> Said[Sentences]:
            prompt = question(self._prompts, material, lang)
            heard = ask_sifted(
                model, prompt, SegmentDraft, material.about, lambda draft: _judged(draft, material), fewest=1,
                spent_ms=spent_ms,
            )  # fmt: skip
            kept, dropped = sifted(heard.value, material)
            return Said(kept, heard.asked, dropped, None if kept else NONE_KEPT)

        return descend([Step("large", self._large, by_model)] if ask_model else [], tuple)


def question(prompts: PromptLibrary, material: Material, lang: Lang) -> RenderedPrompt:
    """The prompt over claims under their ids, by part and one plain sentence a line. Nothing names the segment."""
    lines = [f"{part}: [{c.claim_id}] {material.spoken[c.claim_id]}" for part in Part for c in material.of(part)]
    return prompts.render(PROMPT, SegmentDraft, {"claims": "\n".join(lines), "language": LANGUAGES[lang]})


def sifted(draft: SegmentDraft, material: Material) -> tuple[Sentences, tuple[str, ...]]:
    """The sentences that say what their claims say, and by number why the others do not."""
    part_of = {claim.claim_id: claim.part for claim in material.claims}
    kept: dict[str, SegmentSentence] = {}
    faults: list[str] = []
    for number, said in enumerate(draft.sentences, 1):
        text, ids = said.text.strip(), tuple(dict.fromkeys(said.claims))
        fault = check_sentence(text, ids, material.spoken, forbidden=material.forbidden)
        if fault is None and any(part_of[name] is not said.part for name in ids):
            fault = "it cites a claim of another part"
        if fault:
            faults.append(f"sentence {number}: {fault}")
        else:
            kept[text] = SegmentSentence(part=said.part, text=text, claim_ids=ids)
    return tuple(kept.values()), tuple(faults)


def _judged(draft: SegmentDraft, material: Material) -> Sifted:
    """The same as every task's answers are judged, so that one of which nothing holds is asked for once more."""
    kept, faults = sifted(draft, material)
    told = (Sentence(text=s.text, kind=ClaimKind.AGGREGATE, claim_ids=s.claim_ids) for s in kept)
    return Sifted(tuple(told), faults)


def say_claim(claim: SegmentClaim, taxonomy: Taxonomy, lang: Lang) -> str:
    """A counted claim in one plain sentence, beside all customers where that may be said."""
    words = wording(lang)
    key = "size" if claim.measure == "size" else f"{claim.measure}.{claim.about}"
    pattern = words.plain[key] if claim.of_all is None else words.compared[key]
    topic = taxonomy.name(claim.topic, lang) if claim.topic else ""
    return pattern.format(topic=topic, **_figures(claim))


def _figures(claim: SegmentClaim) -> dict[str, str]:
    match claim.measure:
        case "size":
            all_ = claim.of_all or claim.value
            return {"n": f"{claim.n:,}", "all": f"{all_:,.0f}", "share": _whole(claim.value / all_)}
        case "share":
            return {"share": _whole(claim.value), "all": _whole(claim.of_all or 0)}
    return {"value": _plain(claim.value), "all": _plain(claim.of_all or 0)}


def _plain(number: float) -> str:
    """With one decimal where there is one, never with an exponent."""
    return f"{number:,.1f}".removesuffix(".0")


def _whole(share: float) -> str:
    """Whole per cent; one decimal below one, so that some are never told as none."""
    return percent(round(share, 2)) if share >= 0.01 else percent(share)


def _composed(material: Material, lang: Lang) -> Iterator[SegmentSentence]:
    words = wording(lang)
    if material.customers is None:
        yield SegmentSentence(part=Part.WHO, text=words.too_few.format(least=LEAST))
        return
    for part in Part:
        found = material.of(part)[:_MOST_OF_A_PART]
        for claim in found:
            yield SegmentSentence(part=part, text=material.spoken[claim.claim_id], claim_ids=(claim.claim_id,))
        if part is Part.WORKS and not found:
            yield SegmentSentence(part=part, text=words.nothing_works)
        if part is Part.CHANGED and not found:
            yield SegmentSentence(part=part, text=words.nothing_changed)


def _joined(worded: Sequence[SegmentSentence], composed: Sequence[SegmentSentence]) -> Iterator[SegmentSentence]:
    """Part by part what the model said of it, else what the composer says."""
    for part in Part:
        own = [sentence for sentence in worded if sentence.part is part]
        yield from own or [sentence for sentence in composed if sentence.part is part]
