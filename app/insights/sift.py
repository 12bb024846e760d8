"""Keep the sentences of a model that say what their claims say, and name by number what is wrong with the others.

Every task whose model words claims sifts its sentences here, and asks again here when too few of them hold.
"""

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel

from app.errors import ModelOutputError, ModelUnavailable
from app.insights.ground import Ground, kind_of
from app.insights.verify import check_link, check_sentence
from app.llm.chat_model import About, ChatModel
from app.llm.prompts import RenderedPrompt
from app.llm.structured import Asked, ask
from app.narrative.schemas import Sentence

NONE_KEPT = "none of the model's sentences kept to the claims"
"""Why the rung below speaks where a model's every sentence was left out."""

T = TypeVar("T", bound=BaseModel)


class Worded(Protocol):
    """A sentence as a model words it."""

    @property
    def text(self) -> str:
        """What it says."""
        ...

    @property
    def claims(self) -> tuple[str, ...]:
        """Ids of the claims that it stands on."""
        ...


class Sifted(NamedTuple):
    """Sentences that hold, in their order, and why the others do not."""

    sentences: tuple[Sentence, ...]
    faults: tuple[str, ...] = ()
    """`sentence 3: ...`; they name numbers and never repeat other words, which may be an attacker's."""


class Heard(NamedTuple, Generic[T]):
    """A model's answer, what it cost, and what of it holds."""

    value: T
    asked: Asked
    sifted: Sifted


def sift(
    drafts: Sequence[Worded], ground: Ground, *, said: Collection[str] = (), refused: Mapping[int, str] | None = None
) -> Sifted:
    """The drafts whose text stands on nothing but the claims that they cite.

    One already `said` is left out, and one `refused` before, by its number from 1. A draft that cites nothing is a
    link, and may state nothing.
    """
    claims = {claim.claim_id: claim for claim in ground.claims}
    good: dict[str, Sentence] = {}
    faults: list[str] = []
    for number, draft in enumerate(drafts, 1):
        text, ids = draft.text.strip(), tuple(dict.fromkeys(draft.claims))
        reason = (refused or {}).get(number) or _fault(text, ids, ground)
        if reason is None and (text in good or text in said):
            reason = "it repeats another"
        if reason:
            faults.append(f"sentence {number}: {reason}")
        else:
            good[text] = Sentence(text=text, kind=kind_of(claims[i] for i in ids), claim_ids=ids)
    return Sifted(tuple(good.values()), tuple(faults))


def _fault(text: str, ids: Sequence[str], ground: Ground) -> str | None:
    if not ids:
        return check_link(text, ground.forbidden)
    claims = {claim.claim_id: claim for claim in ground.claims}
    tellings = ground.narrative.sentences if ground.narrative else ()
    return check_sentence(text, ids, ground.spoken, claims=claims, forbidden=ground.forbidden, tellings=tellings)


def ask_sifted(
    model: ChatModel,
    prompt: RenderedPrompt,
    output: type[T],
    about: About,
    judge: Callable[[T], Sifted],
    *,
    fewest: int,
    spent_ms: float = 0.0,
) -> Heard[T]:
    """An answer and what of it holds; asked once more with the faults named when that is fewer than `fewest`.

    The better of both answers is given, with the cost of both. Only the first may raise ModelUnavailable and
    ModelOutputError.
    """
    first = ask(model, prompt, output, about, spent_ms=spent_ms)
    sifted = judge(first.value)
    if len(sifted.sentences) >= fewest or not sifted.faults:
        return Heard(first.value, first, sifted)
    again = dataclasses.replace(
        prompt, messages=prompt.corrected(first.value.model_dump_json(), "; ".join(sifted.faults))
    )
    try:
        second = ask(model, again, output, about, spent_ms=spent_ms + first.took_ms)
    except (ModelUnavailable, ModelOutputError):
        return Heard(first.value, first, sifted)
    mended = judge(second.value)
    if len(mended.sentences) <= len(sifted.sentences):
        return Heard(first.value, second.after(first), sifted)
    return Heard(second.value, second.after(first), mended)
