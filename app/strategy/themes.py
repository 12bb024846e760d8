"""What a message speaks about: three subjects from what was tested and what the customer does, with drafts.

The choice of subjects does not depend on the language, so that a decision is the same in both.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple
from zlib import crc32

from app.narrative.schemas import Claim, Predicate
from app.retrieval.schemas import Channel
from app.schema import Lang
from app.strategy.schemas import Theme
from app.strategy.wording import wording
from app.text.taxonomy import Taxonomy

COUNT = 3
"""Themes of a strategy."""

_MAX_TESTED = 2
"""So that at least one theme comes from the customer."""

_LONG_AWAY_DAYS = 60
_REGULAR_ORDERS = 3


class Idea(StrEnum):
    """What a theme is about; the wording files say it in several ways."""

    TESTED = "tested"
    """A theme of the past campaign, by its own words."""
    TESTED_UNNAMED = "tested_unnamed"
    """The same, when its words are in the other language."""
    CART = "cart"
    RISING = "rising"
    COMEBACK = "comeback"
    RESTOCK = "restock"
    FAVOURITE = "favourite"
    PAIR = "pair"
    THANKS = "thanks"
    WELCOME = "welcome"
    DISCOVER = "discover"
    SERVICE = "service"


class Subject(NamedTuple):
    """One theme before it has words."""

    idea: Idea
    topic: str | None = None
    other: str | None = None
    theme: str = ""
    claim_ids: tuple[str, ...] = ()


class Voice(NamedTuple):
    """How a draft is dressed: by whom, on which channel, with which offer, in which language, for whom."""

    shop: str
    channel: Channel
    offer: str
    lang: Lang
    customer_id: str


def choose_subjects(
    claims: Sequence[Claim], topics: Sequence[str], tested: Sequence[str], taxonomy: Taxonomy
) -> tuple[Subject, ...]:
    """Three subjects: up to two that a past campaign tested, then the customer's own, most telling first.

    `topics` are the customer's, the one to speak of first; `tested` the themes of the campaign that the strategy
    stands on.
    """
    chosen = list(_tested(tested[:_MAX_TESTED], topics, taxonomy))
    for subject in (*_from_claims(claims, topics), *_from_topics(topics)):
        if len(chosen) < COUNT and subject.idea not in {s.idea for s in chosen}:
            chosen.append(subject)
    return tuple(chosen)


def write_themes(subjects: Iterable[Subject], voice: Voice, taxonomy: Taxonomy) -> tuple[Theme, ...]:
    """Title and draft for each subject. Which variant is taken depends on the customer, not on chance."""
    start = crc32(voice.customer_id.encode())
    return tuple(_write(s, start + place, voice, taxonomy) for place, s in enumerate(subjects))


def _tested(themes: Iterable[str], topics: Sequence[str], taxonomy: Taxonomy) -> Iterator[Subject]:
    """A tested theme that is a topic of the taxonomy is told by its name, any other by its own words."""
    for theme in themes:
        if theme in taxonomy.topics:
            yield Subject(Idea.TESTED_UNNAMED, topic=theme)
        else:
            yield Subject(Idea.TESTED, topic=_at(topics, 0), theme=theme)


def _from_claims(claims: Iterable[Claim], topics: Sequence[str]) -> list[Subject]:
    """What the claims suggest, in the order of the Idea list."""
    found = [subject for claim in claims if (subject := _from_claim(claim, topics)) is not None]
    order = list(Idea)
    return sorted(found, key=lambda subject: order.index(subject.idea))


def _from_claim(claim: Claim, topics: Sequence[str]) -> Subject | None:
    idea = _idea_of(claim)
    if idea is None:
        return None
    topic = claim.topic if claim.topic in topics else _at(topics, 0)
    return Subject(idea, topic=topic, claim_ids=(claim.claim_id,))


def _idea_of(claim: Claim) -> Idea | None:
    value = claim.value or 0
    match claim.predicate:
        case Predicate.CARTED_NOT_BOUGHT:
            return Idea.CART
        case Predicate.TOPIC_CHANGE if claim.direction == "up":
            return Idea.RISING
        case Predicate.DAYS_SINCE_LAST_ORDER if value >= _LONG_AWAY_DAYS:
            return Idea.COMEBACK
        case Predicate.USUAL_GAP:
            return Idea.RESTOCK
        case Predicate.TOPIC_SHARE | Predicate.TOPIC_INTERACTIONS:
            return Idea.FAVOURITE
        case Predicate.ORDER_COUNT if value >= _REGULAR_ORDERS:
            return Idea.THANKS
        case Predicate.ORDER_COUNT if value == 0:
            return Idea.WELCOME
        case _:
            return None


def _from_topics(topics: Sequence[str]) -> Iterator[Subject]:
    """What can always be said: about the customer's topics, else about the shop."""
    if topics:
        yield Subject(Idea.FAVOURITE, topic=topics[0])
    if len(topics) > 1:
        yield Subject(Idea.PAIR, topic=topics[0], other=topics[1])
    yield Subject(Idea.DISCOVER, topic=_at(topics, 2))
    yield Subject(Idea.SERVICE, topic=_at(topics, 0))
    yield Subject(Idea.WELCOME, topic=_at(topics, 0))


def _at(topics: Sequence[str], place: int) -> str | None:
    return topics[min(place, len(topics) - 1)] if topics else None


def _write(subject: Subject, variant: int, voice: Voice, taxonomy: Taxonomy) -> Theme:
    words = wording(voice.lang)
    idea = subject.idea
    if idea is Idea.TESTED and not _is_in(subject.theme, voice.lang):
        idea = Idea.TESTED_UNNAMED
    ways = words.ideas[idea]
    names = {
        "theme": subject.theme,
        "topic": taxonomy.name(subject.topic, voice.lang) if subject.topic else words.any_topic,
        "other": taxonomy.name(subject.other, voice.lang) if subject.other else words.any_topic,
    }
    draft = _capital(ways.drafts[variant % len(ways.drafts)].format(**names))
    framed = words.frames[voice.channel].format(shop=voice.shop, draft=draft, offer=voice.offer)
    return Theme(title=_capital(ways.titles[variant % len(ways.titles)].format(**names)), draft=framed)


def _is_in(text: str, lang: Lang) -> bool:
    """Whether copy in `lang` can quote this text: Chinese characters in Chinese copy, none in English."""
    return any("\u4e00" <= character <= "\u9fff" for character in text) == (lang == "zh")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
