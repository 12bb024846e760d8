"""What the demo shop's customers write, put together from the pieces in wording.yaml with slips and emoji."""

from functools import cache

from app.demo.dice import Dice
from app.demo.parameters import load_yaml
from app.schema import Frozen

Lines = tuple[str, ...]
DEFAULT = "default"


class SearchWords(Frozen):
    """Queries of one topic: of somebody who knows what they want, and of somebody who does not."""

    narrow: Lines
    broad: Lines


class ReviewWords(Frozen):
    """Pieces of reviews; `details_*` belong to a product by its everyday name, or to a topic."""

    opener_good: Lines
    opener_bad: Lines
    good: Lines
    bad: Lines
    plain: Lines
    closer_good: Lines
    closer_bad: Lines
    closer_plain: Lines
    short_good: Lines
    short_bad: Lines
    details_good: dict[str, Lines]
    details_bad: dict[str, Lines]
    english_good: Lines
    english_bad: Lines


class ChatWords(Frozen):
    """Messages to the support desk by their reason."""

    delivery: Lines
    usage: Lines
    quality: Lines
    exchange: Lines
    thanks: Lines
    complaint: Lines
    phone: Lines
    english: Lines


class EmojiWords(Frozen):
    """What people put at the end."""

    good: Lines
    bad: Lines


class Wording(Frozen):
    """The content of wording.yaml."""

    searches: dict[str, SearchWords]
    gift_searches: Lines
    bargain_searches: Lines
    english_searches: dict[str, Lines]
    reviews: ReviewWords
    chats: ChatWords
    emoji: EmojiWords
    typos: dict[str, str]
    cities: Lines
    devices: dict[str, Lines]
    refund_reasons: Lines


@cache
def wording() -> Wording:
    """The shop's wording."""
    return Wording.model_validate(load_yaml("wording.yaml"))


class Writer:
    """One customer's hand: their language, how often they slip and how much they say."""

    def __init__(self, words: Wording, dice: Dice, *, english: bool, typo: float, emoji: float) -> None:
        """`typo` and `emoji` are shares of texts."""
        self._words = words
        self._dice = dice
        self._english = english
        self._typo = typo
        self._emoji = emoji
        self._said = ""

    def search(self, topic: str, *, broad: bool) -> str:
        """A query about a topic."""
        if self._english:
            by_topic = self._words.english_searches
            return self._dice.pick(by_topic.get(topic, by_topic[DEFAULT]))
        words = self._words.searches[topic]
        return self._slip(self._dice.pick(words.broad if broad else words.narrow))

    def gift_search(self) -> str:
        """A query for somebody else's present."""
        return self._dice.pick(self._words.gift_searches)

    def bargain_search(self) -> str:
        """A query that only wants it cheap."""
        return self._dice.pick(self._words.bargain_searches)

    def review(self, nickname: str, topic: str, rating: int, *, long: bool) -> str:
        """A review that fits its rating; a short one says next to nothing."""
        if not long:
            short = self._words.reviews.short_good if rating >= 4 else self._words.reviews.short_bad
            return self._dice.pick(short)
        if self._english:
            words = self._words.reviews.english_good if rating >= 4 else self._words.reviews.english_bad
            return self._dice.pick(words).format(item="item")
        return self._finish(
            "".join(self._review_parts(nickname, topic, rating)).format(item=nickname), good=rating >= 4
        )

    def chat(self, reason: str, nickname: str, order_id: str, phone: str) -> str:
        """A message to the support desk; nobody says the same twice running."""
        lines: Lines = self._words.chats.english if self._english else getattr(self._words.chats, reason)
        self._said = self._dice.pick([line for line in lines if line != self._said])
        item = "item" if self._english else nickname
        text = self._said.format(item=item, order=order_id, phone=phone)
        return self._finish(text, good=reason == "thanks")

    def _review_parts(self, nickname: str, topic: str, rating: int) -> list[str]:
        words, pick, chance = self._words.reviews, self._dice.pick, self._dice.chance
        if rating == 3:
            return [pick(words.plain), pick(words.closer_plain)]
        if rating > 3:
            openers, middles, closers, details = (
                words.opener_good,
                words.good,
                words.closer_good,
                words.details_good,
            )
        else:
            openers, middles, closers, details = (
                words.opener_bad,
                words.bad,
                words.closer_bad,
                words.details_bad,
            )
        parts = [pick(openers)] if chance(0.6) else []
        parts.append(pick(middles))
        parts.append(pick(details.get(nickname) or details.get(topic) or details[DEFAULT]))
        return [*parts, pick(closers)] if chance(0.75) else parts

    def _finish(self, text: str, *, good: bool) -> str:
        ending = self._words.emoji.good if good else self._words.emoji.bad
        tail = self._dice.pick(ending) if self._dice.chance(self._emoji) else ""
        return self._slip(text.rstrip("，") + tail)

    def _slip(self, text: str) -> str:
        if not self._dice.chance(self._typo):
            return text
        possible = [(right, wrong) for right, wrong in self._words.typos.items() if right in text]
        return text.replace(*self._dice.pick(possible), 1) if possible else text
