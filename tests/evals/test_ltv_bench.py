"""The bench of the customer value models, on few buyers: what it reports, and what its gates refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.predict.inputs.purchases import rfm
from app.predict.value import bg_nbd
from evals.benchmarks import buyers
from evals.benchmarks.harness import GateFailedError, measure
from evals.benchmarks.ltv import LtvBench, check_amounts, check_parameters


@given(st.integers(0, 2**16))
def test_buyers_are_histories_that_can_have_happened(seed: int) -> None:
    x, recency, age = buyers.simulate(300, seed=seed).histories
    assert ((x <= recency) & (recency <= age)).all()
    assert ((x == 0) == (recency == 0)).all()
    assert buyers.YOUNGEST <= age.min() <= age.max() <= buyers.OLDEST


def test_purchase_days_give_the_histories_back() -> None:
    made = buyers.simulate(500, seed=2)
    seen = rfm(buyers.purchase_days(made, until=20_000, seed=2), 20_000)
    assert seen.T.tolist() == made.histories.T.tolist()
    assert seen.recency.tolist() == made.histories.recency.tolist()
    assert (seen.frequency <= made.histories.frequency).all()  # two drawn days may be one


def test_the_exact_maximum_is_found_by_another_way_than_the_products() -> None:
    histories = buyers.simulate(3000, seed=1).histories
    exact, found = buyers.most_likely(histories), bg_nbd.fit(histories)
    assert bg_nbd.log_likelihood(found, histories) == pytest.approx(buyers.log_likelihood(found, histories))
    assert np.log(found) == pytest.approx(np.log(exact), abs=0.005)


def test_the_bench_reports_fitting_and_reading() -> None:
    report = measure([LtvBench(customers=3000, shop=300, rounds=1)], lambda _: None)
    peers = {path.path: path.peer_name for path in report.paths}
    assert peers == {"ltv.fit_1m": "lifetimes", "ltv.predict": "lifetimes", "ltv.estimate": ""}
    for path in report.paths:
        assert path.unit == "customers/s"
        assert (path.peer is None) == (path.ahead is None)
        assert path.ours > 0


def test_a_parameter_that_is_off_and_an_amount_that_is_off_fail_the_gates() -> None:
    exact = buyers.RHYTHM
    check_parameters("ours", exact._replace(b=exact.b * 1.019)._asdict(), exact)
    with pytest.raises(GateFailedError, match="b of ours is"):
        check_parameters("ours", exact._replace(b=exact.b * 1.021)._asdict(), exact)
    with pytest.raises(GateFailedError, match="expected spend of ours"):
        check_amounts("ours", np.array([1.0, 2.001]), np.array([1.0, 2.0]))
