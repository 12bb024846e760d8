"""The narrative: told from the folded state, so that neither its price nor its size knows how long the history is.

- `narrative.render`: ours goes from the state of 2,000 events to the finished narrative (profile, claims, telling);
  peer is a template over the whole history (`peer_story.py`); limit is reading the profile from the state, wordless.
- `narrative.flatness`: ours after 2,000 events over ours after 20.
- `narrative.tokens_N`: tokens of the narrative after N events over the budget; the longer of both languages.
Gate: every claim told is measured anew on the events and none differs, every marker names events of the history, the
budget is kept, and ours counts the orders and their sum as the peer does.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Final, get_args

from app.events.schemas import History
from app.narrative.book import Book
from app.narrative.budget import DEFAULT_TOKENS
from app.narrative.claims import choose
from app.narrative.ground import ground
from app.narrative.schemas import Claim, Narrative, Predicate
from app.narrative.tell import tell
from app.narrative.telling import Telling
from app.profile.fold import State, fold, profile_at
from app.profile.memory import visits
from app.profile.schemas import Profile
from app.profile.seen import Context
from app.schema import Lang
from app.text.taxonomy import Taxonomy
from evals.benchmarks import peer_story
from evals.benchmarks.harness import Contest, Flatness, GateFailedError, Size, Work
from evals.benchmarks.histories import CURRENCY, ZONE, history, taxonomy

LENGTHS: Final = (20, 2_000, 200_000)
TIMES = 20
"""Narratives of one round."""
ROUNDS = 9
_LATER = timedelta(hours=5)
"""From the last event to the reading."""
_LANG: Final[Lang] = "en"


class Customer:
    """One customer with the state of their history."""

    def __init__(self, found: History, known: Taxonomy) -> None:
        """Fold once, outside every clock."""
        self.history, self.context = found, Context(known, ZONE, found.items, found.texts)
        self.as_of = found.events[-1].occurred_at + _LATER
        self.state = fold(None, found.events, self.context)

    def profile(self, state: State) -> Profile:
        """What the state shows."""
        return profile_at(
            state, workspace_id="bench", customer_id="c1", identity_version=1, as_of=self.as_of, context=self.context,
            limits=None,
        )  # fmt: skip

    def narrative(self, lang: Lang) -> Narrative:
        """From the state to the finished narrative."""
        profile = self.profile(self.state)
        return tell(
            Telling(
                profile=profile,
                claims=choose(self.state, profile, self.context, currency=CURRENCY),
                visits=visits.view(self.state.visits),
                items=self.history.items,
                texts=self.history.texts,
                zone=ZONE,
                currency=CURRENCY,
                taxonomy=self.context.taxonomy,
            ),
            lang,
        )

    def story(self) -> str:
        """The peer's."""
        return peer_story.story(self.history, self.context, self.as_of)

    def tokens(self) -> float:
        """Share of the budget that the longer of both languages takes."""
        return max(self.narrative(lang).tokens for lang in get_args(Lang)) / DEFAULT_TOKENS

    def check(self) -> None:
        """All that is told is true, cited and short enough."""
        for lang in get_args(Lang):
            told = self.narrative(lang)
            self._check_claims(told.claims)
            self._check_markers(told)
            if not told.paragraphs or told.tokens > DEFAULT_TOKENS:
                raise GateFailedError(f"narrative: {told.tokens} tokens in {lang}, the budget is {DEFAULT_TOKENS}")

    def _check_claims(self, claims: Sequence[Claim]) -> None:
        book = Book(
            customer_id="c1", history=self.history, taxonomy=self.context.taxonomy, zone=ZONE, as_of=self.as_of,
            currency=CURRENCY, view=self.profile,
        )  # fmt: skip
        if dropped := ground(claims, book).dropped:
            first = dropped[0]
            raise GateFailedError(
                f"narrative: {len(dropped)} claims are wrong; {first.claim.predicate}: {first.reason}"
            )
        counted = peer_story.head(self.history.events, self.context, self.as_of).orders
        theirs = {Predicate.ORDER_COUNT: counted.number, Predicate.ORDER_VALUE: counted.total} if counted else {}
        for claim in claims:
            if claim.predicate in theirs and claim.value != theirs[claim.predicate]:
                raise GateFailedError(f"narrative: {claim.predicate} is {claim.value}, the peer has {theirs}")

    def _check_markers(self, told: Narrative) -> None:
        known = {event.event_id for event in self.history.events}
        for marker in told.evidence:
            if f"[{marker.marker}]" not in told.text or not known.issuperset(marker.events):
                raise GateFailedError(f"narrative: [{marker.marker}] is not told, or cites what did not happen")


class NarrativeBench:
    """The bench."""

    name = "narrative"
    purpose = "Telling a customer from the state, against a template over the whole history; price and size stay flat."

    def __init__(self, *, lengths: tuple[int, int, int] = LENGTHS, times: int = TIMES, rounds: int = ROUNDS) -> None:
        """Sizes that end within a minute; tests take smaller ones."""
        self._lengths, self._times, self._rounds = lengths, times, rounds

    @contextmanager
    def prepare(self) -> Iterator[Sequence[Contest | Flatness | Size]]:
        """One customer of each length."""
        known = taxonomy()
        customers = {length: Customer(history(length), known) for length in self._lengths}
        yield [*self._timed(customers), *(_size(length, of) for length, of in customers.items())]

    def _timed(self, customers: Mapping[int, Customer]) -> Iterator[Contest | Flatness]:
        short, usual = (customers[length] for length in self._lengths[:2])
        yield Contest(
            path="narrative.render",
            unit="us/narrative",
            ours=partial(_telling, usual, self._times),
            limit=partial(_reading, usual, self._times),
            peer=partial(_templating, usual, 1),
            peer_name="template over the whole history, head figures and a sentence per event",
            gate=usual.check,
            rounds=self._rounds,
            micros=True,
        )
        yield Flatness(
            path="narrative.flatness",
            unit="ratio",
            low=partial(_telling, short, self._times),
            high=partial(_telling, usual, self._times),
            gate=short.check,
            rounds=self._rounds,
        )


def _size(length: int, of: Customer) -> Size:
    return Size(path=f"narrative.tokens_{length}", unit="tokens over budget", size=of.tokens, limit=1.0)


@contextmanager
def _telling(of: Customer, times: int) -> Iterator[Work]:
    def work() -> int:
        for _ in range(times):
            of.narrative(_LANG)
        return times

    yield work


@contextmanager
def _reading(of: Customer, times: int) -> Iterator[Work]:
    def work() -> int:
        for _ in range(times):
            of.profile(of.state)
        return times

    yield work


@contextmanager
def _templating(of: Customer, times: int) -> Iterator[Work]:
    def work() -> int:
        for _ in range(times):
            of.story()
        return times

    yield work
