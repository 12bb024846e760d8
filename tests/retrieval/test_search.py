"""Search: near cases first, ranked by outcome, honest about time, and silent when nothing is near."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.profile.schemas import RfmClass
from app.retrieval.index import ExactIndex, FaissIndex
from app.retrieval.schemas import Case, Retrieval
from app.retrieval.search import MIN_CLOSENESS, CampaignSearch
from app.retrieval.situation import Situation
from app.text.embedder import HashingEmbedder, Vectors
from tests.factories_campaigns import AS_OF, case_of, orders, outcome_of, real_taxonomy

LAPSED = Situation(topics=("skincare",), rfm_class=RfmClass.IMPORTANT_WIN_BACK, objective="win_back")


def searcher(embedder: HashingEmbedder | None = None) -> CampaignSearch:
    return CampaignSearch(embedder or HashingEmbedder(), FaissIndex, real_taxonomy())


def found(cases: Sequence[Case], situation: Situation = LAPSED, **options: int) -> Retrieval:
    return searcher().search(cases, situation, as_of=AS_OF, **options)


def ids(retrieval: Retrieval) -> list[str]:
    return [match.campaign.campaign_id for match in retrieval.matches]


def test_without_cases_it_says_so() -> None:
    retrieval = found([])
    assert (retrieval.matches, retrieval.abstained) == ((), "no_past_outcomes")


def test_cases_without_a_control_group_are_no_past_outcomes() -> None:
    case = case_of()
    alone = outcome_of(orders(50, 900, seed=1), [])
    assert found([case.model_copy(update={"outcomes": (alone,)})]).abstained == "no_past_outcomes"


def test_cases_about_other_customers_and_things_are_too_far() -> None:
    garden = case_of(
        title="Garden tools for new buyers",
        objective="welcome",
        topics=("garden",),
        rfm_classes=(RfmClass.GENERAL_VALUE,),
        themes=("seeds",),
    )
    retrieval = found([garden])
    assert (retrieval.matches, retrieval.abstained) == ((), "nearest_too_far")
    assert retrieval.nearest_similarity is not None
    assert retrieval.nearest_similarity < MIN_CLOSENESS


def test_the_case_for_such_customers_comes_first() -> None:
    near, far = (
        case_of("near"),
        case_of("far", topics=("pets",), rfm_classes=(), title="Pet food 宠物", themes=()),
    )
    retrieval = found([far, near])
    assert ids(retrieval)[0] == "near"
    assert retrieval.nearest_similarity == max(m.closeness for m in retrieval.matches)


def test_of_equally_near_cases_the_better_outcome_comes_first_and_the_loss_last() -> None:
    cases = [case_of(name, lift=lift, n=4000) for name, lift in (("good", 900), ("bad", -900), ("fair", 400))]
    retrieval = found(cases)
    assert ids(retrieval) == ["good", "fair", "bad"]
    assert retrieval.matches[-1].score < 0 < retrieval.matches[0].score


def test_a_loss_ranks_behind_every_gain_however_near_it_is() -> None:
    loss = case_of("loss", lift=-900, n=4000)
    gains = [case_of(f"gain{i}", lift=700, n=4000, rfm_classes=(), topics=(), seed=i + 3) for i in range(3)]
    assert ids(found([loss, *gains]))[-1] == "loss"


def test_only_campaigns_whose_window_had_closed_are_known() -> None:
    case = case_of(age_days=60)
    closed = case.campaign.ends_at + timedelta(days=case.campaign.window_days)
    assert searcher().search([case], LAPSED, as_of=closed - timedelta(seconds=1)).abstained == "no_past_outcomes"
    assert ids(searcher().search([case], LAPSED, as_of=closed)) == ["c1"]


def test_the_outcome_of_the_own_segment_counts_when_there_is_one() -> None:
    case = case_of(lift=500)
    own = outcome_of(orders(800, 5000, seed=1), orders(800, 2000, seed=2), segment="important_win_back")
    (match,) = found([case.model_copy(update={"outcomes": (*case.outcomes, own)})]).matches
    assert match.lift.treated_n == 800


def test_small_cases_are_pulled_to_the_others() -> None:
    large = [case_of(f"l{i}", lift=300 * i, n=4000, seed=i) for i in range(6)]
    small = case_of("small", lift=4000, n=12, seed=77)
    by_id = {m.campaign.campaign_id: m for m in found([*large, small], k=10).matches}
    pulled = by_id["small"].lift.mean - by_id["small"].expected.mean
    assert abs(pulled) > 5 * abs(by_id["l3"].lift.mean - by_id["l3"].expected.mean)


def test_far_cases_are_pulled_to_the_others_and_less_sure() -> None:
    family = [case_of(f"f{i}", lift=300 * i, n=4000, seed=i) for i in range(6)]
    near = case_of("x", lift=3000, n=4000, seed=9)
    far = case_of("x", lift=3000, n=4000, seed=9, topics=("pets",), themes=(), title="x")
    a, b = ({m.campaign.campaign_id: m for m in found([*family, c], k=10).matches}["x"] for c in (near, far))
    assert a.lift == b.lift
    assert b.expected.mean < a.expected.mean
    assert b.expected.high - b.expected.low > a.expected.high - a.expected.low


def test_a_cart_reminder_is_not_for_those_without_a_cart() -> None:
    reminder = case_of("cart", objective="reactivate_cart")
    assert found([reminder]).abstained == "nearest_too_far"
    assert ids(found([reminder], LAPSED.model_copy(update={"carted": True}))) == ["cart"]


def test_at_most_k_come_back() -> None:
    assert len(found([case_of(f"c{i}", seed=i) for i in range(9)], k=4).matches) == 4


def test_campaigns_about_other_topics_give_way() -> None:
    others = [case_of(f"o{i}", lift=900, n=4000, topics=("pets",), seed=i) for i in range(6)]
    own = [case_of("own", lift=100, n=4000), case_of("any", lift=100, n=4000, topics=(), seed=3)]
    retrieval = found([*others, *own], k=3)
    assert {"own", "any"} < set(ids(retrieval))
    scores = [match.score for match in retrieval.matches]
    assert scores == sorted(scores, reverse=True)
    pets = LAPSED.model_copy(update={"carted_topics": ("pets",)})
    assert len(set(ids(found([*others, *own], pets, k=3))) & {"own", "any"}) < 2


def test_the_order_in_which_cases_lie_is_irrelevant() -> None:
    cases = [case_of(f"c{i}", lift=200 * i, seed=i) for i in range(5)]
    assert found(cases) == found(cases[::-1])


def test_the_exact_index_gives_the_same_answer() -> None:
    cases = [case_of(f"c{i}", lift=200 * i, seed=i) for i in range(5)]
    exact = CampaignSearch(HashingEmbedder(), ExactIndex, real_taxonomy()).search(cases, LAPSED, as_of=AS_OF)
    assert [m.score for m in exact.matches] == pytest.approx([m.score for m in found(cases).matches], abs=1e-5)


def test_topics_meet_across_languages() -> None:
    zh = case_of("zh", title="换季召回", themes=("skincare",), topics=())
    other = case_of("other", title="换季召回", themes=("garden",), topics=())
    situation = Situation(text="skincare for those we have not seen lately")
    by_id = {m.campaign.campaign_id: m for m in found([zh, other], situation).matches}
    assert by_id["zh"].similarity > by_id["other"].similarity


class CountingEmbedder(HashingEmbedder):
    """Remembers every text that it was asked to embed."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.seen += texts
        return super().embed(texts)


def test_unchanged_cases_are_embedded_once() -> None:
    embedder = CountingEmbedder()
    search = searcher(embedder)
    cases = [case_of(f"c{i}", title=f"Title {i}") for i in range(4)]
    search.search(cases, LAPSED, as_of=AS_OF)
    search.search([*cases, case_of("new", title="New title")], LAPSED, as_of=AS_OF)
    assert sum(text.startswith("Title") for text in embedder.seen) == 4
    assert sum(text.startswith("New") for text in embedder.seen) == 1
