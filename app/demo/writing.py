"""One customer's hand: searches, reviews, chats and posts put together from the shop's wording."""

import re
from collections.abc import Iterator

from app.demo.dice import Dice
from app.demo.habits import WritingHabits
from app.demo.parameters import Cause
from app.demo.synonyms import Vocabulary, synonyms
from app.demo.wording import DEFAULT, Frame, Kind, Lines, Mood, Occasion, Wording, fitting

_CHAT_MOODS: dict[str, Mood] = {"thanks": "good", "hurry": "bad"}
_MOST_TURNS = 4


class Writer:
    """A customer's language, how often they slip, how much they say and how they end their sentences."""

    def __init__(
        self,
        words: Wording,
        dice: Dice,
        habits: WritingHabits,
        *,
        english: bool,
        vocabulary: Vocabulary = "A",
    ) -> None:
        """The vocabulary changes words only: the same dice fall."""
        self._words = words
        self._dice = dice
        self._english = english
        self._habits = habits
        self._swap = synonyms(vocabulary).swap
        self._loose = dice.chance(habits.loose)
        self._says_more = habits.says_more_talkative if dice.chance(habits.talkative) else habits.says_more
        self._name = dice.pick(words.surnames) + dice.pick(words.titles)
        self._said = ""
        self.occasion = Occasion(month=3, sale=False, again=False)
        """Whoever lets time pass sets it: it decides which lines are true."""

    def search(self, topic: str, *, broad: bool) -> str:
        """A query about a topic."""
        return self._slip(self._english_query(topic) if self._english else self._query(topic, broad=broad))

    def gift_search(self) -> str:
        """A query for somebody else's present."""
        gifts = self._words.english_gift_searches if self._english else self._words.gift_searches
        return self._slip(self._pick(gifts))

    def bargain_search(self) -> str:
        """A query that only wants it cheap."""
        return self._slip(self._dice.pick(self._words.bargain_searches))

    def review(self, nickname: str, topic: str, rating: int, *, long: bool) -> str:
        """A review that fits its rating; a short one says next to nothing."""
        if not long:
            short = self._words.short_good if rating >= 4 else self._words.short_bad
            return self._swap(self._dice.pick(short))
        mood, kind = _mood(rating), self._words.kind(nickname, topic)
        frame = self._words.frame(mood, nickname, english=self._english)
        details = fitting(self._details(mood, nickname, topic), self.occasion, kind)
        text = "".join(self._stopped(self._pieces(frame, details, kind, plain=mood == "plain"), mood))
        if self._dice.chance(self._habits.tells):
            text = _as_sentence(text, english=self._english) + self._story(mood, kind)
        if self._dice.chance(self._habits.closes):
            text += self._pick(frame.closers, kind)
        return self._finish(text.format(item=self._called(nickname)), mood)

    def chat(self, reason: str, nickname: str, topic: str, order_id: str, phone: str) -> Lines:
        """A message to the support desk, perhaps in several turns; nobody says the same twice running."""
        kind = self._words.kind(nickname, topic)
        lines = self._words.chat_lines(reason, kind, english=self._english)
        self._said = self._pick(tuple(line for line in lines if line != self._said), kind)
        item = self._called(nickname)
        turns = [turn.format(item=item, order=order_id, phone=phone, name=self._name) for turn in self._turns(reason)]
        return (*map(self._slip, turns[:-1]), self._finish(turns[-1], _CHAT_MOODS.get(reason, "plain")))

    def complaint(self, cause: Cause) -> str:
        """Enough is enough, and a hint why."""
        words, dice = self._words, self._dice
        if self._english:
            return self._finish(self._pick(words.english_grievances[cause]), "bad")
        text = dice.pick(words.before_grievance) if dice.chance(self._habits.opens) else ""
        text += self._pick(words.grievances[cause])
        text += dice.pick(words.after_grievance) if dice.chance(self._habits.closes) else ""
        return self._finish(text, "bad")

    def social_post(self, nickname: str, topic: str) -> str:
        """A few words in public about something bought."""
        social = self._words.social
        kind = self._words.kind(nickname, topic)
        text = self._pick(social.english_posts if self._english else social.posts[topic], kind)
        return self._finish(text.format(item=self._called(nickname)), "good")

    def social_comment(self) -> str:
        """A line below somebody's post."""
        social = self._words.social
        return self._slip(self._dice.pick(social.english_comments if self._english else social.comments))

    def _query(self, topic: str, *, broad: bool) -> str:
        words, pick = self._words.searches[topic], self._pick
        if broad:
            return pick(words.broad)
        if self._dice.chance(self._habits.names_a_thing):
            return pick(words.things) + pick((" ", " ", "")) + pick(self._words.wants)
        return pick(words.narrow)

    def _english_query(self, topic: str) -> str:
        by_topic = self._words.english_searches
        query = self._pick(by_topic.get(topic, by_topic[DEFAULT]))
        return f"{query} {self._dice.pick(self._words.english_wants)}".rstrip()

    def _details(self, mood: Mood, nickname: str, topic: str) -> Lines:
        if not self._english:
            return self._words.details(mood, nickname, topic)
        known = self._words.details_english
        return () if mood == "bad" or nickname in self._words.booked_names else known.get(topic, known[DEFAULT])

    def _pick(self, lines: Lines, kind: Kind = "thing") -> str:
        """One of the lines that are true now."""
        return self._dice.pick(fitting(lines, self.occasion, kind))

    def _pieces(self, frame: Frame, details: Lines, kind: Kind, *, plain: bool) -> Iterator[str]:
        """A lukewarm review has one thing to say and then its but; half of all pass no judgement in so many words."""
        chance = self._dice.chance
        if chance(self._habits.opens):
            yield self._pick(frame.openers, kind)
        if not details or chance(self._habits.judges):
            yield self._pick(frame.verdicts, kind)
        yield from self._some(details, most=1 if plain else self._habits.most_details)
        if plain or chance(self._says_more):
            yield self._pick(frame.asides, kind)
        if chance(self._habits.turns):
            yield self._pick(frame.turns, kind)

    def _stopped(self, pieces: Iterator[str], mood: Mood) -> Iterator[str]:
        """Some set a full stop, or an exclamation mark, where others set a comma."""
        marks = "。" if mood == "plain" else "。！"
        for piece in pieces:
            if piece.endswith("，") and self._dice.chance(self._habits.stops):
                yield piece[:-1] + self._dice.pick(marks)
            else:
                yield piece

    def _story(self, mood: Mood, kind: Kind) -> str:
        words = self._words
        return self._pick(words.english_stories[mood] if self._english else words.stories[mood][kind], kind)

    def _turns(self, reason: str) -> list[str]:
        """What was said, as one message or in short turns after a word of greeting."""
        if self._english or reason in _CHAT_MOODS or not self._dice.chance(self._habits.bursts):
            return [self._said]
        greeting = [self._dice.pick(self._words.greetings)] if self._dice.chance(self._habits.opens) else []
        *parts, last = re.split("[ ，]+", self._said, maxsplit=_MOST_TURNS - 1 - len(greeting))
        return [*greeting, *parts, last]

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
        if self._dice.chance(self._habits.emoji):
            tail = self._dice.pick((self._words.english_emoji if self._english else self._words.emoji)[mood])
            text = (text.rstrip("。.！？?!~，, ") or text) + tail
        return self._slip(text)

    def _slip(self, text: str) -> str:
        """The customer's words, perhaps with one slip; as many dice fall whether there is one or not."""
        text, slips, where = self._swap(text), self._dice.chance(self._habits.typo), self._dice.random()
        possible = [(right, wrong) for right, wrong in self._words.typos.items() if right in text]
        return text.replace(*possible[int(where * len(possible))], 1) if slips and possible else text


def _as_sentence(text: str, *, english: bool) -> str:
    """The text so far, closed, so that a sentence may follow."""
    return text.rstrip(", ") + ". " if english else re.sub("，$", "。", text)


def _mood(rating: int) -> Mood:
    return "good" if rating >= 4 else "plain" if rating == 3 else "bad"
