"""From a text to ranked campaigns among ten thousand, through the product's own search, beside the usual stack.

- `retrieval.missed_at_10`: share of the ten truly nearest texts that the index does not find; at most .01.
- `retrieval.end_to_end`: a question that was never asked before. limit: its vector and the one nearest row.
- `retrieval.cached`: the same question again, against the same peer, which has no memory. limit: one look into a dict.
The peer (`retrieval_peer.py`) only fuses two searches; ours also matches audiences and ranks by measured outcomes.
Gates: recall as above; ten campaigns come back, those that a search without FAISS finds; the memory repeats them.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from app.bootstrap import build, chosen_embedder
from app.config import Settings
from app.retrieval.index import ExactIndex, FaissIndex
from app.retrieval.schemas import Retrieval
from app.retrieval.search import CampaignSearch
from app.retrieval.vectors import CampaignVectors
from evals.benchmarks import harness, retrieval_peer
from evals.benchmarks.campaigns import AS_OF, Ask, past_campaigns, questions, text_of
from evals.benchmarks.harness import Contest, GateFailedError, Side, Size, Work
from evals.benchmarks.retrieval_peer import PeerStack

CAMPAIGNS = 10_000
SEED = 17
CHECKED = 100
"""Questions of the gates."""
FEW, MANY = 40, 400
"""Questions of one round: new ones, remembered ones."""
FOUND = 10
MISSED = 0.01
ROUNDS = 5


class World:
    """The campaigns, the product's search over them, and the parts that its limits are made of."""

    def __init__(self, campaigns: int, folder: Path) -> None:
        """Make it, and ask what every life cycle needs once, so that all is laid out."""
        self.app = build(Settings(_env_file=None, data_dir=folder, database_url=""))
        self.taxonomy, self.embedder = self.app.pipeline.taxonomy, chosen_embedder(self.app.settings)
        self.cases = past_campaigns(self.taxonomy, campaigns, seed=SEED)
        self.texts = tuple(text_of(case, self.taxonomy) for case in self.cases)
        self.rows = self.embedder.embed(self.texts)
        self.asks = questions(self.taxonomy, seed=SEED)
        for ask in islice(self.asks, FEW):
            self.answer(ask)
        self.remembered = next(self.asks)
        self.first = self.answer(self.remembered)
        self.answers = {self.remembered.situation: self.first}

    def answer(self, ask: Ask) -> Retrieval:
        """Text to ranked campaigns."""
        return self.app.pipeline.search.search(self.cases, ask.situation, as_of=AS_OF, k=FOUND)

    def missed(self, vectors: CampaignVectors) -> float:
        """Share of the exact ten that an index does not find."""
        everywhere, missing = np.ones(len(self.texts), dtype=np.bool_), 0
        for ask in islice(questions(self.taxonomy, seed=SEED + 1), CHECKED):
            exact = self.rows @ self.embedder.embed([ask.text])[0]
            found = vectors.cosines("bench", self.texts, ask.text, k=FOUND, among=everywhere)
            # Of texts that are equally near, any will do.
            good = exact[found != 0.0] >= np.sort(exact)[-FOUND] - 1e-6
            missing += max(0, FOUND - int(good.sum()))
        return missing / (CHECKED * FOUND)

    def check(self) -> None:
        """A search without FAISS finds the same."""
        anew = CampaignSearch(self.embedder, ExactIndex, self.taxonomy)
        exact = anew.search(self.cases, self.remembered.situation, as_of=AS_OF, k=FOUND)
        theirs, ours = _names(exact), _names(self.first)
        if len(ours) != FOUND or ours != theirs:
            raise GateFailedError(f"retrieval: ours are {ours}, an exact search gives {theirs}")

    def check_memory(self) -> None:
        """What is remembered is what was found at first."""
        if self.answer(self.remembered) != self.first:
            raise GateFailedError("retrieval: the same question has another answer when it is asked again")


class RetrievalBench:
    """The bench."""

    name = "retrieval"
    purpose = "Text to ranked campaigns at 10,000, against sentence-transformers + FAISS flat + rank_bm25."

    def __init__(self, *, campaigns: int = CAMPAIGNS, rounds: int = ROUNDS) -> None:
        """Sizes that end within two minutes; tests take smaller ones."""
        self._campaigns, self._rounds = campaigns, rounds

    @contextmanager
    def prepare(self) -> Iterator[Sequence[harness.Path]]:
        """The same campaigns for all."""
        with tempfile.TemporaryDirectory() as folder:
            world = World(self._campaigns, Path(folder))
            vectors = CampaignVectors(world.embedder, FaissIndex)
            peer = PeerStack(world.texts) if retrieval_peer.is_installed() else None
            yield [
                Size(path="retrieval.missed_at_10", unit="share", size=partial(world.missed, vectors), limit=MISSED),
                self._end_to_end(world, peer),
                self._cached(world, peer),
            ]
            world.app.database.close()

    def _end_to_end(self, world: World, peer: PeerStack | None) -> Contest:
        return Contest(
            path="retrieval.end_to_end",
            unit="us/question",
            ours=partial(_asked, world),
            limit=partial(_nearest, world, FaissIndex(world.rows)),
            peer=partial(_peer, world, peer) if peer else None,
            peer_name=retrieval_peer.NAME,
            gate=world.check,
            rounds=self._rounds,
            micros=True,
        )

    def _cached(self, world: World, peer: PeerStack | None) -> Contest:
        return Contest(
            path="retrieval.cached",
            unit="us/question",
            ours=_repeated(partial(world.answer, world.remembered)),
            limit=_repeated(partial(world.answers.get, world.remembered.situation)),
            peer=partial(_peer, world, peer) if peer else None,
            peer_name=retrieval_peer.NAME,
            gate=world.check_memory,
            rounds=self._rounds,
            micros=True,
        )


def _names(found: Retrieval) -> list[str]:
    return [match.campaign.campaign_id for match in found.matches]


@contextmanager
def _asked(world: World) -> Iterator[Work]:
    asks = list(islice(world.asks, FEW))

    def run() -> int:
        return sum(bool(world.answer(ask)) for ask in asks)

    yield run


@contextmanager
def _nearest(world: World, index: FaissIndex) -> Iterator[Work]:
    asks = list(islice(world.asks, FEW))

    def run() -> int:
        return sum(bool(index.search(world.embedder.embed([ask.text]), 1)) for ask in asks)

    yield run


@contextmanager
def _peer(world: World, peer: PeerStack) -> Iterator[Work]:
    asks = list(islice(world.asks, FEW // 4))

    def run() -> int:
        return sum(bool(peer.search(ask.text, FOUND)) for ask in asks)

    yield run


def _repeated(answer: Callable[[], object]) -> Side:
    @contextmanager
    def side() -> Iterator[Work]:
        def run() -> int:
            for _ in range(MANY):
                answer()
            return MANY

        yield run

    return side
