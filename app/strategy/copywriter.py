"""The words of a message and of its rationale by a model; themes, channel, offer and moment stay with code.

The model is given what past campaigns did, the customer's claims and three themes as the composer words them. A wording
is kept when it says nothing that the composer's does not, a reason when it says what its claims and arms say: no
number, name, link, channel, promise or sensitive word of its own. Each falls back by itself, so a nonsense model
changes nothing.
"""

from collections.abc import Collection, Sequence
from typing import Annotated, NamedTuple

from pydantic import Field

from app.insights.fitness import MAX_SENTENCE
from app.insights.sift import Sifted, ask_sifted
from app.llm.chat_model import About, ChatModel
from app.llm.ladder import Origin, Said, Step, descend
from app.llm.prompts import LANGUAGES, PromptLibrary, RenderedPrompt
from app.narrative.schemas import ClaimKind, Sentence
from app.schema import Frozen, Lang
from app.strategy.gate.texts import says_no_more
from app.strategy.grounds import Grounds, Spoken, campaign_of
from app.strategy.schemas import Reason, Theme

PROMPT = "strategy_draft"
MAX_TITLE = 60
FEWEST_REASONS = 2
"""A rationale of fewer good sentences is the composer's."""
_NONE_KEPT = "none of the model's wordings kept to the themes, nor its reasons to their grounds"
_NOTHING = "-"
"""Stands where there is nothing to show."""


class ThemeDraft(Frozen):
    """One theme as a model words it."""

    title: Annotated[str, Field(max_length=120)]
    """A few words, without a full stop."""
    draft: Annotated[str, Field(max_length=MAX_SENTENCE)]
    """One or two short sentences to the customer, in the language asked for."""


class ReasonDraft(Frozen):
    """One sentence of the rationale, for colleagues."""

    text: Annotated[str, Field(max_length=MAX_SENTENCE)]
    """What the cited claims and past campaigns say to it, in the language asked for."""
    claims: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=4)]
    """Ids of the claims that it retells."""
    campaigns: Annotated[tuple[Annotated[str, Field(max_length=250)], ...], Field(max_length=3)]
    """Ids of the past campaigns that it retells, as they stand in square brackets."""


class StrategyDraft(Frozen):
    """Why to write to this customer, and the themes of the message."""

    rationale: Annotated[tuple[ReasonDraft, ...], Field(min_length=1, max_length=4)]
    """Two to four sentences for colleagues: what of the customer and of past campaigns speaks for it, what warns."""
    themes: Annotated[tuple[ThemeDraft, ...], Field(min_length=3, max_length=3)]
    """The three themes in the order in which they were given."""


class Words(NamedTuple):
    """What is said in a strategy: themes to the customer, reasons to colleagues."""

    themes: tuple[Theme, ...]
    reasons: tuple[Reason, ...] = ()


class Worded(NamedTuple):
    """Words, and who wrote them."""

    words: Words
    origin: Origin = Origin(rung="composer")


class Copywriter:
    """Words themes and rationale with one large model, or leaves them as they are."""

    def __init__(self, model: ChatModel | None, prompts: PromptLibrary) -> None:
        """`model` None means that the composer's words stay."""
        self._model, self._prompts = model, prompts

    def word(self, composed: Words, grounds: Grounds, lang: Lang, about: About) -> Worded:
        """The model's words where these hold. A model that is down, slow or wrong never makes it fail."""

        def reword(model: ChatModel, spent_ms: float) -> Said[Words]:
            prompt = question(self._prompts, composed.themes, grounds, lang)
            heard = ask_sifted(
                model, prompt, StrategyDraft, about, lambda draft: _judged(draft, grounds), fewest=FEWEST_REASONS,
                spent_ms=spent_ms,
            )  # fmt: skip
            worded = _kept(heard.value, composed, grounds)
            return Said(worded, heard.asked, heard.sifted.faults, _NONE_KEPT if worded == composed else None)

        found = descend([Step("large", self._model, reword)] if composed.themes else [], lambda: composed)
        return Worded(found.value, found.origin)


def question(prompts: PromptLibrary, themes: Sequence[Theme], grounds: Grounds, lang: Lang) -> RenderedPrompt:
    """The prompt: what the segment's past campaigns did, then the customer, then the themes, each one a line."""
    own = {name: text for name, text in grounds.own.items() if name not in grounds.segment}
    values = {
        "cases": _listed(grounds.segment),
        "stands_on": ", ".join(grounds.own) or _NOTHING,
        "claims": _listed({**own, **grounds.claims}),
        "themes": "\n".join(f"{n}. {_one_line(t.title)} | {_one_line(t.draft)}" for n, t in enumerate(themes, 1)),
        "language": LANGUAGES[lang],
    }
    return prompts.render(PROMPT, StrategyDraft, values)


def _listed(spoken: Spoken) -> str:
    return "\n".join(f"[{name}] {_one_line(text)}" for name, text in spoken.items()) or _NOTHING


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _kept(draft: StrategyDraft, composed: Words, grounds: Grounds) -> Words:
    """The model's words, each where it holds."""
    themes = zip(composed.themes, draft.themes, strict=False)
    reasons = tuple(dict.fromkeys(_reason(one) for one in draft.rationale if _fault(one, grounds) is None))
    return Words(
        tuple(_kept_theme(theme, said, grounds.forbidden) for theme, said in themes),
        reasons if len(reasons) >= FEWEST_REASONS else composed.reasons,
    )


def _judged(draft: StrategyDraft, grounds: Grounds) -> Sifted:
    """The reasons that hold, and by number why the others do not: too few are asked for once more."""
    faults = [_fault(one, grounds) for one in draft.rationale]
    told = {one.text: one for one, fault in zip(draft.rationale, faults, strict=True) if fault is None}
    sentences = (Sentence(text=said, kind=ClaimKind.AGGREGATE, claim_ids=one.claims) for said, one in told.items())
    wrong = (f"rationale {number}: {fault}" for number, fault in enumerate(faults, 1) if fault)
    return Sifted(tuple(sentences), tuple(wrong))


def _fault(draft: ReasonDraft, grounds: Grounds) -> str | None:
    return grounds.fault(draft.text.strip(), draft.claims, draft.campaigns)


def _reason(draft: ReasonDraft) -> Reason:
    campaigns = tuple(dict.fromkeys(map(campaign_of, draft.campaigns)))
    return Reason(text=draft.text.strip(), claim_ids=tuple(dict.fromkeys(draft.claims)), campaign_ids=campaigns)


def _kept_theme(theme: Theme, draft: ThemeDraft, forbidden: Collection[str]) -> Theme:
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
