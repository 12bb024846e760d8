"""Order of past arms against the truth, and campaigns found in the other language."""

from functools import cache
from itertools import permutations
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bootstrap import KNOWLEDGE
from app.demo.shop import DemoShop
from app.demo.uplift import TrueResponse
from app.retrieval.trials import arms_of
from app.text.static import StaticEmbedder
from app.text.taxonomy import load_taxonomy
from evals import cross_lingual
from evals.baselines.retrieval import Bm25Only, DenseOnly
from evals.ceilings.responses import Responses
from evals.scorers.paired import OURS
from evals.scorers.retrieval import Scored, figures, gains, ndcg, ranks, recall
from evals.task import TaskResult
from evals.tasks.retrieval import RetrievalOptions, RetrievalTask
from evals.wishes import brief, wishes

UPLIFT = np.array([300.0, -50.0, 100.0, 0.0, 100.0])


@cache
def a_run() -> TaskResult:
    return RetrievalTask().run(RetrievalOptions(seed=101, customers=20), lambda _: None)


def test_relevance_is_the_share_of_the_others_that_do_less() -> None:
    assert ranks(UPLIFT).tolist() == [1.0, 0.0, 0.5, 0.25, 0.5]
    assert gains(UPLIFT).tolist() == pytest.approx([1.0, 0.0, 1 / 3, 0.0, 1 / 3])
    assert gains(-UPLIFT[:1]).tolist() == [0.0]


@given(st.permutations(range(5)))
def test_no_order_is_better_than_that_of_the_truth(order: list[int]) -> None:
    relevance = ranks(UPLIFT)
    truth = np.argsort(-UPLIFT, kind="stable").tolist()
    assert 0.0 <= ndcg(order, relevance) <= ndcg(truth, relevance) == pytest.approx(1.0)


def test_empty_places_earn_nothing_and_nothing_found_is_zero() -> None:
    relevance = ranks(UPLIFT)
    assert ndcg([0], relevance) < ndcg([0, 2], relevance) < 1.0
    assert ndcg([], relevance) == 0.0


def test_only_the_first_places_count() -> None:
    relevance = np.arange(7) / 6.0
    assert len({ndcg([6, 5, 4, 3, 2, *rest], relevance) for rest in permutations([0, 1])}) == 1


def test_recall_asks_for_no_more_than_there_is_room_for() -> None:
    many = [f"c{n}" for n in range(30)]
    assert recall(many, many) == 1.0
    assert recall(["a", "x", "b"], ["a", "b", "c", "d"]) == 0.5
    assert recall(["x"] * 10 + ["a"], ["a"]) == 0.0


def test_the_share_of_the_gap_is_counted_on_the_same_customers() -> None:
    rng = np.random.default_rng(1)
    naive, oracle = rng.uniform(0.2, 0.4, 50), np.ones(50)
    of = {OURS: naive + 0.7 * (oracle - naive), "naive": naive, "oracle": oracle}
    found = figures(Scored(of, of), seed=3, rounds=50)
    closed = found.closed["gap_closed"]
    assert (closed.value, closed.low, closed.high) == pytest.approx((0.7, 0.7, 0.7))
    gap = found.differences["naive"]["ndcg5"]
    assert gap.low is not None
    assert gap.low > 0


def test_the_truth_of_a_persona_is_the_mean_of_its_customers() -> None:
    shop = DemoShop(101, 12)
    arms = arms_of(shop.cases())[:5]
    responses = Responses(shop, arms)
    plans = [shop.plan_of(index) for index in range(12)]
    like_first = [n for n, plan in enumerate(plans) if plan.customer.persona == plans[0].customer.persona]
    mean = np.mean([responses.own(n) for n in like_first], axis=0)
    assert responses.of_persona(0).tolist() == pytest.approx(mean.tolist())
    one = TrueResponse(shop).uplift(
        plans[0],
        shop.calendar.days - 1,
        arms[2].arm,
        responses.about[2],
        window_days=arms[2].campaign.window_days,
    )
    assert responses.own(0)[2] == pytest.approx(one.value)


def test_wishes_come_in_either_language_and_either_wording() -> None:
    assert all(wish.isascii() for wish in wishes("outdoor", "en", "A"))
    assert not any(wish.isascii() for wish in wishes("skincare", "zh", "A"))
    assert wishes("outdoor", "en", "A") != wishes("outdoor", "en", "B")
    assert wishes("no_such_topic", "zh", "A") == wishes("no_such_topic", "en", "A") == ()


def test_libraries_hold_one_language_each() -> None:
    cases = DemoShop(101, 1).cases()
    about = {case.campaign.campaign_id: frozenset({"skincare"}) for case in cases}
    chinese = cross_lingual.chinese(cases, about, named=False)
    themes = [theme for case in chinese.cases for arm in case.campaign.arms for theme in arm.themes]
    assert themes
    assert not any(theme.isascii() for theme in themes)
    assert all(case.campaign.audience.topics == () for case in chinese.cases)
    english = cross_lingual.english(cases, named=True)
    assert all(case.campaign.title.isascii() for case in english.cases)
    assert {len(ids) for ids in english.about.values()} == {3}


def test_each_alone_finds_what_it_can() -> None:
    texts = ["露营帐篷", "Tents for camping", "猫粮"]
    assert int(np.argmax(Bm25Only(texts).scores("camping"))) == 1
    assert Bm25Only(texts).scores("露营")[1] == 0.0
    dense = DenseOnly(texts, StaticEmbedder(KNOWLEDGE / "embedder")).scores("camping")
    assert dense[0] > dense[2]


def test_the_oracle_is_the_truth_and_everybody_is_a_question() -> None:
    result = a_run()
    assert result.ceilings["oracle"]["ndcg5"].value == pytest.approx(1.0)
    assert result.n == result.metrics["ndcg5"].n >= 18
    assert set(result.baselines) == {"dense", "bm25"} == set(result.differences)


def test_ours_is_above_both_baselines_and_the_naive_order() -> None:
    result = a_run()
    ours = result.metrics["ndcg5"].value
    assert ours is not None
    others = [result.baselines["dense"], result.baselines["bm25"], result.ceilings["naive"]]
    assert all((other["ndcg5"].value or 0.0) < ours for other in others)


def test_most_campaigns_are_found_in_the_other_language() -> None:
    found = a_run().metrics["recall10_cross_lingual"]
    assert found.value is not None
    assert found.value > 0.8


def test_taxonomy_names_the_topics_of_the_english_campaigns() -> None:
    taxonomy = load_taxonomy(KNOWLEDGE / "taxonomy.yaml")
    assert set(cross_lingual.english(DemoShop(101, 1).cases(), named=True).about) == set(taxonomy.topics)


def test_the_same_seed_gives_the_same_brief() -> None:
    assert brief("pets", "zh", "A", Random(3)) == brief("pets", "zh", "A", Random(3)) != ""
