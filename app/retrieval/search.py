"""From a situation to past arms: near in meaning, in words and in whom they were meant for, ranked by what to expect.

    dense       cosine of the situation and the arm's text, not below 0
    lexical     BM25 over the same texts, as a share of the best arm's, see `lexical.py`
    structured  topics, life cycle, objective, see `audience.py`; arms that cannot apply are left out
    fused       reciprocal-rank fusion of the three orders, see `fusion.py`; its best POOL arms are weighed further
    closeness   mean of dense and structured: retrieval abstains when it stays below MIN_CLOSENESS for all
    reach       fused * closeness for an arm that was sent to certain people, 1 for one that was sent to anybody
    score       family + reach * (aimed + age * evidence * own), see `expectations.py`; best first

Arms of campaigns about other topics than the situation's come back only where there is room left. Near arms that
failed and found no room come back as warnings. Without cases there is `no_past_outcomes` to say.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock

from app.retrieval.index import IndexFactory
from app.retrieval.near import nearness
from app.retrieval.ranking import Ranking
from app.retrieval.schemas import Case, Retrieval
from app.retrieval.shelf import Shelf
from app.retrieval.situation import Situation
from app.retrieval.vectors import CampaignVectors
from app.text.embedder import Embedder
from app.text.taxonomy import Taxonomy


class CampaignSearch:
    """Finds past arms for a situation. What hangs on the cases alone is made once; threads may share it."""

    def __init__(
        self, embedder: Embedder, index_factory: IndexFactory, taxonomy: Taxonomy, folder: Path | None = None
    ) -> None:
        """Embed with `embedder`, search with what `index_factory` builds, name topics by `taxonomy`.

        With a `folder`, the vectors of each workspace's campaigns are kept in it.
        """
        self._vectors = CampaignVectors(embedder, index_factory, folder)
        self._taxonomy = taxonomy
        self._shelves: dict[str, Shelf] = {}
        self._building = Lock()

    def search(self, cases: Sequence[Case], situation: Situation, *, as_of: datetime, k: int = 5) -> Retrieval:
        """The k best arms among the cases known at `as_of`, or an abstention with its reason.

        An answer is remembered while the cases stay the same; give the same tuple again and that is seen at once.
        """
        if not cases:
            return Retrieval(matches=(), abstained="no_past_outcomes")
        shelf, asked = self._shelf(tuple(cases)), (situation, as_of, k)
        if (known := shelf.answers.get(asked)) is not None:
            return known
        found = self._found(shelf, situation, as_of, k)
        return found if found.without_meaning else shelf.remember(asked, found)

    def _shelf(self, cases: tuple[Case, ...]) -> Shelf:
        """The shelf of these cases; other cases of the workspace replace it."""
        workspace_id = cases[0].campaign.workspace_id
        shelf = self._shelves.get(workspace_id)
        if shelf is None or not shelf.holds(cases):
            with self._building:
                shelf = self._shelves.get(workspace_id)
                if shelf is None or not shelf.holds(cases):
                    shelf = self._shelves[workspace_id] = Shelf(cases, self._taxonomy)
        return shelf

    def _found(self, shelf: Shelf, situation: Situation, as_of: datetime, k: int) -> Retrieval:
        standing = shelf.standing(situation.lifecycle, as_of)
        if standing is None:
            return Retrieval(matches=(), abstained="no_past_outcomes")
        near = nearness(shelf, standing.places, situation, self._vectors, self._taxonomy)
        answer = Retrieval(matches=(), nearest_similarity=near.nearest, without_meaning=near.without_meaning)
        pool = near.pool()
        if not len(pool):
            return answer.model_copy(update={"abstained": "nearest_too_far"})
        ranking = Ranking(near, pool, standing.expectations, as_of)
        best = ranking.best(k)
        matches, warnings = (tuple(ranking.matches(places)) for places in (best, ranking.warnings(best)))
        kinds = standing.expectations.kinds(targeted=near.aims)
        return answer.model_copy(update={"matches": matches, "warnings": warnings, "kinds": kinds})
