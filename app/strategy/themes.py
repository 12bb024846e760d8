"""What a message speaks about: three subjects from what was tested and what the customer does.

The choice of subjects does not depend on the language, so that a decision is the same in both.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from app.narrative.schemas import Claim, Predicate
from app.strategy.gate.policy import ThemeRule
from app.text.taxonomy import Taxonomy

COUNT = 3
"""Themes of a strategy."""

_MAX_TESTED = 2
"""So that at least one theme comes from the customer."""

_REGULAR_ORDERS = 3

_PUNCTUATION = re.compile(r"[\W_]+")

_ALIKE = 0.6
"""Similarity of two titles, punctuation aside, from which they read like one."""


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
    LOOK = "look"
    """Nothing in particular: what can be said to anybody."""
    CARE = "care"
    """For service to say to somebody who complained."""


_ABOUT_A_TOPIC = (Idea.RISING, Idea.FAVOURITE, Idea.PAIR)
"""Without a topic there is nothing to say of these."""
PERSONAL = (Idea.CART, Idea.COMEBACK, Idea.RESTOCK, Idea.THANKS, Idea.DISCOVER, Idea.CARE)
"""What is true of one customer and wrong to most others."""
WITHOUT_OFFER = (Idea.THANKS, Idea.SERVICE, Idea.CARE)
"""Thanks and help ask for nothing, so they sell nothing."""


class Subject(NamedTuple):
    """One theme before it has words."""

    idea: Idea
    topic: str | None = None
    other: str | None = None
    theme: str = ""
    """As the past campaign has it."""
    translated: Mapping[str, str] = MappingProxyType({})
    """Language -> the same theme in it, where somebody wrote it."""
    claim_ids: tuple[str, ...] = ()


class Standing(NamedTuple):
    """How the customer stands to the shop at the moment of the proposal."""

    orders: int = 0
    since_order: float | None = None
    """Days since the latest order; None before the first."""
    usual_gap: float | None = None
    """Days between orders; None without a rhythm."""
    unseen: float = 0.0
    """Days since anything was heard of them."""

    def is_away(self, rule: ThemeRule) -> bool:
        """Whether they have not ordered for clearly longer than is usual for them."""
        if self.since_order is None:
            return False
        if self.usual_gap is None:
            return self.since_order >= rule.away_days
        return self.since_order > rule.comeback_from * self.usual_gap

    def is_missed(self, rule: ThemeRule) -> bool:
        """Whether one can say that they have not been here: away, and not seen either."""
        return self.is_away(rule) and self.unseen > rule.unseen_days

    def is_due(self, rule: ThemeRule) -> bool:
        """Whether it is about the time of their next order."""
        if self.since_order is None or self.usual_gap is None:
            return False
        return rule.restock_from * self.usual_gap <= self.since_order and not self.is_away(rule)


class PastThemes(NamedTuple):
    """What the campaign that the strategy stands on spoke about."""

    themes: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    """Topics of its audience; empty for a campaign about anything."""
    shared: tuple[str, ...] = ()
    """Those of them that are the customer's, strongest first."""
    translated: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    """Theme -> language -> the same in it."""


class Ground(NamedTuple):
    """All that subjects are chosen from."""

    claims: Sequence[Claim] = ()
    topics: Sequence[str] = ()
    """The customer's, the one to speak of first."""
    standing: Standing = Standing()
    item_topics: Mapping[str, str] = MappingProxyType({})
    """Item id -> topic id, of what may lie in the cart."""


def choose_subjects(ground: Ground, tested: PastThemes, taxonomy: Taxonomy, rule: ThemeRule) -> tuple[Subject, ...]:
    """Three subjects: what the customer wants most, up to two that a past campaign tested, then more of their own.

    A tested theme about what they want most leads itself. Of the tested ones at most one goes without a topic: in the
    other language, where it cannot be quoted, nothing of it is left.
    """
    told = list(_tested(tested, ground, taxonomy, rule))
    bare = [subject for subject in told if subject.topic is None]
    told = [subject for subject in told if subject not in bare[1:]][:_MAX_TESTED]
    own = (*_from_claims(ground, rule), *_from_topics(ground))
    leading = next((subject for subject in (*told, *own) if _leads(subject, ground)), None)
    chosen: list[Subject] = []
    for subject in (*((leading,) if leading else ()), *told, *own):
        new = subject.idea is Idea.TESTED or subject.idea not in {s.idea for s in chosen}
        if len(chosen) < COUNT and new and subject not in chosen:
            chosen.append(subject)
    return tuple(chosen)


def _leads(subject: Subject, ground: Ground) -> bool:
    """Whether it is about what the customer wants most: what lies in the cart, or the first of their topics."""
    return subject.idea is Idea.CART or (subject.topic is not None and subject.topic == _at(ground.topics, 0))


def serving(*, complained: bool) -> tuple[Subject, ...]:
    """Three subjects that sell nothing, for somebody who is not to be promoted to."""
    return (Subject(Idea.CARE if complained else Idea.SERVICE),) * COUNT


def _tested(tested: PastThemes, ground: Ground, taxonomy: Taxonomy, rule: ThemeRule) -> Iterator[Subject]:
    """The tested themes that fit the customer, no two alike.

    A theme that is a topic of the taxonomy is told by its name, any other by its own words.
    """
    told: list[str] = []
    for theme in tested.themes:
        named = theme in taxonomy.topics
        own = (theme,) if named else taxonomy.topics_in(theme)
        if any(alike(theme, other) for other in told) or not _fits(theme, own, tested, ground, rule):
            continue
        told.append(theme)
        if named:
            yield Subject(Idea.TESTED_UNNAMED, topic=theme)
        else:
            yield Subject(
                Idea.TESTED, _told_with(own, tested), theme=theme, translated=tested.translated.get(theme, {})
            )


def _fits(theme: str, own: Sequence[str], tested: PastThemes, ground: Ground, rule: ThemeRule) -> bool:
    """Whether a theme about `own` topics can be told to this customer."""
    speaks_to_regulars = any(word in theme.lower() for word in rule.regular_words)
    if speaks_to_regulars and ground.standing.orders < rule.regular_orders:
        return False
    known = tested.shared if tested.about else ground.topics
    return not own or not set(own).isdisjoint(known)


def _told_with(own: Sequence[str], tested: PastThemes) -> str | None:
    """The shared topic that a theme surely is about: its own, or the only one of its campaign."""
    about = own or (tested.about if len(tested.about) == 1 else ())
    return next((topic for topic in tested.shared if topic in about), None)


def _from_claims(ground: Ground, rule: ThemeRule) -> list[Subject]:
    """What the claims suggest, in the order of the Idea list."""
    found = [subject for claim in ground.claims if (subject := _from_claim(claim, ground, rule)) is not None]
    order = list(Idea)
    return sorted(found, key=lambda subject: order.index(subject.idea))


def _from_claim(claim: Claim, ground: Ground, rule: ThemeRule) -> Subject | None:
    idea = _idea_of(claim, ground.standing, rule)
    if idea is None:
        return None
    topic = _topic_of(claim, idea, ground)
    return None if topic is None and idea in _ABOUT_A_TOPIC else Subject(idea, topic, claim_ids=(claim.claim_id,))


def _topic_of(claim: Claim, idea: Idea, ground: Ground) -> str | None:
    """The claim's own topic; a cart and a topic of interest are told with no other."""
    if idea is Idea.CART:
        return claim.topic or ground.item_topics.get(claim.item_id or "")
    if claim.topic in ground.topics:
        return claim.topic
    return None if idea in _ABOUT_A_TOPIC else _at(ground.topics, 0)


def _idea_of(claim: Claim, standing: Standing, rule: ThemeRule) -> Idea | None:
    value = claim.value or 0
    match claim.predicate:
        case Predicate.CARTED_NOT_BOUGHT:
            return Idea.CART
        case Predicate.TOPIC_CHANGE if claim.direction == "up":
            return Idea.RISING
        case Predicate.DAYS_SINCE_LAST_ORDER if standing.is_missed(rule):
            return Idea.COMEBACK
        case Predicate.USUAL_GAP if standing.is_due(rule):
            return Idea.RESTOCK
        case Predicate.TOPIC_SHARE | Predicate.TOPIC_INTERACTIONS:
            return Idea.FAVOURITE
        case Predicate.ORDER_COUNT if value >= _REGULAR_ORDERS:
            return Idea.THANKS
        case Predicate.ORDER_COUNT if value == 0:
            return Idea.WELCOME
        case _:
            return None


def _from_topics(ground: Ground) -> Iterator[Subject]:
    """What can always be said: about the customer's topics, else about the shop."""
    topics = ground.topics
    if topics:
        yield Subject(Idea.FAVOURITE, topic=topics[0])
    if len(topics) > 1:
        yield Subject(Idea.PAIR, topic=topics[0], other=topics[1])
    yield Subject(Idea.DISCOVER, topic=_at(topics, 2))
    yield Subject(Idea.SERVICE, topic=_at(topics, 0))
    yield Subject(Idea.LOOK) if ground.standing.orders else Subject(Idea.WELCOME, topic=_at(topics, 0))


def _at(topics: Sequence[str], place: int) -> str | None:
    return topics[min(place, len(topics) - 1)] if topics else None


def alike(one: str, other: str) -> bool:
    """Whether two titles say (nearly) the same."""
    first, second = (_PUNCTUATION.sub("", text).lower() for text in (one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= _ALIKE
