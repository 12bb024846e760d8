"""The large rung: a model words the story itself, and code keeps the sentences that say what their claims say."""

from collections.abc import Collection

from app.insights.ground import Ground, Told, kind_of
from app.insights.schemas import DraftSentence, StoryDraft
from app.insights.verify import check_sentence
from app.llm.chat_model import ChatModel
from app.llm.prompts import LANGUAGES, PromptLibrary, RenderedPrompt
from app.llm.structured import ask
from app.narrative.schemas import Sentence
from app.schema import Lang

PROMPT = "profile_story"


def retell(model: ChatModel, prompts: PromptLibrary, ground: Ground, lang: Lang, *, spent_ms: float = 0.0) -> Told:
    """The model's own sentences, those that hold. ModelUnavailable and ModelOutputError are the caller's."""
    answer = ask(model, question(prompts, ground, lang), StoryDraft, spent_ms=spent_ms)
    good, dropped = _sifted(answer.value.sentences, ground)
    return Told("large", good, answer.model, answer.prompt_fingerprint, dropped)


def question(prompts: PromptLibrary, ground: Ground, lang: Lang) -> RenderedPrompt:
    """The prompt over claims under their ids, one plain sentence a line."""
    lines = (f"[{claim.claim_id}] {ground.line(claim)}" for claim in ground.claims)
    return prompts.render(PROMPT, StoryDraft, {"claims": "\n".join(lines), "language": LANGUAGES[lang]})


def _sifted(drafts: Collection[DraftSentence], ground: Ground) -> tuple[tuple[Sentence, ...], tuple[str, ...]]:
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
            good[text] = Sentence(text=text, kind=kind_of(claims[i] for i in ids), claim_ids=ids)
    return tuple(good.values()), tuple(dropped)
