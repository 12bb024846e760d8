"""One customer's hand: searches, reviews, chats and posts put together from the shop's wording."""

from collections.abc import Iterator

from app.demo.dice import Dice
from app.demo.synonyms import Vocabulary, synonyms
from app.demo.wording import DEFAULT, Frame, Lines, Mood, Wording

_OPENS = 0.55
_CLOSES = 0.65
_NAMES_A_THING = 0.4
_LOOSE = 0.22
_TALKATIVE = 0.3
_SAYS_MORE = (0.25, 0.7)
"""Chance of each further detail or aside: of most people, and of the talkative."""

_CHAT_MOODS: dict[str, Mood] = {"thanks": "good", "complaint": "bad", "hurry": "bad"}


class Writer:
    """A customer's language, how often they slip, how much they say and how they end their sentences."""

    def __init__(
        self,
        words: Wording,
        dice: Dice,
        *,
        english: bool,
        typo: float,
        emoji: float,
        vocabulary: Vocabulary = "A",
    ) -> None:
        """`typo` and `emoji` are shares of texts. The vocabulary changes words only: the same dice fall."""
        self._words = words
        self._dice = dice
        self._english = english
        self._typo = typo
        self._emoji = emoji
        self._swap = synonyms(vocabulary).swap
        self._loose = dice.chance(_LOOSE)
        self._says_more = _SAYS_MORE[dice.chance(_TALKATIVE)]
        self._said = ""

    def search(self, topic: str, *, broad: bool) -> str:
        """A query about a topic."""
        return self._slip(self._english_query(topic) if self._english else self._query(topic, broad=broad))

    def gift_search(self) -> str:
        """A query for somebody else's present."""
        gifts = self._words.english_gift_searches if self._english else self._words.gift_searches
        return self._slip(self._dice.pick(gifts))

    def bargain_search(self) -> str:
        """A query that only wants it cheap."""
        return self._slip(self._dice.pick(self._words.bargain_searches))

    def review(self, nickname: str, topic: str, rating: int, *, long: bool) -> str:
        """A review that fits its rating; a short one says next to nothing."""
        if not long:
            short = self._words.short_good if rating >= 4 else self._words.short_bad
            return self._swap(self._dice.pick(short))
        mood = _mood(rating)
        frame = self._words.frame(mood, nickname, english=self._english)
        text = "".join(self._pieces(frame, self._details(mood, nickname, topic), plain=mood == "plain"))
        return self._finish(text.format(item=self._called(nickname)), mood)

    def chat(self, reason: str, nickname: str, order_id: str, phone: str) -> str:
        """A message to the support desk; nobody says the same twice running."""
        lines = self._words.chat_lines(reason, nickname, english=self._english)
        self._said = self._dice.pick([line for line in lines if line != self._said])
        text = self._said.format(item=self._called(nickname), order=order_id, phone=phone)
        return self._finish(text, _CHAT_MOODS.get(reason, "plain"))

    def social_post(self, nickname: str, topic: str) -> str:
        """A few words in public about something bought."""
        social = self._words.social
        text = self._dice.pick(social.english_posts if self._english else social.posts[topic])
        return self._finish(text.format(item=self._called(nickname)), "good")

    def social_comment(self) -> str:
        """A line below somebody's post."""
        social = self._words.social
        return self._slip(self._dice.pick(social.english_comments if self._english else social.comments))

    def _query(self, topic: str, *, broad: bool) -> str:
        words, pick = self._words.searches[topic], self._dice.pick
        if broad:
            return pick(words.broad)
        if self._dice.chance(_NAMES_A_THING):
            return pick(words.things) + pick((" ", " ", "")) + pick(self._words.wants)
        return pick(words.narrow)

    def _english_query(self, topic: str) -> str:
        by_topic = self._words.english_searches
        query = self._dice.pick(by_topic.get(topic, by_topic[DEFAULT]))
        return f"{query} {self._dice.pick(self._words.english_wants)}".rstrip()

    def _details(self, mood: Mood, nickname: str, topic: str) -> Lines:
        if not self._english:
            return self._words.details(mood, nickname, topic)
        known = self._words.details_english
        return () if mood == "bad" or nickname in self._words.booked_names else known.get(topic, known[DEFAULT])

    def _pieces(self, frame: Frame, details: Lines, *, plain: bool) -> Iterator[str]:
        """A lukewarm review has one thing to say and then its but."""
        pick, chance = self._dice.pick, self._dice.chance
        if chance(_OPENS):
            yield pick(frame.openers)
        yield pick(frame.verdicts)
        yield from self._some(details, most=1 if plain else 3)
        if plain or chance(self._says_more):
            yield pick(frame.asides)
        if chance(_CLOSES):
            yield pick(frame.closers)

    def _some(self, details: Lines, *, most: int) -> Iterator[str]:
        """One detail or more, none of them twice."""
        left = list(details)
        while left:
            yield left.pop(self._dice.whole(0, len(left) - 1))
            if len(details) - len(left) == most or not self._dice.chance(self._says_more):
                return

    def _called(self, nickname: str) -> str:
        return self._dice.pick((nickname, *self._words.called.get(nickname, ())))

    def _finish(self, text: str, mood: Mood) -> str:
        """Some never set a comma; an ending of dots or waves takes the place of the full stop."""
        text = text.rstrip("， ,")
        if self._loose and not self._english:
            text = text.replace("，", " ").replace("。", " ").strip()
        if self._dice.chance(self._emoji):
            tail = self._dice.pick((self._words.english_emoji if self._english else self._words.emoji)[mood])
            text = (text.rstrip("。.！？?!~，, ") or text) + tail
        return self._slip(text)

    def _slip(self, text: str) -> str:
        """The customer's words, perhaps with one slip; as many dice fall whether there is one or not."""
        text, slips, where = self._swap(text), self._dice.chance(self._typo), self._dice.random()
        possible = [(right, wrong) for right, wrong in self._words.typos.items() if right in text]
        return text.replace(*possible[int(where * len(possible))], 1) if slips and possible else text


def _mood(rating: int) -> Mood:
    return "good" if rating >= 4 else "plain" if rating == 3 else "bad"
