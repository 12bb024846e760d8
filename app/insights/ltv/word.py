"""The large rung of an explanation: a model words drivers, risks and advice; code keeps what stands on the claims.

Figures stand beside the sentences and are code's; actions are chosen from those that code allows.
"""

from app.insights.known import Known
from app.insights.ltv.asking import Asked, question
from app.insights.ltv.compose import Worded
from app.insights.ltv.keeping import kept
from app.insights.ltv.schemas import LtvDraft
from app.insights.sift import Sifted, ask_sifted
from app.llm.chat_model import ChatModel
from app.llm.ladder import Said
from app.llm.prompts import PromptLibrary

FEWEST = 2
"""Fewer sentences that hold are asked for once more."""


def word(
    model: ChatModel, prompts: PromptLibrary, given: Asked, known: Known, *, spent_ms: float = 0.0
) -> Said[Worded]:
    """What the model said, as far as it holds. ModelUnavailable and ModelOutputError are the caller's."""
    heard = ask_sifted(
        model, question(prompts, given, known), LtvDraft, known.about, lambda draft: _judged(draft, given, known),
        fewest=FEWEST, spent_ms=spent_ms,
    )  # fmt: skip
    worded, _ = kept(heard.value, given, known)
    unfit = None if worded.whole else "nothing of the model's explanation kept to the claims"
    return Said(worded, heard.asked, heard.sifted.faults, unfit)


def _judged(draft: LtvDraft, given: Asked, known: Known) -> Sifted:
    worded, faults = kept(draft, given, known)
    return Sifted((*worded.drivers, *worded.risks), faults)
