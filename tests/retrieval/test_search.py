"""Search: near cases first, ranked by outcome, honest about time, and silent when nothing is near."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from app.errors import ModelUnavailable
from app.profile.schemas import Lifecycle, RfmClass
from app.retrieval.index import ExactIndex, FaissIndex
from app.retrieval.near import MIN_CLOSENESS
from app.retrieval.schemas import Case, Retrieval
from app.retrieval.search import CampaignSearch
from app.retrieval.situation import Situation
from app.text.embedder import HashingEmbedder, Vectors
from tests.factories_campaigns import AS_OF, case_of, orders, outcome_of, real_taxonomy

LAPSED = Situation(topics=("skincare",), lifecycle=Lifecycle.WIN_BACK, objective="win_back")


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
    assert [m.score for m in exact.matches] == pytest.approx([m.score for m in found(cases).matches], rel=1e-6)


def test_topics_meet_across_languages() -> None:
    zh = case_of("zh", title="换季召回", themes=("skincare",), topics=())
    other = case_of("other", title="换季召回", themes=("garden",), topics=())
    assert ids(found([zh, other], Situation(text="skincare for those we have not seen lately"))) == ["zh"]


def test_a_question_in_words_gets_only_what_is_near_it() -> None:
    cases = [case_of("own"), case_of("pets", title="猫粮", topics=("pets",), themes=("喵",), lift=3000)]
    assert ids(found(cases, Situation(text="护肤召回"))) == ["own"]
    assert found(cases, Situation(text="工业水泥")).abstained == "nearest_too_far"


def test_rare_words_find_what_meaning_does_not() -> None:
    cases = [case_of(f"c{i}", title=f"Letter {i}", themes=(), topics=()) for i in range(30)]
    cases.append(case_of("named", title="The qx7 letter", themes=(), topics=()))
    by_id = {m.campaign.campaign_id: m.parts for m in found(cases, Situation(text="qx7"), k=40).matches}
    assert by_id["named"].lexical == 1.0
    assert by_id["named"].fused == max(parts.fused for parts in by_id.values())


def test_every_score_is_the_sum_of_its_parts() -> None:
    cases = [
        case_of("own", age_days=300),
        case_of("any", topics=(), rfm_classes=(), seed=3),
        case_of("watched", evidence_kind="observational", seed=5),
        case_of("pets", topics=("pets",), seed=7),
    ]
    matches = found(cases, k=10).matches
    assert len(matches) == 4
    for match in matches:
        p = match.parts
        assert match.score == pytest.approx(p.family + p.reach * (p.aimed + p.age * p.evidence * p.own))
        assert match.score == match.expected.mean
        assert (match.similarity, match.fit) == (p.dense, p.structured)
        assert match.closeness == pytest.approx((p.dense + p.structured) / 2)
    reach = {match.campaign.campaign_id: match.parts.reach for match in matches}
    assert reach["any"] == 1.0
    assert reach["own"] > reach["pets"]


def test_a_failure_is_told_though_there_is_no_room_for_it() -> None:
    gains = [case_of(f"gain{i}", lift=900, n=4000, seed=i + 3) for i in range(6)]
    loss, stranger = case_of("loss", lift=-1500, n=4000), case_of("other", lift=-1500, n=4000, topics=("pets",))
    retrieval = found([*gains, loss, stranger], k=2)
    assert [warning.campaign.campaign_id for warning in retrieval.warnings] == ["loss"]
    assert retrieval.warnings[0].stance == "failed"
    assert {match.stance for match in retrieval.matches} == {"worked"}
    with_room = found([*gains, loss], k=7)
    assert with_room.matches[-1].stance == "failed"
    assert with_room.warnings == ()


class SilentEmbedder(HashingEmbedder):
    """Answers for campaigns, and then no more."""

    answers = True

    def embed(self, texts: Sequence[str]) -> Vectors:
        if not self.answers:
            raise ModelUnavailable("the embedding server does not answer")
        return super().embed(texts)


def test_words_and_structure_go_on_when_the_embedder_is_silent_and_nothing_of_it_is_remembered() -> None:
    embedder, cases = SilentEmbedder(), [case_of("near"), case_of("far", topics=("pets",), title="猫粮", themes=())]
    search = searcher(embedder)
    embedder.answers = False
    without = search.search(cases, LAPSED, as_of=AS_OF)
    assert without.without_meaning
    assert ids(without)[0] == "near"
    embedder.answers = True
    assert not search.search(cases, LAPSED, as_of=AS_OF).without_meaning


def test_both_spending_halves_of_a_life_cycle_get_the_same_answer() -> None:
    halves = [
        outcome_of(orders(700, mean, seed=seed), orders(700, 2000, seed=seed + 9), segment=name)
        for name, mean, seed in (("important_win_back", 5000, 1), ("general_win_back", 1000, 2))
    ]
    case = case_of()
    (match,) = found([case.model_copy(update={"outcomes": (*case.outcomes, *halves)})]).matches
    assert match.lift.treated_n == 1400


def test_the_same_question_of_the_same_cases_is_answered_from_memory_and_new_cases_are_seen() -> None:
    search, cases = searcher(), (case_of("a"), case_of("b", seed=4))
    first = search.search(cases, LAPSED, as_of=AS_OF)
    assert search.search(list(cases), LAPSED, as_of=AS_OF) is first
    assert ids(search.search(cases[:1], LAPSED, as_of=AS_OF)) == ["a"]


def test_workspaces_do_not_see_each_other() -> None:
    search = searcher()
    ours, theirs = (
        tuple(
            case.model_copy(update={"campaign": case.campaign.model_copy(update={"workspace_id": name})})
            for case in (case_of(f"{name}-case"),)
        )
        for name in ("ours", "theirs")
    )
    answers = [ids(search.search(cases, LAPSED, as_of=AS_OF)) for cases in (ours, theirs, ours)]
    assert answers == [["ours-case"], ["theirs-case"], ["ours-case"]]


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
