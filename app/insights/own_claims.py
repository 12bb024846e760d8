"""Claims that a model makes by itself: data, which code measures again on the events and compares field by field.

The claim that enters a story is always the one that code made; the model's only says which one to make. So nothing
of a model's reaches a claim: not a value, not a period, not evidence.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from app.insights.fitness import mentions
from app.insights.ground import Ground
from app.insights.lexicon import lexicon
from app.insights.quantities import figures, unsupported
from app.insights.schemas import OwnClaim
from app.insights.verify import check_claims
from app.narrative.asked import Asked
from app.narrative.book import Book, Query
from app.narrative.measures import SPECS, recompute, state
from app.narrative.render import say
from app.narrative.schemas import Claim, ClaimKind, Narrative
from app.narrative.speech import Speaker
from app.privacy.quoting import quotable
from app.text.normalise import normalise

SHORTEST_QUOTE = 2
"""Characters of an inference's quote; a shorter one stands in any text."""


class UnheldError(ValueError):
    """Why a claim does not hold; never in the model's own words."""


class Held(NamedTuple):
    """A claim as code made it, and its plain sentence."""

    claim: Claim
    spoken: str


def held(own: OwnClaim, text: str, ground: Ground) -> Held:
    """The claim that `own` describes, made of the events; UnheldError says in what it is not what they give.

    `text` is the sentence that makes it: an inference must be hedged there with the hedge that it names.
    """
    if ground.book is None or ground.narrative is None:
        raise UnheldError("claims of its own cannot be measured here")
    if any(name not in ground.campaigns for name in own.campaigns):
        raise UnheldError("it names a campaign that was not retrieved for this request")
    book, narrative = ground.book, ground.narrative
    cited = _events(own, narrative, book)
    found = next(iter(_made(own, cited, ground, book)), None)
    if found is None:
        raise UnheldError("the events do not support such a claim")
    if not check_claims([found], lambda claim: _again(claim, ground, book)).kept:
        raise UnheldError("the events do not support it")
    said = say(found, book, narrative.lang)
    if mentions(said, ground.forbidden):
        raise UnheldError("it touches the sensitivity list")
    if fault := next(_faults(own, found, cited, said, text, Speaker(book, narrative.lang)), None):
        raise UnheldError(fault)
    return Held(found, said)


def _again(claim: Claim, ground: Ground, book: Book) -> Claim | None:
    """A given claim was checked when the ground was made; any other is measured once more."""
    return claim if claim in ground.claims else recompute(claim, book)


def _events(own: OwnClaim, narrative: Narrative, book: Book) -> tuple[str, ...]:
    """The events behind its markers; all of this customer and before the reading, as the book is."""
    known = {marker.marker: marker for marker in narrative.evidence}
    found: list[str] = []
    for name in own.events:
        marker = known.get(name.strip("[]"))
        if marker is None:
            raise UnheldError("it cites a marker that the story does not have")
        found += marker.events
        found += [event.event_id for event in book.find(Query.parse(marker.query.query))] if marker.query else []
    if any(event_id not in book.by_id for event_id in found):
        raise UnheldError("it cites an event of somebody else, or after the reading")
    return tuple(dict.fromkeys(found))


def _made(own: OwnClaim, cited: tuple[str, ...], ground: Ground, book: Book) -> Iterator[Claim]:
    """What code makes of the claim's predicate, period, topic and events: a given claim, or one measured now."""
    spec, topic, item = SPECS.get(own.predicate), _topic(own, ground, book), _item(own, book)
    if spec is None:
        for claim in ground.claims:
            if claim.predicate is own.predicate and topic in (None, claim.topic, claim.to_topic):
                yield claim
        return
    period = (book.last_days(own.days) if own.days else book.all_time) if "period" in spec.takes else None
    asked = Asked(period=period, topic=topic, item_id=item)
    for moment in _moments(asked, cited, book) if "event_id" in spec.takes else (asked,):
        made = state(book, own.predicate, moment)
        if made and own.quote in ("", *_quoted(made, own.quote)):
            yield made


def _moments(asked: Asked, cited: tuple[str, ...], book: Book) -> Iterator[Asked]:
    """The claim asked of each cited event, with each reading that its words allow."""
    for event_id in cited:
        text = book.history.texts.get(book.by_id[event_id].text_ref or "", "")
        yield asked._replace(event_id=event_id)
        yield from (asked._replace(event_id=event_id, reading=name) for name in book.taxonomy.readings_in(text))


def _quoted(claim: Claim, quote: str) -> Iterator[str]:
    """The quote itself, where the claim's own quotation holds it."""
    if len(_bare(quote)) >= SHORTEST_QUOTE and _bare(quote) in _bare(claim.quote or ""):
        yield quote


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", " ", normalise(quotable(text))).strip()


def _topic(own: OwnClaim, ground: Ground, book: Book) -> str | None:
    if not own.topic:
        return None
    lang = ground.narrative.lang if ground.narrative else "en"
    named = {normalise(book.taxonomy.name(topic, lang)): topic for topic in book.taxonomy.topics}
    found = named.get(normalise(own.topic), own.topic)
    if found not in book.taxonomy.topics:
        raise UnheldError("it names a topic that there is not")
    return found


def _item(own: OwnClaim, book: Book) -> str | None:
    if not own.item:
        return None
    wanted = normalise(own.item)
    dealt = dict.fromkeys(event.item_id for event in book.history.events if event.item_id)
    for item_id in dealt:
        if wanted in (normalise(quotable(book.title(item_id))), normalise(item_id)):
            return item_id
    raise UnheldError("it names a product that the customer did not deal with")


def _faults(
    own: OwnClaim, truth: Claim, cited: tuple[str, ...], said: str, text: str, speaker: Speaker
) -> Iterator[str]:
    """In what the model's claim differs from the one that code made."""
    if own.kind != truth.kind.value:
        yield f"it is no {own.kind}"
    value = figures(own.value)
    if own.value and (len(value.quantities) != 1 or value.dates or not _is_value(own.value, truth, said, speaker)):
        yield "its value is not what the events give"
    if truth.value is not None and not own.value and truth.kind in (ClaimKind.CHANGE, ClaimKind.PREDICTION):
        yield "it gives no value"
    if own.direction != (truth.direction or "none"):
        yield "its direction is not what the events give"
    if truth.kind is not ClaimKind.PREDICTION and not (cited and set(cited) <= _evidence(truth, speaker)):
        yield "its events are not those that it stands on"
    if truth.kind is ClaimKind.INFERENCE:
        yield from _unhedged(own, text)


def _is_value(value: str, truth: Claim, said: str, speaker: Speaker) -> bool:
    """Whether it is the claim's value (not what it is compared with) in the unit of its plain sentence."""
    if truth.value is None:
        return False
    exact = figures(speaker.measured(truth, truth.value))
    return not unsupported(figures(value), [exact]) and not unsupported(figures(value), [figures(said), exact])


def _evidence(truth: Claim, speaker: Speaker) -> frozenset[str]:
    book = speaker.voice
    found = set(truth.evidence)
    if truth.query_ref and isinstance(book, Book):
        found |= {event.event_id for event in book.find(Query.parse(truth.query_ref.query))}
    return frozenset(found)


def _unhedged(own: OwnClaim, text: str) -> Iterator[str]:
    if not own.quote:
        yield "an inference needs the words that it is read from"
    hedge = normalise(own.hedge)
    if not hedge or not lexicon().hedges.search(hedge) or hedge not in normalise(text):
        yield "an inference must be told with its hedge"
