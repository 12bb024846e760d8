"""Conclude: a large model words the change and what it may have to do with, else the composer does; always hedged."""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources

import yaml

from app.insights.conclusion.material import TELLING, Material, material_of
from app.insights.conclusion.schemas import Concluded, Conclusion, ConclusionDraft
from app.insights.fitness import mentions
from app.insights.ground import Ground
from app.insights.sift import NONE_KEPT, ask_sifted, sift
from app.llm.chat_model import About, ChatModel
from app.llm.ladder import Said, Step, descend
from app.llm.prompts import LANGUAGES, PromptLibrary, RenderedPrompt
from app.narrative.book import Book
from app.narrative.claims import choose
from app.narrative.ground import ground
from app.narrative.phrases import Template, parsed
from app.narrative.render import say
from app.narrative.schemas import Claim, Predicate
from app.narrative.speech import Speaker
from app.profile.fold import State, profile_at
from app.profile.schemas import Profile
from app.schema import Lang

PROMPT = "conclusion"
_MOST_EVIDENCE = 3


class Concluder:
    """Concludes with the model that there is, or with none."""

    def __init__(self, large: ChatModel | None, prompts: PromptLibrary) -> None:
        """`large` words the claims; without it the composer speaks."""
        self._large, self._prompts = large, prompts

    def of(self, state: State, book: Book, lang: Lang, about: About) -> Conclusion:
        """The conclusion about a customer: claims of their state that the events confirm. Nobody's standing is read."""
        forbidden = book.taxonomy.forbidden_words()
        alone = _alone(book)
        chosen = choose(state, _view(state, book), book.context, currency=book.currency)
        claims = ground([claim for claim in chosen if claim.predicate in TELLING], alone).claims
        spoken = {claim.claim_id: say(claim, alone, lang) for claim in claims}
        fit = tuple(claim for claim in claims if not mentions(spoken[claim.claim_id], forbidden))
        topics = {name: reading.topic for name, reading in book.taxonomy.readings.items()}
        material = material_of(fit, topics, as_of=book.as_of)
        said = {claim.claim_id: spoken[claim.claim_id] for claim in material.claims}
        return self.conclude(material, Ground(material.claims, said, forbidden, ()), Speaker(alone, lang), about)

    def conclude(self, material: Material, given: Ground, speaker: Speaker, about: About) -> Conclusion:
        """One to three sentences over claims that hold; none where nothing changed. A model never makes this fail."""
        if not material.changes:
            return Conclusion()

        def by_model(model: ChatModel, spent_ms: float) -> Said[tuple[Concluded, ...]]:
            prompt = question(self._prompts, material, given, speaker.lang)
            heard = ask_sifted(
                model, prompt, ConclusionDraft, about, lambda draft: sift(draft.sentences, given), fewest=1,
                spent_ms=spent_ms,
            )  # fmt: skip
            sifted = heard.sifted
            told = tuple(_concluded(s.text, _cited(s.claim_ids, material)) for s in sifted.sentences if s.claim_ids)
            return Said(told, heard.asked, sifted.faults, None if told else NONE_KEPT)

        found = descend([Step("large", self._large, by_model)], lambda: tuple(composed(material, speaker)))
        return Conclusion(found.value, found.origin, found.dropped)


def _alone(book: Book) -> Book:
    """The same evidence, shown without the customers beside this one."""
    return Book(
        customer_id=book.customer_id,
        history=book.history,
        taxonomy=book.taxonomy,
        zone=book.zone,
        as_of=book.as_of,
        currency=book.currency,
        view=lambda state: _view(state, book),
    )


def _view(state: State, book: Book) -> Profile:
    return profile_at(
        state,
        workspace_id="",
        customer_id=book.customer_id,
        identity_version=0,
        as_of=book.as_of,
        context=book.context,
        limits=None,
    )


def question(prompts: PromptLibrary, material: Material, given: Ground, lang: Lang) -> RenderedPrompt:
    """The prompt over the changes, then the words, under their ids, one plain sentence a line."""
    lines = [f"changed: [{c.claim_id}] {given.line(c)}" for c in material.changes]
    lines += [f"said: [{c.claim_id}] {given.line(c)}" for c in material.words]
    return prompts.render(PROMPT, ConclusionDraft, {"claims": "\n".join(lines), "language": LANGUAGES[lang]})


def composed(material: Material, speaker: Speaker) -> Iterator[Concluded]:
    """What changed, claim by claim, and what the customer's words may have to do with it."""
    for claim in material.changes:
        yield _concluded(speaker.fill(_templates(speaker.lang)[_plan(claim)], {"c": claim}), [claim])
    for claim in material.words:
        plan = "why_reading" if claim.predicate is Predicate.INTENT else "why_review"
        yield _concluded(speaker.fill(_templates(speaker.lang)[plan], {"c": claim}), [claim])


def _plan(claim: Claim) -> str:
    match claim.predicate:
        case Predicate.INTEREST_SHIFT:
            return "moved" if claim.topic and claim.to_topic else "emerged" if claim.to_topic else "faded"
        case Predicate.SIGNAL:
            return "sign" if claim.compared_to is not None else "sign_alone"
        case Predicate.ORDER_COUNT_CHANGE:
            return f"orders_{claim.direction}"
    return "topic_up"


def _cited(ids: Sequence[str], material: Material) -> list[Claim]:
    return [claim for claim in material.claims if claim.claim_id in ids]


def _concluded(text: str, claims: Sequence[Claim]) -> Concluded:
    return Concluded(
        text=text[:1].upper() + text[1:],
        claim_ids=tuple(claim.claim_id for claim in claims),
        evidence=tuple(dict.fromkeys(e for claim in claims for e in claim.evidence[-_MOST_EVIDENCE:])),
        quote=next((claim.quote for claim in claims if claim.quote), None),
        names=tuple(claim.reading for claim in claims if claim.reading),
    )


@cache
def _templates(lang: Lang) -> dict[str, Template]:
    text = (resources.files("app.insights.conclusion") / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return {plan: parsed(words) for plan, words in yaml.safe_load(text).items()}
