"""Answers in a model's words: it may reword the composed sentences, and every one it rewords is held against them.

What the model leaves out, or words so that it says something else, stands as it was composed: an answer never says
less, or anything else, because a model spoke. There is no small rung, as there is nothing to choose. Names in lists of
customers are not sent to a model.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from app.assistant.asking import Asking
from app.assistant.schemas import Reply
from app.insights.schemas import DraftSentence, Provenance
from app.insights.sift import Sifted, ask_sifted
from app.insights.verify import check_sentence
from app.llm.chat_model import About, ChatModel
from app.llm.ladder import Said, Step, descend
from app.llm.prompts import LANGUAGES, PromptLibrary, RenderedPrompt
from app.narrative.schemas import ClaimKind, Sentence
from app.schema import Frozen, Lang

PROMPT = "chat_answer"
FEWEST = 2
"""Fewer sentences that hold are asked for once more."""
_LEAST_CERTAIN = (ClaimKind.INFERENCE, ClaimKind.PREDICTION, ClaimKind.CHANGE, ClaimKind.AGGREGATE, ClaimKind.FACT)


class ChatAnswer(Frozen):
    """An answer in other words."""

    sentences: Annotated[tuple[DraftSentence, ...], Field(min_length=1, max_length=12)]
    """The sentences of the material in plainer words, in their order; two that belong together may become one."""


class ReplyWriter:
    """Words composed answers where there is a model."""

    def __init__(self, large: ChatModel | None, prompts: PromptLibrary, forbidden: Collection[str]) -> None:
        """`forbidden` are the words of the sensitivity list."""
        self._large, self._prompts, self._forbidden = large, prompts, forbidden

    def word(self, reply: Reply, asking: Asking) -> Reply:
        """The same answer, as far as a model words it well; its provenance says who spoke."""
        given = material(reply)
        if self._large is None or not given:
            return reply
        about, lang = About(asking.workspace.workspace_id, _subject(reply, asking)), reply.understood.lang
        asked = reply.sentences[0].text
        step = Step("large", self._large, lambda model, spent: self._say(model, asked, given, about, lang, spent))
        found = descend([step], lambda: ())
        return reply.model_copy(
            update={
                "sentences": merged(reply.sentences, given, found.value),
                "provenance": _provenance(reply.provenance, found.origin.model_dump()),
            }
        )

    def _say(
        self, model: ChatModel, asked: str, given: Mapping[str, Sentence], about: About, lang: Lang, spent_ms: float
    ) -> Said[tuple[Sentence, ...]]:
        prompt = question(self._prompts, asked, given, lang)
        heard = ask_sifted(
            model, prompt, ChatAnswer, about, lambda answer: kept(answer.sentences, given, self._forbidden),
            fewest=min(FEWEST, len(given)), spent_ms=spent_ms,
        )  # fmt: skip
        good = heard.sifted.sentences
        unfit = None if good else "none of the model's sentences kept to the answer"
        return Said(good, heard.asked, heard.sifted.faults, unfit)


def material(reply: Reply) -> dict[str, Sentence]:
    """What may be reworded, under short ids: all that states something, without the names of a list of customers."""
    names = set() if reply.understood.slots.customer else _names(reply)
    found = [one for one in reply.sentences if one.claim_ids and not any(name in one.text for name in names)]
    return {f"s{number}": sentence for number, sentence in enumerate(found, 1)}


def question(prompts: PromptLibrary, asked: str, given: Mapping[str, Sentence], lang: Lang) -> RenderedPrompt:
    """The prompt: how the question was understood, then the composed sentences, one a line."""
    lines = (f"[{name}] {' '.join(sentence.text.split())}" for name, sentence in given.items())
    values = {"asked": " ".join(asked.split()), "sentences": "\n".join(lines), "language": LANGUAGES[lang]}
    return prompts.render(PROMPT, ChatAnswer, values)


def kept(drafts: Sequence[DraftSentence], given: Mapping[str, Sentence], forbidden: Collection[str]) -> Sifted:
    """The drafts that say what the sentences they cite say, and why the others do not."""
    spoken = {name: sentence.text for name, sentence in given.items()}
    tellings = [Sentence(text=one.text, kind=one.kind, claim_ids=(name,)) for name, one in given.items()]
    good, faults = dict[str, Sentence](), list[str]()
    for number, draft in enumerate(drafts, 1):
        text, ids = draft.text.strip(), tuple(dict.fromkeys(draft.claims))
        reason = check_sentence(text, ids, spoken, forbidden=forbidden, tellings=tellings)
        if reason is None and text in good:
            reason = "it repeats another"
        if reason:
            faults.append(f"sentence {number}: {reason}")
        else:
            good[text] = Sentence(text=text, kind=_kind([given[name] for name in ids]), claim_ids=ids)
    return Sifted(tuple(good.values()), tuple(faults))


def merged(
    composed: Sequence[Sentence], given: Mapping[str, Sentence], worded: Sequence[Sentence]
) -> tuple[Sentence, ...]:
    """The composed sentences in their order, each replaced by the first worded one that retells it."""
    names = {id(sentence): name for name, sentence in given.items()}
    told = dict[str, Sentence]()
    for sentence in worded:
        if not told.keys() & set(sentence.claim_ids):
            told |= dict.fromkeys(sentence.claim_ids, sentence)
    answer = list[Sentence]()
    for sentence in composed:
        said = told.get(names.get(id(sentence), ""))
        new = sentence if said is None else _standing(said, given)
        if new not in answer:
            answer.append(new)
    return tuple(answer)


def _standing(worded: Sentence, given: Mapping[str, Sentence]) -> Sentence:
    """A worded sentence on what the composed ones stand on."""
    refs = dict.fromkeys(ref for name in worded.claim_ids for ref in given[name].claim_ids)
    return worded.model_copy(update={"claim_ids": tuple(refs)})


def _kind(sentences: Sequence[Sentence]) -> ClaimKind:
    """A sentence is marked as the least certain of what it retells."""
    return min((sentence.kind for sentence in sentences), key=_LEAST_CERTAIN.index)


def _names(reply: Reply) -> set[str]:
    """The customers that an answer names: the first cells of the rows that its links go on from."""
    if not any(link.path.startswith("/customer/") for link in reply.links):
        return set()
    return {row[0] for table in reply.tables for row in table.rows}


def _subject(reply: Reply, asking: Asking) -> str:
    """Whom a kept answer is about: the customer, so that it goes when they are erased, else the shop's groups."""
    return reply.understood.slots.customer or asking.on_screen or f"segment:{reply.understood.intent}"


def _provenance(composed: Provenance, spoken: dict[str, object]) -> Provenance:
    return composed.model_copy(update={name: spoken[name] for name in spoken if name in Provenance.model_fields})
