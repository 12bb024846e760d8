"""Brief an agent: a large model words the claims, code says what is allowed, the composer tells what is left out."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.insights.brief.compose import Composer
from app.insights.brief.material import Line
from app.insights.brief.schemas import WORDED, Brief, BriefDraft, BriefDraftSentence, BriefSentence, Part
from app.insights.ground import Ground
from app.insights.known import Known
from app.insights.sift import NONE_KEPT, Sifted, ask_sifted, sift
from app.insights.verify import check_sentence
from app.llm.chat_model import ChatModel
from app.llm.ladder import Descent, Said, Step, descend
from app.llm.prompts import LANGUAGES, PromptLibrary, RenderedPrompt

PROMPT = "service_brief"


class Worded(NamedTuple):
    """What a model said of each part and how it would begin, as far as it holds."""

    sentences: tuple[BriefSentence, ...] = ()
    opening: str | None = None


class Briefer:
    """Briefs with the model that there is, or with none."""

    def __init__(self, large: ChatModel | None, prompts: PromptLibrary) -> None:
        """`large` words the claims; without it the composer speaks."""
        self._large, self._prompts = large, prompts

    def brief(self, known: Known, lines: Sequence[Line], composer: Composer, *, ask_model: bool = True) -> Brief:
        """The brief over claims that were recomputed already. A model that fails never makes this fail."""
        ground = ground_of(known, lines, composer)
        composed, opening = composer.sentences(lines), composer.opening(lines)
        told = self._told(known, lines, ground, opening, ask_model=ask_model)
        sentences = tuple(_joined(told.value.sentences, composed))
        cited = {claim_id for sentence in sentences for claim_id in sentence.claim_ids}
        return Brief(
            customer_id=known.customer_id,
            as_of=known.as_of,
            lang=known.lang,
            sentences=sentences,
            opening=told.value.opening or opening,
            evidence={claim.claim_id: claim.evidence for claim in known.claims if claim.claim_id in cited},
            spoken={c.claim_id: composer.plainly(line) for line in lines for c in line.claims.values()},
            provenance=known.provenance(told.origin),
            dropped=told.dropped,
        )

    def _told(
        self, known: Known, lines: Sequence[Line], ground: Ground, opening: str, *, ask_model: bool
    ) -> Descent[Worded]:
        def by_model(model: ChatModel, spent_ms: float) -> Said[Worded]:
            prompt = question(self._prompts, lines, ground, opening, known)
            heard = ask_sifted(
                model, prompt, BriefDraft, known.about, lambda draft: _sifted(kept(draft, lines, ground, opening)),
                fewest=1, spent_ms=spent_ms,
            )  # fmt: skip
            found, dropped = kept(heard.value, lines, ground, opening)
            return Said(found, heard.asked, dropped, None if found.sentences else NONE_KEPT)

        steps = [Step("large", self._large, by_model)] if ask_model and ground.claims else []
        return descend(steps, Worded)


def ground_of(known: Known, lines: Sequence[Line], composer: Composer) -> Ground:
    """What a model may word, each line under the id of its first claim and as the brief says it: without any amount."""
    spoken = {line.claim_id: composer.plainly(line) for line in lines if line.part in WORDED}
    return known.ground(tuple(claim for claim in known.claims if claim.claim_id in spoken), spoken)


def question(
    prompts: PromptLibrary, lines: Sequence[Line], ground: Ground, opening: str, known: Known
) -> RenderedPrompt:
    """The prompt over claims under their ids, by part and one plain sentence a line, and the suggested opening."""
    worded = [line for line in lines if line.part in WORDED]
    told = [f"{line.part}: [{line.claim_id}] {ground.spoken[line.claim_id]}" for line in worded]
    values = {"claims": "\n".join(told), "opening": opening, "language": LANGUAGES[known.lang]}
    return prompts.render(PROMPT, BriefDraft, values)


def kept(draft: BriefDraft, lines: Sequence[Line], ground: Ground, opening: str) -> tuple[Worded, tuple[str, ...]]:
    """The model's sentences and opening that hold, and why the others do not.

    A sentence stands on a claim of its own part; a part of which not every claim is told is left to the composer, so
    that no complaint is kept from the agent.
    """
    refused = {n: fault for n, one in enumerate(draft.sentences, 1) if (fault := _fault(one, lines))}
    sifted = sift(draft.sentences, ground, refused=refused)
    part_of = {one.text.strip(): one.part for one in reversed(draft.sentences)}
    told = [BriefSentence(part=part_of[s.text], **s.model_dump()) for s in sifted.sentences]
    whole = {part for part in WORDED if _of(part, lines) <= {i for s in told if s.part is part for i in s.claim_ids}}
    faults = [
        f"{part}: not all of it is told" for part in WORDED if part not in whole and any(s.part is part for s in told)
    ]
    said = draft.opening.strip()
    wrong = check_sentence(said, ["opening"], {"opening": opening}, forbidden=ground.forbidden)
    faults += [f"opening: {wrong}"] if wrong else []
    return Worded(tuple(s for s in told if s.part in whole), None if wrong else said), (*sifted.faults, *faults)


def _sifted(judged: tuple[Worded, tuple[str, ...]]) -> Sifted:
    return Sifted(judged[0].sentences, judged[1])


def _fault(draft: BriefDraftSentence, lines: Sequence[Line]) -> str | None:
    return None if _of(draft.part, lines) & set(draft.claims) else "it cites no claim of its part"


def _of(part: Part, lines: Sequence[Line]) -> set[str]:
    return {line.claim_id for line in lines if line.part is part}


def _joined(worded: Sequence[BriefSentence], composed: Sequence[BriefSentence]) -> Iterator[BriefSentence]:
    """Part by part what the model said of it, else what the composer says; rules are always told."""
    for part in Part:
        own = [sentence for sentence in worded if sentence.part is part]
        ours = [sentence for sentence in composed if sentence.part is part]
        yield from own or ours
