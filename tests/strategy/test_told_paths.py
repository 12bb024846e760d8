"""Paths in words: figures and sources are the same in both languages, and nothing is said that is not known."""

import re
from collections.abc import Sequence

import numpy as np
import pytest

from app.predict.explain.paths import value_paths
from app.predict.inputs.purchases import Histories
from app.predict.schemas import LtvEstimate
from app.predict.value.bg_nbd import BgNbd
from app.retrieval.index import ExactIndex
from app.retrieval.near import POOL
from app.retrieval.schemas import Case, Offer, OfferType
from app.retrieval.search import CampaignSearch
from app.retrieval.situation import situation_of
from app.schema import Lang
from app.strategy.paths import known_lifts
from app.strategy.told_paths import CustomerPaths, tell_paths
from app.strategy.wording import wording
from app.text.embedder import HashingEmbedder
from tests.factories_campaigns import AS_OF, case_of, real_taxonomy
from tests.factories_profiles import profile_of
from tests.factories_strategy import LTV, NO_LTV, SHOP, real_policy

COUNTS = BgNbd(r=0.6, alpha=20.0, a=0.8, b=3.0)
HISTORY = Histories(np.array([3]), np.array([60]), np.array([90]))
COUPON = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=20_000)
BOTH = (case_of("light"), case_of("strong", offer=COUPON))


def told(cases: Sequence[Case] = BOTH, *, lang: Lang = "en", ltv: LtvEstimate = LTV) -> CustomerPaths:
    situation, policy = situation_of(profile_of()), real_policy()
    search = CampaignSearch(HashingEmbedder(), ExactIndex, real_taxonomy())
    known = known_lifts(search.search(cases, situation, as_of=AS_OF, k=POOL), situation, policy)
    values = value_paths(ltv, COUNTS, HISTORY, [found.lift for found in known if found.lift])
    return tell_paths("cu_1", values, known, workspace=SHOP, policy=policy, as_of=AS_OF, lang=lang)


def test_every_path_has_its_ground_with_campaigns_and_the_size_of_both_groups() -> None:
    found = told()
    assert [(path.action, ground.action) for path, ground in found.shown()] == [
        ("no_action", "no_action"), ("light", "light"), ("strong", "strong"),
    ]  # fmt: skip
    (source,) = found.grounds[1].sources
    assert (source.campaign_id, source.title) == ("light", BOTH[0].campaign.title)
    assert (source.measured.treated_n, source.measured.control_n) == (1500, 1500)
    assert "behind it: 1," in found.grounds[1].said
    assert "1,500" in found.grounds[1].said


def test_languages_differ_in_words_only() -> None:
    zh, en = told(lang="zh"), told(lang="en")
    assert zh.values == en.values
    assert [ground.sources for ground in zh.grounds] == [ground.sources for ground in en.grounds]
    assert len(zh.notes) == len(en.notes)
    assert not re.search("[一-鿿]", " ".join((*en.notes, *(ground.said for ground in en.grounds))))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_said_of_the_gain_is_what_the_path_gains(lang: Lang) -> None:
    found = told(lang=lang)
    gain = found.values.paths[1].gains[-1]
    for amount in (gain.expected_minor, gain.low_minor, gain.high_minor):
        assert f"{abs(amount) / 100:.2f}" in found.grounds[1].said


def test_whoever_will_hardly_buy_is_said_to_spend_nothing_rather_than_from_nothing_to_nothing() -> None:
    rare = told(ltv=LTV.model_copy(update={"value": 900, "median": 0, "q10": 0, "q90": 0}))
    assert rare.grounds[0].said.endswith(wording("en").paths["spread_none"])
    assert "CN¥0 to CN¥500" in told().grounds[0].said


def test_an_unknown_lift_is_said_and_nothing_is_drawn() -> None:
    found = told([case_of("light")])
    path, ground = found.shown()[2]
    assert path.points == ()
    assert ground.said.startswith("Strong offer: no lift is known.")
    nothing = told([])
    assert "first test" in nothing.grounds[1].said
    assert nothing.notes[0] == wording("en").paths["note_gross"]


@pytest.mark.parametrize(("lift", "doubted"), [(3000.0, False), (100.0, True), (-1000.0, True)])
def test_a_lift_that_may_be_none_is_said_to_be_so(lift: float, doubted: bool) -> None:
    said = told([case_of("light", lift=lift)]).grounds[1].said
    assert (wording("en").paths["unsure"] in said) is doubted


def test_without_an_estimate_every_ground_says_so() -> None:
    found = told(ltv=NO_LTV)
    assert found.shown() == ()
    assert {ground.said for ground in found.grounds} == {wording("en").paths["no_estimate"]}
    assert found.notes == ()


@pytest.mark.parametrize(("kind", "key"), [("simulated", "note_simulated"), ("observational", "note_not_randomised")])
def test_doubts_about_the_campaigns_are_notes(kind: str, key: str) -> None:
    doubtful = told([case_of("light", evidence_kind=kind)])  # type: ignore[arg-type]
    assert wording("en").paths[key] in doubtful.notes
    assert wording("en").paths[key] not in told().notes


def test_a_value_after_refunds_beside_lifts_before_them_is_a_note() -> None:
    net = told(ltv=LTV.model_copy(update={"basis": "net_of_refunds"}))
    assert wording("en").paths["note_net_of_refunds"] in net.notes
    assert wording("en").paths["note_gross"] not in net.notes
