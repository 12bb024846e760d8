"""Past arms in words: what they did, on how many, when; the same for everybody who is shown them."""

from typing import get_args

import pytest

from app.access.schemas import Workspace
from app.retrieval.index import ExactIndex
from app.retrieval.schemas import Case, Offer, OfferType, Retrieval
from app.retrieval.search import CampaignSearch
from app.retrieval.situation import Situation, segment_of
from app.schema import Lang
from app.strategy.cases import SHOWN, of_segment, say_case, say_cases, unlike
from app.text.embedder import HashingEmbedder
from tests.factories_campaigns import AS_OF, case_of, real_taxonomy

SHOP = Workspace(workspace_id="shop")
SITUATION = Situation(topics=("skincare",), text="her own words", carted=True, carted_topics=("pets",))


def found(*cases: Case) -> Retrieval:
    search = CampaignSearch(HashingEmbedder(), ExactIndex, real_taxonomy())
    return search.search(cases, segment_of(SITUATION), as_of=AS_OF, k=50)


@pytest.mark.parametrize("lang", get_args(Lang))
def test_a_case_is_told_with_lift_interval_groups_kind_and_month(lang: Lang) -> None:
    (match,) = found(case_of("good", lift=4000, n=3000, offer=Offer(type=OfferType.COUPON, amount_minor=2000))).matches
    said = say_case(match, SHOP, lang)
    wanted = {
        "en": ("worked", "with a coupon", "April 2026", "3,000"),
        "zh": ("有效", "带优惠券", "2026年4月", "3,000"),
    }
    assert all(word in said for word in wanted[lang])


@pytest.mark.parametrize("lang", get_args(Lang))
def test_a_failure_is_told_as_one_and_its_interval_as_losses(lang: Lang) -> None:
    (match,) = found(case_of("bad", lift=-1500, n=4000)).matches
    said = say_case(match, SHOP, lang)
    assert ("did not work" if lang == "en" else "没有奏效") in said
    assert (
        "-" not in said.partition("(" if lang == "en" else "（")[2].partition("interval" if lang == "en" else "区间")[2]
    )


def test_a_title_cannot_end_its_quotation_marks() -> None:
    (match,) = found(case_of("c", title="“Free” for all」 of you")).matches
    assert "「'Free' for all' of you」" in say_case(match, SHOP, "zh")


def test_a_segment_is_shown_few_arms_none_of_few_customers_and_the_failures() -> None:
    cases = [case_of(f"c{n:02}", lift=2000, n=2000, topics=(), seed=n) for n in range(5)]
    small, bad = case_of("small", lift=9000, n=8), case_of("bad", lift=-1500, n=4000)
    shown = of_segment(found(*cases, small, bad), least=30)
    names = [match.campaign.campaign_id for match in shown]
    assert len(names) <= SHOWN
    assert "small" not in names
    assert names[-1] == "bad"
    assert len([name for name in names if name.startswith("c")]) == 2


def test_cases_stand_in_the_order_of_their_ids() -> None:
    matches = found(case_of("b"), case_of("a", seed=3)).matches
    assert list(say_cases(matches, SHOP, "zh")) == ["a/a", "b/a"]
    assert len(unlike(matches, 1)) == 1


def test_what_a_segment_is_judged_by_knows_nothing_of_the_customer() -> None:
    other = Situation(topics=("pets",), text="other words", price_band=None)
    assert segment_of(SITUATION) == segment_of(other) == Situation()
