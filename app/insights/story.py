"""Tell a customer's story: by a model when one is there and keeps to the claims, by the composer otherwise.

The ladder is visible: every story says which rung spoke and, when that is not the one configured, why.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from app.errors import ModelOutputError, ModelUnavailable
from app.insights.compose import compose
from app.insights.schemas import DraftSentence, ProfileStory, Provenance, StoryDraft
from app.insights.verify import Recompute, check_claims, check_sentence, mentions
from app.llm.chat_model import ChatModel
from app.llm.prompts import PromptLibrary
from app.llm.structured import Answer, ask
from app.narrative.schemas import Claim, ClaimKind, Narrative, Sentence
from app.schema import Lang

PROMPT = "profile_story"
FEWEST = 3
"""A story of fewer good sentences is left to the composer."""

_LANGUAGES: dict[Lang, str] = {"zh": "简体中文", "en": "British English"}
_LEAST_CERTAIN = (ClaimKind.INFERENCE, ClaimKind.PREDICTION, ClaimKind.CHANGE, ClaimKind.AGGREGATE, ClaimKind.FACT)


class _Ground(NamedTuple):
    """What may be told: claims that hold and may be shown, each with its plain sentence."""

    claims: tuple[Claim, ...]
    spoken: Mapping[str, str]
    forbidden: Collection[str]
    dropped: tuple[str, ...]


class _Told(NamedTuple):
    """What one rung has to say, and what it had to leave out."""

    sentences: tuple[Sentence, ...]
    source: Mapping[str, str]
    """What this rung adds to the provenance."""
    dropped: tuple[str, ...] = ()


class Storyteller:
    """Tells stories with one model, or with none."""

    def __init__(self, model: ChatModel | None, prompts: PromptLibrary) -> None:
        """`model` None means that the composer always speaks."""
        self._model, self._prompts = model, prompts

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
        `ask_model` the composer tells it. A model that is down, slow or wrong never makes this fail.
        """
        ground = _ground(narrative, spoken, recompute, forbidden)
        told = self._told(narrative, ground, self._model if ask_model else None)
        versions = {"fold_version": fold_version, "identity_version": identity_version}
        return ProfileStory(
            customer_id=narrative.customer_id,
            as_of=narrative.as_of,
            lang=narrative.lang,
            sentences=told.sentences,
            claims=ground.claims,
            provenance=Provenance.model_validate({**versions, **told.source}),
            dropped=(*ground.dropped, *told.dropped),
        )

    def _told(self, narrative: Narrative, ground: _Ground, model: ChatModel | None) -> _Told:
        composed = compose(narrative, ground.claims)
        if model is None:
            return _Told(composed, {"rung": "composer"})
        if len(ground.claims) < FEWEST:
            return _Told(composed, _fallen(f"there are fewer than {FEWEST} claims to tell"))
        try:
            answer = self._asked(model, narrative.lang, ground)
        except (ModelUnavailable, ModelOutputError) as error:
            return _Told(composed, _fallen(str(error)))
        good, dropped = _sifted(answer.value.sentences, ground)
        if len(good) < FEWEST:
            held = f"{len(good)} of the model's {len(answer.value.sentences)} sentences kept to the claims"
            return _Told(composed, _fallen(held), dropped)
        source = {"rung": "large", "model": answer.model, "prompt_fingerprint": answer.prompt_fingerprint}
        return _Told(good, source, dropped)

    def _asked(self, model: ChatModel, lang: Lang, ground: _Ground) -> Answer[StoryDraft]:
        lines = (f"[{claim.claim_id}] {_one_line(ground.spoken[claim.claim_id])}" for claim in ground.claims)
        values = {"claims": "\n".join(lines), "language": _LANGUAGES[lang]}
        return ask(model, self._prompts.render(PROMPT, StoryDraft, values), StoryDraft)


def _fallen(reason: str) -> Mapping[str, str]:
    return {"rung": "composer", "fallback_reason": reason}


def _ground(
    narrative: Narrative, spoken: Mapping[str, str], recompute: Recompute, forbidden: Collection[str]
) -> _Ground:
    checked = check_claims(narrative.claims, recompute)
    hidden = {c.claim_id for c in checked.kept if mentions(spoken[c.claim_id], forbidden)}
    kept = tuple(claim for claim in checked.kept if claim.claim_id not in hidden)
    dropped = [f"claim {claim_id}: {reason}" for claim_id, reason in checked.dropped]
    dropped += [f"claim {claim_id}: it touches the sensitivity list" for claim_id in sorted(hidden)]
    return _Ground(kept, {c.claim_id: spoken[c.claim_id] for c in kept}, forbidden, tuple(dropped))


def _one_line(sentence: str) -> str:
    """Without line breaks: a second line could pose as a claim of its own."""
    return " ".join(sentence.split())


def _sifted(drafts: Collection[DraftSentence], ground: _Ground) -> tuple[tuple[Sentence, ...], tuple[str, ...]]:
    """The sentences that hold, and why the others do not."""
    claims = {claim.claim_id: claim for claim in ground.claims}
    good: dict[str, Sentence] = {}
    dropped: list[str] = []
    for number, draft in enumerate(drafts, 1):
        text, ids = draft.text.strip(), tuple(dict.fromkeys(draft.claims))
        reason = check_sentence(text, ids, ground.spoken, claims=claims, forbidden=ground.forbidden)
        if reason or text in good:
            dropped.append(f"sentence {number}: {reason or 'it repeats another'}")
        else:
            good[text] = Sentence(text=text, kind=_kind(claims[i] for i in ids), claim_ids=ids)
    return tuple(good.values()), tuple(dropped)


def _kind(claims: Iterable[Claim]) -> ClaimKind:
    """A sentence is marked as the least certain of what it stands on."""
    return min((claim.kind for claim in claims), key=_LEAST_CERTAIN.index)
