"""What was done in a visit, in words: searches, looking, wanting, buying."""

from collections.abc import Iterator
from typing import Final

from app.events.schemas import EventKind
from app.narrative.making import quote_of
from app.narrative.phrases import listed
from app.narrative.schemas import Predicate
from app.narrative.speech import Speaker
from app.narrative.telling import Telling
from app.narrative.variety import Variety
from app.profile.memory.episodes import Episode, Mark, Said, text_ref
from app.profile.memory.touches import Did, Touch, unpacked

_BRIEF_S: Final = 8
"""Seconds up to which a look is a glance."""
_OTHERS: Final = 2
"""Further items that are named."""


class Acts:
    """Says what was done in one customer's episodes."""

    def __init__(self, telling: Telling, speaker: Speaker, variety: Variety) -> None:
        """Everything is told of one customer in one language."""
        self.telling, self.speaker, self.variety = telling, speaker, variety
        self._clauses, self._refer = speaker.phrases.clauses, speaker.words.names["refer"]
        self._quoted = {claim.evidence: claim.quote for claim in telling.claims if claim.predicate in _QUOTING}

    def clause(self, name: str, **slots: str) -> str:
        """One clause, its wordings in turn."""
        return self.speaker.fill_words(self.variety.pick(name, self._clauses[name]), slots)

    def item(self, item_id: str) -> str:
        """An item by its title in quotation marks."""
        return self.speaker.quote(self.telling.title(item_id)) if item_id else self._refer["no_title"]

    def words_of(self, said: Said) -> str | None:
        """What was written, redacted and shortened; None where it may not be repeated or is not there any more."""
        text = self.telling.texts.get(text_ref(said))
        return text and (self._quoted.get((unpacked(said.key),)) or quote_of(text, self.telling.taxonomy))

    def of_visit(self, visit: Episode) -> str:
        """All that was done in a visit, as one run of clauses; empty when nothing is left to tell."""
        did = [*self._searches(visit), *self._looks(visit), *self._order(visit)]
        words = self.speaker.words
        if len(did) < 2:
            return "".join(did)
        many = len(did) > 2 or any(words.last in clause or words.then in clause for clause in did)
        return words.then.join(did[:-1]) + words.and_then[many] + did[-1]

    def _searches(self, visit: Episode) -> list[str]:
        """The searches of a visit by their words, each once."""
        searched = [said for said in visit.texts if said.kind == EventKind.SEARCH]
        quotes = list(dict.fromkeys(self.speaker.quote(q) for said in searched if (q := self.words_of(said))))
        if len(quotes) == 2:
            return [self.clause("search_two", q=quotes[0], q2=quotes[1])]
        if quotes:
            return [self.clause("search_one", q=quotes[0])]
        return [self.clause("search_unquoted")] if searched else []

    def _looks(self, visit: Episode) -> list[str]:
        """The item that says most in full, the others by name; what was bought is told by the order."""
        seen = [touch for touch in visit.items if not touch.did & Did.BOUGHT]
        if not seen:
            return []
        main, *others = seen
        did = self._main(main)
        looked = [self.item(touch.item) for touch in others[:_OTHERS] if touch.views]
        return [*did, self.clause("also", items=listed(looked, self.speaker.words))] if looked else did

    def _main(self, touch: Touch) -> list[str]:
        named = self.item(touch.item)
        did = self._look(touch, named)
        if touch.did & Did.HESITATED:
            pictures = self._refer["its_pictures"] if did else self._refer["pictures"].format(item=named)
            often = self.speaker.count(touch.zooms, "time")
            name = "zoomed_often" if touch.zooms > 1 else "zoomed"
            did.append(self.clause(name, pictures=pictures, times=often))
        for name in _wanted(touch):
            did.append(self.clause(name, it=self._refer["it"] if did else self._refer["it_named"].format(item=named)))
        return did

    def _look(self, touch: Touch, named: str) -> list[str]:
        if not touch.views:
            return []
        if not touch.dwell:
            return [self.clause("look_plain", item=named)]
        dwell = self.speaker.seconds(touch.dwell)
        if touch.views > 1:
            return [self.clause("look_again", item=named, times=self.speaker.count(touch.views, "time"), dwell=dwell)]
        return [self.clause("look_brief" if touch.dwell <= _BRIEF_S else "look", item=named, dwell=dwell)]

    def _order(self, visit: Episode) -> list[str]:
        if not visit.orders:
            return []
        amount = self.speaker.money(visit.value, self.telling.currency)
        bought = [touch for touch in visit.items if touch.did & Did.BOUGHT]
        if not bought:
            return [self.clause("ordered", amount=amount)]
        name = "bought_first" if visit.marks & Mark.FIRST_ORDER else "bought"
        return [self.clause(name, items=self._bought(bought, visit.lines), amount=amount)]

    def _bought(self, touches: list[Touch], lines: int) -> str:
        """What was bought: by name, and how many things more."""
        names = [self._several(touch) for touch in touches]
        more = lines - len(touches)
        if more <= 0:
            return listed(names, self.speaker.words)
        return self.speaker.words.names["refer"]["more"].format(
            items=self.speaker.words.comma.join(names), more=self.speaker.count(more, "item"), lines=lines
        )

    def _several(self, touch: Touch) -> str:
        named = self.item(touch.item)
        if touch.quantity < 2:
            return named
        return self._refer["several"].format(n=self.speaker.number(touch.quantity), item=named)


def _wanted(touch: Touch) -> Iterator[str]:
    """The clauses that tell how an item was wanted."""
    if touch.did & Did.FAVOURITED:
        yield "favourite"
    if touch.did & Did.SHARED:
        yield "shared"
    if cart := _CART.get(touch.did & (Did.CARTED | Did.TAKEN_OUT)):
        yield cart


_QUOTING: Final = frozenset({Predicate.SEARCHED, Predicate.REVIEWED, Predicate.SUPPORT_CONTACT, Predicate.INTENT})
"""Claims that quote one text, in the same way."""
_CART: Final = {Did.CARTED: "cart_left", Did.CARTED | Did.TAKEN_OUT: "cart_out", Did.TAKEN_OUT: "taken_out"}
