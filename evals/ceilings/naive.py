"""What counting says: most viewed topic of 30 days, its change against the 30 days before, days since a visit."""

import numpy as np

from app.demo.shop import DemoShop
from evals.ceilings.cases import WINDOW, Answer, Case, cases, days_since_visit, views
from evals.ceilings.scoring import score
from evals.ceilings.watching import Log, watch
from evals.task import Metric


def naive_ceilings(shop: DemoShop) -> dict[str, Metric]:
    """The naive figures of a shop: `interest_accuracy`, `shift_accuracy`, `shift_f1` and `churn_auc`."""
    log = watch(shop)
    asked = cases(shop, log)
    return score(asked, [naive_answer(log, case) for case in asked], seed=shop.seed)


def naive_answer(log: Log, case: Case) -> Answer:
    """Ties between topics go to the first of the catalogue."""
    now, before = (views(log, day).argmax(axis=1) for day in (case.cut, case.cut - WINDOW))
    since = days_since_visit(log, case.cut).astype(np.float64)
    return Answer(topic=now, shifted=now != before, flagged=now != before, leaving=since)
