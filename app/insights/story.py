"""Tell a customer's story by the highest rung that keeps to the claims: large model, small model, composer.

The ladder is visible: every story says which rung spoke and, when a higher one is configured, why it did not.
"""

import time
from collections.abc import Callable, Collection, Iterator, Mapping

from app.errors import ModelOutputError, ModelUnavailable
from app.insights.compose import compose
from app.insights.ground import FEWEST, Ground, Told, ground_of
from app.insights.retell import retell
from app.insights.schemas import ProfileStory, Provenance
from app.insights.select import select
from app.insights.verify import Recompute
from app.llm.chat_model import ChatModel
from app.llm.prompts import PromptLibrary
from app.narrative.schemas import Narrative, Sentence

Step = Callable[[float], Told]
"""One step of the ladder, given the milliseconds of the deadline that those above it have used."""


class Storyteller:
    """Tells stories with the models that there are, or with none."""

    def __init__(self, large: ChatModel | None, prompts: PromptLibrary, *, small: ChatModel | None = None) -> None:
        """`large` words stories itself, `small` only chooses what is told; without both the composer speaks."""
        self._large, self._small, self._prompts = large, small, prompts

    def tell(
        self,
        narrative: Narrative,
        spoken: Mapping[str, str],
        recompute: Recompute,
        *,
        fold_version: int,
        identity_version: int,
        forbidden: Collection[str] = (),
        ask_model: bool = True,
    ) -> ProfileStory:
        """The story of claims that `recompute` confirms, in sentences that keep to them.

        `spoken` says each claim in one plain sentence; `forbidden` are the words of the sensitivity list. Without
        `ask_model` the composer tells it. A model that is down, slow or wrong never makes this fail; all rungs share
        one deadline.
        """
        ground = ground_of(narrative, spoken, recompute, forbidden)
        sentences, origin, dropped = self._told(narrative, ground, ask_model=ask_model)
        return ProfileStory(
            customer_id=narrative.customer_id,
            as_of=narrative.as_of,
            lang=narrative.lang,
            sentences=sentences,
            claims=ground.claims,
            provenance=Provenance.model_validate(
                {"fold_version": fold_version, "identity_version": identity_version, **origin}
            ),
            dropped=(*ground.dropped, *dropped),
        )

    def _told(
        self, narrative: Narrative, ground: Ground, *, ask_model: bool
    ) -> tuple[tuple[Sentence, ...], Mapping[str, str | None], tuple[str, ...]]:
        """Sentences, what they add to the provenance, and what was left out on the way down the ladder."""
        fallen, dropped, started = list[str](), list[str](), time.monotonic()
        for rung in self._rungs(narrative, ground) if ask_model else ():
            try:
                told = _enough(rung, ground, spent_ms=(time.monotonic() - started) * 1000)
            except (ModelUnavailable, ModelOutputError) as error:
                fallen.append(str(error))
                continue
            dropped += told.dropped
            if len(told.sentences) >= FEWEST:
                return told.sentences, _origin(told, fallen), tuple(dropped)
            fallen.append(f"{len(told.sentences)} of the model's sentences kept to the claims, {FEWEST} are needed")
        origin = {"rung": "composer", "fallback_reason": _joined(fallen)}
        return compose(narrative, ground.claims), origin, tuple(dropped)

    def _rungs(self, narrative: Narrative, ground: Ground) -> Iterator[Step]:
        large, small = self._large, self._small
        if large is not None:
            yield lambda spent: retell(large, self._prompts, ground, narrative.lang, spent_ms=spent)
        if small is not None:
            yield lambda spent: select(small, self._prompts, narrative, ground, spent_ms=spent)


def _enough(rung: Step, ground: Ground, *, spent_ms: float) -> Told:
    """What the rung tells; a model is not asked where there is next to nothing to say."""
    if len(ground.claims) < FEWEST:
        raise ModelOutputError(f"there are fewer than {FEWEST} claims to tell")
    return rung(spent_ms)


def _origin(told: Told, fallen: Collection[str]) -> Mapping[str, str | None]:
    return {
        "rung": told.rung,
        "model": told.model,
        "prompt_fingerprint": told.prompt_fingerprint,
        "fallback_reason": _joined(fallen),
    }


def _joined(reasons: Collection[str]) -> str | None:
    return "; ".join(dict.fromkeys(reasons)) or None
