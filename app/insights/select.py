"""The small rung: a model says which claims to tell and in which order; every word is the narrative's own.

A model of a few million parameters cannot copy a name or a number reliably, but it can choose. So it answers with
numbers of claims, which code turns into sentences that were verified before it was asked. Code, too, keeps a story to
what fits into one and joins its sentences with connectives of a closed list (`joining.py`).
"""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from app.insights.compose import fitting
from app.insights.ground import Ground, Told, told
from app.insights.joining import joined
from app.llm.chat_model import About, ChatModel
from app.llm.prompts import PromptLibrary, RenderedPrompt
from app.llm.structured import ask
from app.narrative.schemas import Claim, Narrative, Sentence
from app.schema import Frozen

PROMPT = "select_claims"
MOST = 40
"""Claims that a small model is shown."""

Number = Annotated[int, Field(ge=1, le=MOST)]


class Selection(Frozen):
    """Which claims make the story, in the order in which they are told."""

    claims: Annotated[tuple[Number, ...], Field(min_length=1, max_length=MOST)]
    """The numbers of the claims to tell, each at most once."""


def select(
    model: ChatModel,
    prompts: PromptLibrary,
    narrative: Narrative,
    ground: Ground,
    about: About,
    *,
    spent_ms: float = 0.0,
) -> Told:
    """The narrative's sentences that the model chose. ModelUnavailable and ModelOutputError are the caller's."""
    shown = in_shown_order(ground.claims)
    answer = ask(model, question(prompts, shown, ground), Selection, about, spent_ms=spent_ms)
    numbers = tuple(dict.fromkeys(answer.value.claims))
    chosen = [shown[number - 1] for number in numbers if number <= len(shown)]
    dropped = tuple(f"number {number}: no such claim was shown" for number in numbers if number > len(shown))
    held = {claim.claim_id: claim for claim in ground.claims}
    sentences = fitting(tuple(_sentences(chosen, narrative, ground)), held)
    return told(joined(sentences, held, narrative.lang), answer, dropped)


def in_shown_order(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """The claims as a model is shown them: by id, which is a hash, so that their place tells nothing.

    Of more than MOST claims the first ones are shown, because a narrative tells the weightiest first.
    """
    return tuple(sorted(claims[:MOST], key=lambda claim: claim.claim_id))


def question(prompts: PromptLibrary, shown: Sequence[Claim], ground: Ground) -> RenderedPrompt:
    """The prompt over numbered claims, one plain sentence a line."""
    lines = (f"{number}. {ground.line(claim)}" for number, claim in enumerate(shown, 1))
    return prompts.render(PROMPT, Selection, {"claims": "\n".join(lines)})


def _sentences(chosen: Sequence[Claim], narrative: Narrative, ground: Ground) -> Iterator[Sentence]:
    """Each chosen claim by the narrative's sentence that tells it, once; by its plain sentence when there is none."""
    held, told = set(ground.spoken), set[str]()
    by_claim: dict[str, Sentence] = {}
    for sentence in narrative.sentences:
        if held.issuperset(sentence.claim_ids):
            by_claim |= dict.fromkeys(sentence.claim_ids, sentence)
    for claim in chosen:
        plain = Sentence(text=ground.line(claim), kind=claim.kind, claim_ids=(claim.claim_id,))
        sentence = by_claim.get(claim.claim_id, plain)
        if claim.claim_id not in told:
            told.update(sentence.claim_ids)
            yield sentence
