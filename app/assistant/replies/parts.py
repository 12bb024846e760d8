"""What a composer is given and what it gives back."""

from collections.abc import Iterable
from typing import NamedTuple

from app.assistant.asking import Asking
from app.assistant.schemas import Link, Pending, Slots, Table, Understood
from app.assistant.speaking import Speaker
from app.assistant.tools.audience import Who, who_of
from app.assistant.tools.customer import THIS
from app.insights.schemas import Provenance
from app.narrative.schemas import ClaimKind, Sentence
from app.pipeline import Pipeline


class Question(NamedTuple):
    """A question that was understood, where it is asked, and the words to answer in."""

    pipeline: Pipeline
    asking: Asking
    understood: Understood
    say: Speaker

    @property
    def slots(self) -> Slots:
        """What it says beside its intent."""
        return self.understood.slots

    def one(self) -> str | None:
        """The one customer who is meant: named, on screen, or talked of just before; None when a group is."""
        return meant(self.slots, self.asking)

    def whom(self) -> Who:
        """Who is meant; where a question names nobody, those of the question before it."""
        who, earlier = who_of(self.slots), self.asking.earlier
        if earlier is None or who.model_dump(exclude={"channel", "period"}, exclude_none=True):
            return who
        before = who_of(earlier.slots)
        return before.model_copy(update={"channel": who.channel or before.channel})


def meant(slots: Slots, asking: Asking) -> str | None:
    """The customer whom a question is about where it may be about one or about many."""
    if slots.customer or slots.segment or slots.state or slots.value or slots.topic:
        return slots.customer
    if asking.on_screen:
        return THIS
    return asking.earlier.slots.customer if asking.earlier else None


class Parts(NamedTuple):
    """An answer before it is put together."""

    sentences: tuple[Sentence, ...]
    tables: tuple[Table, ...] = ()
    links: tuple[Link, ...] = ()
    suggestions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    pending: Pending | None = None
    abstained: bool = False
    provenance: Provenance | None = None
    """Where a story's sentences came from; None when all is composed here."""


def stating(text: str, *refs: str, kind: ClaimKind = ClaimKind.AGGREGATE) -> Sentence:
    """A sentence that states something, with what it stands on: claims, campaigns or queries."""
    return Sentence(text=text, kind=kind, claim_ids=tuple(dict.fromkeys(refs)))


def expecting(text: str, *refs: str) -> Sentence:
    """A sentence that tells an estimate."""
    return stating(text, *refs, kind=ClaimKind.PREDICTION)


def joining(text: str) -> Sentence:
    """A sentence that states nothing of the data: a question, a way on, what was understood."""
    return Sentence(text=text, kind=ClaimKind.LINK, claim_ids=())


def segment_ref(expression: str) -> str:
    """What a count of a segment stands on."""
    return f"segment:{expression}"


def told(texts: Iterable[str]) -> tuple[Sentence, ...]:
    """Joining sentences, the empty ones left out."""
    return tuple(joining(text) for text in texts if text)
