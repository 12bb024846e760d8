"""The ceilings of a demo shop: what counting reaches (naive) and what its maker could know from the events (oracle).

Figures, each the mean over the cuts (`cases.py`): `interest_accuracy`, `shift_accuracy`, `shift_f1`, `churn_auc`.
"""

from functools import cache

from app.demo.shop import DemoShop
from app.demo.synonyms import Vocabulary
from evals.ceilings.cases import cases
from evals.ceilings.naive import naive_answer
from evals.ceilings.oracle import Oracle
from evals.ceilings.queries import queries
from evals.ceilings.scoring import score
from evals.ceilings.visits import visits
from evals.ceilings.watching import watch
from evals.task import Metric, Say

Ceilings = dict[str, dict[str, Metric]]

NO_ORACLE = Metric(1.0, None, None, 0)
"""For a figure that a perfect answer would bring to 1 and for which no filter is practical."""
WHY = (
    "oracle: a Bayes filter over drawn lives, with the simulator's parameters and the events only; "
    "naive: most viewed topic of 30 days, its change, days since the last visit"
)
"""For the provenance of a run."""


def ceilings(shop: DemoShop, say: Say) -> Ceilings:
    """Both ceilings; computed once per shop and process, since every eval of a shop prints them."""
    say(f"asking the oracle about {shop.customers:,} customers")
    return _ceilings(shop.seed, shop.customers, shop.wording)


@cache
def _ceilings(seed: int, customers: int, wording: Vocabulary) -> Ceilings:
    shop = DemoShop(seed, customers, wording)
    log = watch(shop)
    asked = cases(shop, log)
    found = Oracle(shop, log.topics).answer(visits(log, *queries(shop)), asked)
    return {
        "oracle": score(asked, found, seed=seed),
        "naive": score(asked, [naive_answer(log, case) for case in asked], seed=seed),
    }
