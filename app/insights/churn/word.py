"""The large rung of a churn read: a model words the claims, and code keeps what stands on them and judges nothing.

There is no small rung: which signs are told and in which order is no choice, since the calendar gives it.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

import yaml

from app.insights.churn.material import Material
from app.insights.churn.schemas import ChurnDraft, ChurnSentence, ReadPart, ReadSentence
from app.insights.ground import Ground
from app.insights.lexicon import any_of
from app.insights.sift import NONE_KEPT, Sifted, ask_sifted, sift
from app.llm.chat_model import About, ChatModel
from app.llm.ladder import Said
from app.llm.prompts import LANGUAGES, PromptLibrary, RenderedPrompt
from app.schema import Lang
from app.text.normalise import normalise

PROMPT = "churn_read"
FEWEST = 2
"""Fewer sentences that hold are asked for once more."""
Worded = tuple[ReadSentence, ...]
"""What a model said, as far as it holds."""


def word(
    model: ChatModel,
    prompts: PromptLibrary,
    material: Material,
    ground: Ground,
    lang: Lang,
    about: About,
    *,
    spent_ms: float = 0.0,
) -> Said[Worded]:
    """The model's sentences that hold. ModelUnavailable and ModelOutputError are the caller's."""
    prompt = question(prompts, material, ground, lang)
    heard = ask_sifted(
        model, prompt, ChurnDraft, about, lambda draft: kept(draft.sentences, material, ground), fewest=FEWEST,
        spent_ms=spent_ms,
    )  # fmt: skip
    told = tuple(s for s in heard.sifted.sentences if isinstance(s, ReadSentence))
    return Said(told, heard.asked, heard.sifted.faults, None if told else NONE_KEPT)


def question(prompts: PromptLibrary, material: Material, ground: Ground, lang: Lang) -> RenderedPrompt:
    """The prompt over claims under their ids, by part and one plain sentence a line."""
    lines = [f"{part}: [{c.claim_id}] {ground.line(c)}" for part in ReadPart for c in material.of(part)]
    return prompts.render(PROMPT, ChurnDraft, {"claims": "\n".join(lines), "language": LANGUAGES[lang]})


def kept(drafts: Sequence[ChurnSentence], material: Material, ground: Ground) -> Sifted:
    """The sentences that hold, and why the others do not.

    A sentence stands on a claim of its own part and gives no verdict. Signs are told earliest first and all of them,
    else the composer tells them.
    """
    refused = {n: fault for n, draft in enumerate(drafts, 1) if (fault := _fault(draft, material, ground))}
    sifted = sift(drafts, ground, refused=refused)
    part_of = {draft.text.strip(): draft.part for draft in reversed(drafts)}
    told = tuple(ReadSentence(part=part_of[s.text], **s.model_dump()) for s in sifted.sentences)
    if not any(s.part is ReadPart.SIGNS for s in told) or _in_order(told, material):
        return Sifted(told, sifted.faults)
    fault = "signs: they are not all told, or not in the order in which they came"
    return Sifted(tuple(s for s in told if s.part is not ReadPart.SIGNS), (*sifted.faults, fault))


def _fault(draft: ChurnSentence, material: Material, ground: Ground) -> str | None:
    if not {claim.claim_id for claim in material.of(draft.part)} & set(draft.claims):
        return "it cites no claim of its part"
    given = normalise(" ; ".join(ground.spoken.get(claim_id, "") for claim_id in draft.claims))
    if any(match[0] not in given for match in _verdicts().finditer(normalise(draft.text))):
        return "it judges whether somebody leaves, its claims do not"
    return None


def _in_order(told: Sequence[ReadSentence], material: Material) -> bool:
    """Whether every sign is told, and first told no earlier than the signs before it."""
    ids = [sign.claim_id for sign in material.signs]
    told = [sentence for sentence in told if sentence.part is ReadPart.SIGNS]
    cited = dict.fromkeys(claim_id for sentence in told for claim_id in sentence.claim_ids if claim_id in ids)
    return list(cited) == ids


@cache
def _verdicts() -> re.Pattern[str]:
    text = (resources.files("app.insights.churn") / "words.yaml").read_text(encoding="utf-8")
    return any_of(yaml.safe_load(text)["verdicts"])
