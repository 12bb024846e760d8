"""The words of a message by a model; which themes, channel, offer and moment stay with code.

The model is given three themes as the composer words them and may say them better. A wording is kept when it says
nothing that the composer's does not: no number, name, link, promise or sensitive word of its own. Each theme falls
back by itself, so a nonsense model sends nothing.
"""

from collections.abc import Collection, Sequence
from typing import Annotated, NamedTuple

from pydantic import Field

from app.errors import ModelOutputError, ModelUnavailable
from app.insights.schemas import Rung
from app.insights.verify import MAX_SENTENCE
from app.llm.chat_model import ChatModel
from app.llm.prompts import LANGUAGES, PromptLibrary, RenderedPrompt
from app.llm.structured import ask
from app.schema import Frozen, Lang
from app.strategy.gate.texts import says_no_more
from app.strategy.schemas import Theme

PROMPT = "strategy_draft"
MAX_TITLE = 60


class ThemeDraft(Frozen):
    """One theme as a model words it."""

    title: Annotated[str, Field(max_length=120)]
    """A few words, without a full stop."""
    draft: Annotated[str, Field(max_length=MAX_SENTENCE)]
    """One or two short sentences to the customer, in the language asked for."""


class StrategyDraft(Frozen):
    """The themes of one message."""

    themes: Annotated[tuple[ThemeDraft, ...], Field(min_length=3, max_length=3)]
    """The three themes in the order in which they were given."""


class Worded(NamedTuple):
    """Themes with their words, and who wrote them."""

    themes: tuple[Theme, ...]
    rung: Rung = "composer"
    model: str | None = None
    prompt_fingerprint: str | None = None
    fallback_reason: str | None = None


class Copywriter:
    """Words themes with one large model, or leaves them as they are."""

    def __init__(self, model: ChatModel | None, prompts: PromptLibrary) -> None:
        """`model` None means that the composer's words are sent."""
        self._model, self._prompts = model, prompts

    def word(self, themes: Sequence[Theme], lang: Lang, forbidden: Collection[str]) -> Worded:
        """The themes in the model's words where these hold. A model that is down, slow or wrong never makes it fail."""
        composed = tuple(themes)
        if self._model is None or not composed:
            return Worded(composed)
        try:
            answer = ask(self._model, question(self._prompts, composed, lang), StrategyDraft)
        except (ModelUnavailable, ModelOutputError) as error:
            return Worded(composed, fallback_reason=str(error))
        pairs = zip(composed, answer.value.themes, strict=False)
        worded = tuple(_kept(theme, draft, forbidden) for theme, draft in pairs)
        if worded == composed:
            return Worded(composed, fallback_reason="none of the model's wordings kept to the themes")
        return Worded(worded, "large", answer.model, answer.prompt_fingerprint)


def question(prompts: PromptLibrary, themes: Sequence[Theme], lang: Lang) -> RenderedPrompt:
    """The prompt over numbered themes, one a line."""
    lines = (f"{n}. {_one_line(theme.title)} | {_one_line(theme.draft)}" for n, theme in enumerate(themes, 1))
    return prompts.render(PROMPT, StrategyDraft, {"themes": "\n".join(lines), "language": LANGUAGES[lang]})


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _kept(theme: Theme, draft: ThemeDraft, forbidden: Collection[str]) -> Theme:
    """The model's title and text, each where it holds."""
    title, text = draft.title.strip(), draft.draft.strip()
    said = f"{theme.title} {theme.draft}"
    fits = len(title) <= MAX_TITLE and says_no_more(title, said, forbidden)
    return Theme(
        title=title if fits else theme.title,
        draft=text if says_no_more(text, said, forbidden) else theme.draft,
        topic=theme.topic,
        personal=theme.personal,
    )
