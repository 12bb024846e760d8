"""One episode or story as one sentence with what it stands on."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from app.events.schemas import EventKind
from app.narrative.acts import Acts
from app.narrative.when import When
from app.profile.memory.arcs import Arc
from app.profile.memory.episodes import VISIT, Episode, Mark
from app.profile.memory.touches import Key

_NIGHTS: Final = 2
"""Visits by night from which a story is one of the night."""


_DAYS_LATER: Final = 10
"""Days up to which an episode is told by its distance from the one before."""


_LONG_S: Final = 14 * 86_400
"""Between the first look and buying it what was long considered took so much."""
STILL_S: Final = 45 * 86_400
"""After so long what was not bought is no open question any more."""


class Told(NamedTuple):
    """One sentence to be: what happens in it, and which events it stands on."""

    start: int
    plan: str
    slots: dict[str, str]
    keys: list[Key]
    """The events' ids, packed."""
    bought: bool = False
    """Whether something was bought in it."""


class Chronicle:
    """Tells episodes in their order, so that time words follow one another."""

    def __init__(self, acts: Acts, when: When) -> None:
        """Everything is told of one customer in one language."""
        self._acts, self._when = acts, when
        self._speaker, self._variety = acts.speaker, acts.variety
        self._zone, self._now = acts.telling.zone, int(acts.telling.as_of.timestamp())
        self.begin()

    def begin(self) -> None:
        """Nothing has been told yet."""
        self._last_when, self._last_day, self._last_bought = "", 0, False
        self._last_plan, self._last_topic = "", ""

    def episode(self, episode: Episode) -> Told | None:
        """What an episode tells; None when there is nothing left to say of it."""
        if episode.what == VISIT:
            return self._visit(episode)
        return _BESIDE[episode.what](self, episode)

    def arc(self, item: str, arc: Arc) -> Told:
        """A story over several visits."""
        speaker = self._speaker
        slots = {
            "item": self._acts.item(item),
            "visits": speaker.count(arc.visits, "visit"),
            "count": speaker.number(arc.visits),
            "times": speaker.number(arc.carted),
            "since": speaker.formats.month_day(self._local(arc.began)),
            "when": self._when.said(self._local(arc.last)),
            "dwell": speaker.words.names["refer"]["dwell"].format(dwell=speaker.seconds(arc.dwell))
            if arc.dwell
            else "",
        }
        return Told(arc.last, _arc_plan(arc, self._now), slots, arc.keys, arc.bought > 0)

    def sentence(self, told: Told) -> str:
        """The sentence itself, without its full stop; it does not open as the one before."""
        local = self._local(told.start)
        words = told.slots.get("when") or self._when_after(
            local, beside=told.plan in _REFUNDS and not self._last_bought
        )
        self._last_bought = told.bought
        slots = told.slots | {"when": words, "when_cap": words[:1].upper() + words[1:]}
        plan = self._plan_after(told)
        variants = self._speaker.phrases.clauses[plan]
        text = ""
        for _ in variants:
            text = self._speaker.fill_words(self._variety.pick(plan, variants), slots)
            text = text[:1].upper() + text[1:]
            if not self._variety.repeats(text):
                break
        self._variety.used(text)
        return text + told.slots.get("after", "")

    def _plan_after(self, told: Told) -> str:
        """The plan of a sentence after those before it: `again` for the same topic, no two novelties running."""
        last_plan, last_topic = self._last_plan, self._last_topic
        self._last_plan, self._last_topic = told.plan, told.slots.get("topic", "")
        if told.plan == "visit_new" == last_plan:
            self._last_plan = "visit"
            return "visit"
        return "visit_again" if told.plan == "visit" and self._last_topic == last_topic else told.plan

    def _when_after(self, local: datetime, *, beside: bool) -> str:
        """Time words that do not say the same twice running; what stands `beside` is not told from the one before."""
        words, day = self._when.said(local), local.toordinal()
        later, repeated = day - self._last_day, words == self._last_when
        self._last_when, self._last_day = words, day
        if beside or not repeated or later > _DAYS_LATER:
            return words
        when, numbers = self._speaker.words.when, self._speaker.words.names["numbers"]
        if later < 2:
            return when["next_day" if later else "same_day"]
        return when["days_later"].format(n=numbers[str(later)])

    def _local(self, seconds: int) -> datetime:
        return datetime.fromtimestamp(seconds, self._zone)

    def _visit(self, visit: Episode) -> Told | None:
        acts = self._acts.of_visit(visit)
        if not acts:
            return None
        slots = {"acts": acts}
        if visit.topics:
            slots["topic"] = self._speaker.topic(visit.topics[0])
        keys = [*(touch.key for touch in visit.items), *(said.key for said in visit.texts), *visit.keys]
        return Told(visit.start, _visit_plan(visit), slots, keys, visit.orders > 0)

    def _review(self, review: Episode) -> Told:
        quote = self._quote(review)
        slots = {"item": self._acts.item(review.items[0].item if review.items else ""), "quote": quote or ""}
        if review.rating:
            slots["rating"] = self._speaker.number(review.rating / 10)
        plan = {(True, True): "review_rated", (True, False): "review_stars", (False, True): "review"}.get(
            (review.rating > 0, quote is not None), "review_silent"
        )
        return Told(review.start, plan, slots | self._complaint(review), review.keys)

    def _chat(self, chat: Episode) -> Told:
        quote = self._quote(chat)
        slots = {"quote": quote or "", "messages": self._speaker.count(chat.lines, "message")} | self._complaint(chat)
        plan = "chat_silent" if quote is None else ("chat_more" if chat.lines > 1 else "chat")
        return Told(chat.start, plan, slots, chat.keys)

    def _refund(self, refund: Episode) -> Told:
        slots = {"amount": self._speaker.money(refund.value, self._acts.telling.currency)}
        return Told(refund.start, "refund" if refund.value else "refund_silent", slots, refund.keys)

    def _consent(self, consent: Episode) -> Told:
        channels = self._speaker.words.names["channels"]  # a channel's name is a source's own text: others go unsaid
        slots = {"channel": channels.get(consent.complaint, channels["all"])}
        return Told(consent.start, "consent", slots, consent.keys)

    def _quote(self, episode: Episode) -> str | None:
        """The longest of what was written that may be repeated."""
        quotes = [words for said in episode.texts if (words := self._acts.words_of(said))]
        return self._speaker.quote(max(quotes, key=len)) if quotes else None

    def _complaint(self, episode: Episode) -> dict[str, str]:
        if not episode.complaint:
            return {}
        name = "complaint_other" if episode.complaint == "other" else "complaint"
        return {"after": self._acts.clause(name, complaint=self._speaker.name("complaints", episode.complaint))}


def _visit_plan(visit: Episode) -> str:
    if visit.marks & Mark.FIRST_VISIT:
        return "visit_first"
    if visit.marks & Mark.INVITED:
        return "visit_invited"
    if visit.topics and visit.marks & Mark.NEW_TOPIC:
        return "visit_new"
    return "visit" if visit.topics and not visit.orders else "visit_plain"


def _arc_plan(arc: Arc, now: int) -> str:
    if arc.bought:
        return "arc_bought_late" if arc.bought - arc.began >= _LONG_S else "arc_bought"
    if now - arc.last > STILL_S:
        return "arc_past"
    if arc.carted > 1:
        return "arc_nights" if arc.nights >= _NIGHTS and 2 * arc.nights > arc.visits else "arc_carted"
    return "arc_open"


_REFUNDS: Final = frozenset({"refund", "refund_silent"})
_BESIDE: Final[dict[str, Callable[[Chronicle, Episode], Told]]] = {
    EventKind.REVIEW: Chronicle._review,
    EventKind.SUPPORT_MESSAGE: Chronicle._chat,
    EventKind.REFUND: Chronicle._refund,
    EventKind.CONSENT: Chronicle._consent,
}
