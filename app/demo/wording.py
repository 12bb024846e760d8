"""The words that the demo shop's customers use, as its wording files hold them. `writing.py` puts them together."""

from functools import cache
from typing import Literal, NamedTuple

from app.demo.parameters import Cause, load_yaml
from app.schema import Frozen

Lines = tuple[str, ...]
Mood = Literal["good", "plain", "bad"]
Kind = Literal["eaten", "fed", "worn", "device", "booked", "thing"]
FILES = ("wording.yaml", "wording_reviews.yaml", "wording_occasions.yaml", "wording_chats.yaml")
DEFAULT = "default"


class Occasion(NamedTuple):
    """What is true when somebody writes."""

    month: int
    sale: bool
    again: bool
    """True when they have ordered before."""


class Condition(Frozen):
    """When a line may be said; what is not named does not matter."""

    months: frozenset[int] | None = None
    sale: bool | None = None
    again: bool | None = None
    kinds: frozenset[Kind] | None = None

    def holds(self, occasion: Occasion, kind: Kind) -> bool:
        """True when nothing speaks against the line."""
        return (
            (self.months is None or occasion.month in self.months)
            and (self.sale is None or occasion.sale is self.sale)
            and (self.again is None or occasion.again is self.again)
            and (self.kinds is None or kind in self.kinds)
        )


class SearchWords(Frozen):
    """Queries of one topic: of somebody who knows what they want, and of somebody who does not."""

    narrow: Lines
    things: Lines
    broad: Lines


class Frame(Frozen):
    """What stands around the details of a review."""

    openers: Lines
    verdicts: Lines
    asides: Lines
    closers: Lines
    turns: Lines
    """What speaks against the rest: hardly a review is of one mind."""


class ChatWords(Frozen):
    """Messages to the support desk by their reason; `eaten` and `booked` hold those that differ from other goods."""

    goods: dict[str, Lines]
    eaten: dict[str, Lines]
    booked: dict[str, Lines]
    english: dict[str, Lines]


class SocialWords(Frozen):
    """Posts by topic, and what others write below them."""

    posts: dict[str, Lines]
    english_posts: Lines
    comments: Lines
    english_comments: Lines


class Wording(Frozen):
    """The content of all wording files but the held-out one."""

    searches: dict[str, SearchWords]
    wants: Lines
    gift_searches: Lines
    bargain_searches: Lines
    english_gift_searches: Lines
    english_wants: Lines
    english_searches: dict[str, Lines]
    social: SocialWords
    emoji: dict[Mood, Lines]
    english_emoji: dict[Mood, Lines]
    typos: dict[str, str]
    cities: Lines
    devices: dict[str, Lines]
    surnames: Lines
    titles: Lines
    refund_reasons: dict[Kind, Lines]
    delivered: dict[Mood, Frame]
    booked: dict[Mood, Frame]
    english: dict[Mood, Frame]
    english_booked: dict[Mood, Frame]
    short_good: Lines
    short_bad: Lines
    booked_names: frozenset[str]
    """Everyday names of stays, trips and tickets: nobody unpacks those."""
    eaten_groups: frozenset[str]
    eaten_names: frozenset[str]
    fed_groups: frozenset[str]
    """What children and animals are given."""
    worn_groups: frozenset[str]
    device_groups: frozenset[str]
    """Groups or topics."""
    only: dict[str, Condition]
    """A word -> when lines that hold it may be said."""
    stories: dict[Mood, dict[Kind, Lines]]
    english_stories: dict[Mood, Lines]
    called: dict[str, Lines]
    """Everyday name -> what people also call it."""
    groups: dict[str, frozenset[str]]
    """Everyday names that a topic's own details would not fit."""
    details_good: dict[str, Lines]
    details_bad: dict[str, Lines]
    details_english: dict[str, Lines]
    chats: ChatWords
    grievances: dict[Cause, Lines]
    english_grievances: dict[Cause, Lines]
    before_grievance: Lines
    after_grievance: Lines
    greetings: Lines

    def kind(self, nickname: str, topic: str) -> Kind:
        """What kind of thing a product is, for all that is said of it."""
        groups = {self._group(nickname), topic}
        if nickname in self.booked_names:
            return "booked"
        if nickname in self.eaten_names or groups & self.eaten_groups:
            return "eaten"
        if groups & self.fed_groups:
            return "fed"
        return "worn" if groups & self.worn_groups else "device" if groups & self.device_groups else "thing"

    def details(self, mood: Mood, nickname: str, topic: str) -> Lines:
        """What can be said of a product: of itself, and of its group or else of its topic."""
        known = self.details_bad if mood == "bad" else self.details_good
        return known.get(nickname, ()) + known.get(self._group(nickname) or topic, known[DEFAULT])

    def refund_reasons_for(self, nickname: str, topic: str) -> Lines:
        """Why a product of this kind is given back."""
        return self.refund_reasons[self.kind(nickname, topic)]

    def frame(self, mood: Mood, nickname: str, *, english: bool) -> Frame:
        """What stands around the details, in the customer's language."""
        if nickname in self.booked_names:
            return (self.english_booked if english else self.booked)[mood]
        return (self.english if english else self.delivered)[mood]

    def chat_lines(self, reason: str, kind: Kind, *, english: bool) -> Lines:
        """Messages with this reason that fit the kind of product."""
        if english:
            return self.chats.english[reason]
        own = {"booked": self.chats.booked, "eaten": self.chats.eaten, "fed": self.chats.eaten}.get(
            kind, self.chats.goods
        )
        return own.get(reason, self.chats.goods[reason])

    def _group(self, nickname: str) -> str | None:
        return next((name for name, members in self.groups.items() if nickname in members), None)


@cache
def wording() -> Wording:
    """The shop's wording."""
    return Wording.model_validate({name: words for file in FILES for name, words in load_yaml(file).items()})


def fitting(lines: Lines, occasion: Occasion, kind: Kind = "thing") -> Lines:
    """The lines that are true on an occasion, of a kind of product."""
    return tuple(line for line in lines if all(one.holds(occasion, kind) for one in _conditions(line)))


@cache
def _conditions(line: str) -> tuple[Condition, ...]:
    return tuple(condition for word, condition in wording().only.items() if word in line)
