"""The customer value models at a million customers, beside `lifetimes` where it is installed.

- `ltv.fit_1m`: BG/NBD from frequency, recency and age to parameters. peer: lifetimes. limit: the likelihood of all
  customers evaluated once.
- `ltv.predict`: expected spend per customer over 90 days, BG/NBD times Gamma-Gamma. peer: lifetimes. limit: reading the
  columns once and writing one.
- `ltv.estimate`: the whole estimator, read for customers it was not fitted on: features, members, blend, interval.
  limit: `ltv.predict`'s work on the same customers.
Gates: ours, and lifetimes' if it is there, are within 2% of the exact maximum of the likelihood, and every customer's
expected spend is that of the papers' formulas; every customer has an estimate, ordered q10 <= median <= q90.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec

import numpy as np

from app.predict.fitted import Estimates, estimate, learn
from app.predict.inputs.purchases import Histories
from app.predict.value import bg_nbd, gamma_gamma
from app.predict.value.bg_nbd import BgNbd
from app.predict.value.season import FLAT
from evals.benchmarks.buyers import (
    MONEY,
    RHYTHM,
    Buyers,
    Floats,
    expected_spend,
    log_likelihood,
    most_likely,
    purchase_days,
    simulate,
)
from evals.benchmarks.harness import Contest, GateFailedError, Side, Work

CUSTOMERS = 1_000_000
SHOP = 100_000
"""Customers that the whole estimator is read for."""
TODAY = 20_000
"""Days since 1970."""
ROUNDS = 3
HORIZON_DAYS = 90
SEED = 11
NEAR = 0.02
"""How far a parameter may be from the exact maximum."""
SAME = 1e-6
"""How far an expected spend may be from the formula's, as a share."""
PEER = "lifetimes"


class Shop:
    """Buyers with their days, and the whole estimator fitted on them."""

    def __init__(self, customers: int) -> None:
        """Fit once, outside every clock."""
        self.buyers = simulate(customers, seed=SEED)
        self.purchases = purchase_days(self.buyers, until=TODAY, seed=SEED)
        self.fitted = learn(
            self.purchases,
            day=TODAY,
            horizon_days=HORIZON_DAYS,
            currency="XXX",
            fitted_until=datetime(2026, 1, 1, tzinfo=UTC),
            calendar=FLAT,
            model_card_id="bench",
        )

    def estimate(self) -> Estimates:
        """Everybody's."""
        return estimate(self.fitted, self.purchases, as_of_day=TODAY)

    def check(self) -> None:
        """Everybody has one, and it is in order."""
        found = self.estimate()
        if not (found.known.all() and ((found.q10 <= found.median) & (found.median <= found.q90)).all()):
            raise GateFailedError("ltv: a customer has no estimate, or an interval out of order")


class LtvBench:
    """The bench."""

    name = "ltv"
    purpose = (
        "Fitting and reading BG/NBD + Gamma-Gamma for a million customers, against lifetimes; the whole estimator."
    )

    def __init__(self, *, customers: int = CUSTOMERS, shop: int = SHOP, rounds: int = ROUNDS) -> None:
        """Sizes that end within two minutes; tests take smaller ones."""
        self._customers, self._shop, self._rounds = customers, shop, rounds

    @contextmanager
    def prepare(self) -> Iterator[Sequence[Contest]]:
        """The same buyers for all."""
        buyers = simulate(self._customers, seed=SEED)
        yield [self._fit(buyers), self._predict(buyers), self._estimate(Shop(self._shop))]

    def _fit(self, buyers: Buyers) -> Contest:
        size = buyers.histories.T.size
        return Contest(
            path="ltv.fit_1m",
            unit="customers/s",
            ours=_timed(size, partial(bg_nbd.fit, buyers.histories)),
            limit=_timed(size, partial(log_likelihood, RHYTHM, buyers.histories)),
            peer=_timed(size, partial(_peer_fit, buyers.histories)) if _has_peer() else None,
            peer_name=PEER,
            gate=partial(_check_fit, buyers.histories),
            rounds=self._rounds,
        )

    def _predict(self, buyers: Buyers) -> Contest:
        size = buyers.histories.T.size
        return Contest(
            path="ltv.predict",
            unit="customers/s",
            ours=_timed(size, partial(_our_spend, buyers)),
            limit=_timed(size, partial(_one_pass, buyers)),
            peer=_timed(size, partial(_peer_spend, buyers)) if _has_peer() else None,
            peer_name=PEER,
            gate=partial(_check_spend, buyers),
            rounds=2 * self._rounds + 1,
        )

    def _estimate(self, shop: Shop) -> Contest:
        size = shop.buyers.histories.T.size
        return Contest(
            path="ltv.estimate",
            unit="customers/s",
            ours=_timed(size, shop.estimate),
            limit=_timed(size, partial(_our_spend, shop.buyers)),
            peer=None,
            peer_name="",
            gate=shop.check,
            rounds=self._rounds,
        )


def check_parameters(who: str, found: Mapping[str, float], exact: BgNbd) -> None:
    """GateFailedError where a parameter is further from the exact maximum than allowed."""
    for name, best in exact._asdict().items():
        if not abs(found[name] / best - 1) <= NEAR:
            raise GateFailedError(f"ltv: {name} of {who} is {found[name]:.4g}, the exact maximum has {best:.4g}")


def check_amounts(who: str, found: Floats, formula: Floats) -> None:
    """GateFailedError where a customer's expected spend is not that of the formula."""
    off = float(np.abs(found / formula - 1).max())
    if not off <= SAME:
        raise GateFailedError(f"ltv: expected spend of {who} is up to {off:.1e} away from the formula")


def _check_fit(histories: Histories) -> None:
    exact = most_likely(histories)
    check_parameters("ours", bg_nbd.fit(histories)._asdict(), exact)
    if _has_peer():
        check_parameters(PEER, _peer_fit(histories), exact)


def _check_spend(buyers: Buyers) -> None:
    formula = expected_spend(RHYTHM, MONEY, buyers, HORIZON_DAYS)
    check_amounts("ours", _our_spend(buyers), formula)
    if _has_peer():
        check_amounts(PEER, _peer_spend(buyers), formula)


def _our_spend(buyers: Buyers) -> Floats:
    purchases = bg_nbd.expected_purchases(RHYTHM, buyers.histories, HORIZON_DAYS)
    return purchases * gamma_gamma.expected_spend(MONEY, buyers.histories.frequency, buyers.spend)


def _one_pass(buyers: Buyers) -> Floats:
    x, recency, age = buyers.histories
    found: Floats = (x + recency + age) * buyers.spend
    return found


def _has_peer() -> bool:
    return find_spec(PEER) is not None


def _peer_fit(histories: Histories) -> dict[str, float]:
    from lifetimes import BetaGeoFitter

    return {name: float(value) for name, value in BetaGeoFitter().fit(*histories).params_.items()}


def _peer_spend(buyers: Buyers) -> Floats:
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    rhythm, money = BetaGeoFitter(), GammaGammaFitter()
    rhythm.params_, money.params_ = RHYTHM._asdict(), {"p": MONEY.p, "q": MONEY.q, "v": MONEY.gamma}
    x = buyers.histories.frequency
    purchases = rhythm.conditional_expected_number_of_purchases_up_to_time(HORIZON_DAYS, *buyers.histories)
    found: Floats = np.asarray(purchases * money.conditional_expected_average_profit(x, buyers.spend))
    return found


def _timed(units: int, work: Callable[[], object]) -> Side:
    """The same work in every round, on columns that are there already."""

    @contextmanager
    def side() -> Iterator[Work]:
        def run() -> int:
            work()
            return units

        yield run

    return side
