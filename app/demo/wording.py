"""The words that the demo shop's customers use, as its wording files hold them. `writing.py` puts them together."""

from functools import cache
from typing import Literal

from app.demo.parameters import load_yaml
from app.schema import Frozen

Lines = tuple[str, ...]
Mood = Literal["good", "plain", "bad"]
FILES = ("wording.yaml", "wording_reviews.yaml", "wording_chats.yaml")
DEFAULT = "default"


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
    refund_reasons: Lines
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
    called: dict[str, Lines]
    """Everyday name -> what people also call it."""
    groups: dict[str, frozenset[str]]
    """Everyday names that a topic's own details would not fit."""
    details_good: dict[str, Lines]
    details_bad: dict[str, Lines]
    details_english: dict[str, Lines]
    chats: ChatWords

    def details(self, mood: Mood, nickname: str, topic: str) -> Lines:
        """What can be said of a product: of itself, and of its group or else of its topic."""
        known = self.details_bad if mood == "bad" else self.details_good
        return known.get(nickname, ()) + known.get(self._group(nickname) or topic, known[DEFAULT])

    def frame(self, mood: Mood, nickname: str, *, english: bool) -> Frame:
        """What stands around the details, in the customer's language."""
        if nickname in self.booked_names:
            return (self.english_booked if english else self.booked)[mood]
        return (self.english if english else self.delivered)[mood]

    def chat_lines(self, reason: str, nickname: str, *, english: bool) -> Lines:
        """Messages with this reason that fit the product."""
        if english:
            return self.chats.english[reason]
        return self._own_chats(nickname).get(reason, self.chats.goods[reason])

    def _own_chats(self, nickname: str) -> dict[str, Lines]:
        if nickname in self.booked_names:
            return self.chats.booked
        eaten = nickname in self.eaten_names or self._group(nickname) in self.eaten_groups
        return self.chats.eaten if eaten else self.chats.goods

    def _group(self, nickname: str) -> str | None:
        return next((name for name, members in self.groups.items() if nickname in members), None)


@cache
def wording() -> Wording:
    """The shop's wording."""
    return Wording.model_validate({name: words for file in FILES for name, words in load_yaml(file).items()})
