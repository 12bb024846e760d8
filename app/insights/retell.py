"""The large rung: a model words the story itself, and code keeps the sentences that say what their claims say."""

from app.insights.ground import FEWEST, Ground, Told, told
from app.insights.own_claims import UnheldError, held
from app.insights.schemas import StoryDraft, StorySentence
from app.insights.sift import Sifted, ask_sifted, sift
from app.llm.chat_model import About, ChatModel
from app.llm.prompts import LANGUAGES, PromptLibrary, RenderedPrompt
from app.narrative.schemas import Claim
from app.schema import Lang

PROMPT = "profile_story"


def retell(
    model: ChatModel, prompts: PromptLibrary, ground: Ground, lang: Lang, about: About, *, spent_ms: float = 0.0
) -> Told:
    """The model's own sentences, those that hold. ModelUnavailable and ModelOutputError are the caller's."""
    heard = ask_sifted(
        model,
        question(prompts, ground, lang),
        StoryDraft,
        about,
        lambda draft: judged(draft, ground)[0],
        fewest=FEWEST,
        spent_ms=spent_ms,
    )
    good, faults = heard.sifted
    cited = {claim_id for sentence in good for claim_id in sentence.claim_ids}
    new = tuple(claim for claim in judged(heard.value, ground)[1] if claim.claim_id in cited)
    return told(good, heard.asked, faults, new)


def question(prompts: PromptLibrary, ground: Ground, lang: Lang) -> RenderedPrompt:
    """The prompt over claims under their ids, one plain sentence a line, and the telling with its markers."""
    lines = (f"[{claim.claim_id}] {ground.line(claim)}" for claim in ground.claims)
    values = {"claims": "\n".join(lines), "story": ground.story, "language": LANGUAGES[lang]}
    return prompts.render(PROMPT, StoryDraft, values)


def judged(draft: StoryDraft, ground: Ground) -> tuple[Sifted, tuple[Claim, ...]]:
    """What of a draft holds, and the claims of its own that do."""
    claims, spoken = dict[str, Claim](), dict[str, str]()
    refused, sentences = dict[int, str](), list[StorySentence]()
    for number, sentence in enumerate(draft.sentences, 1):
        ids = list(sentence.claims)
        try:
            for own in sentence.own:
                claim, said = held(own, sentence.text, ground)
                claims[claim.claim_id], spoken[claim.claim_id] = claim, said
                ids.append(claim.claim_id)
        except UnheldError as fault:
            refused[number] = f"claim of its own: {fault}"
        sentences.append(sentence.model_copy(update={"claims": tuple(ids)}))
    new = tuple(claim for name, claim in claims.items() if name not in ground.spoken)
    return sift(sentences, ground.beside(claims, spoken), refused=refused), new
