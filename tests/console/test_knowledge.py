"""How past campaigns read on the page, in both languages, without a browser."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from app.bootstrap import App
from app.console.frame import Page
from app.console.knowledge_upload import mending
from app.console.knowledge_words import arm_words, audience_words, lift_words, state_words
from app.console.wording import wording
from app.profile.schemas import RfmClass
from app.profile.stages import PriceBand, Stage
from app.retrieval.knowledge.derived import detail_of
from app.retrieval.knowledge.faults import FaultyFile
from app.retrieval.knowledge.listing import CampaignRow, row_of
from app.retrieval.knowledge.schemas import CaseEntry, CaseState, CaseVersion
from app.retrieval.knowledge_base import read_cases, written
from app.retrieval.schemas import Audience, Case, Channel, Objective, Offer, OfferType, Titles
from app.schema import Lang
from tests.factories_campaigns import AS_OF, case_of

END = datetime(2026, 11, 1, tzinfo=UTC)
CASE = case_of("c1", n=400, offer=Offer(type=OfferType.COUPON, amount_minor=2_000))


def a_page(app: App, lang: Lang) -> Page:
    return Page(app.pipeline, app.pipeline.access.workspace("demo"), lang, END, pinned=False)


def a_row(case: Case, lang: Lang, *, state: CaseState = CaseState.PENDING, approved: int | None = None) -> CampaignRow:
    version = CaseVersion(
        campaign_id="c1", version=2, content_hash="0" * 64, imported_at=AS_OF, imported_by="li", state=state
    )
    return row_of(detail_of(CaseEntry(case=case, version=version, approved_version=approved), as_of=END), lang)


@pytest.mark.parametrize(
    ("lang", "audience", "arm", "state"),
    [
        ("en", "Important · win back, skincare", "SMS · coupon CN¥20.00", "waiting\nversion 1 is cited until then"),
        ("zh", "重要挽留、护肤", "短信 · 优惠券 ¥20.00", "待批准\n批准前仍引用版本 1"),
    ],
)
def test_a_campaign_reads_in_the_readers_language(demo: App, lang: Lang, audience: str, arm: str, state: str) -> None:
    page, row = a_page(demo, lang), a_row(CASE, lang, approved=1)
    assert audience_words(page, row.audience) == audience
    assert arm_words(page, row.arms[0]) == arm
    assert state_words(page, row) == state
    assert row.age_days == 212


def test_a_title_that_is_not_there_in_the_readers_language_is_shown_in_the_other(demo: App) -> None:
    told = Case(campaign=CASE.campaign.model_copy(update={"titles": Titles(en="Skincare again")}))
    assert (a_row(told, "en").title, a_row(told, "zh").title) == ("Skincare again", CASE.campaign.title)


def test_a_lift_is_shown_with_its_interval_or_as_not_measured(demo: App) -> None:
    page = a_page(demo, "en")
    (arm,) = a_row(CASE, "en").arms
    assert lift_words(page, arm.lift).count("CN¥") == 3
    assert lift_words(page, None) == "not measured"
    (bare,) = a_row(CASE.model_copy(update={"outcomes": ()}), "en").arms
    assert bare.lift is None


def test_everybody_is_the_audience_without_conditions(demo: App) -> None:
    assert audience_words(a_page(demo, "zh"), Audience()) == "全部"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_value_has_words(lang: Lang) -> None:
    known = wording(lang).lines().keys()
    assert {f"knowledge.states.{state}" for state in CaseState} <= known
    assert {f"knowledge.objectives.{name}" for name in get_args(Objective)} <= known
    assert {f"knowledge.channels.{name}" for name in Channel} <= known
    assert {f"knowledge.offers.{name}" for name in OfferType} <= known
    assert {f"knowledge.stages.{name}" for name in Stage} <= known
    assert {f"knowledge.price_bands.{name}" for name in PriceBand} <= known
    assert {f"rfm.{name}" for name in RfmClass} <= known


def test_what_to_mend_in_a_file_is_said_in_the_readers_language(demo: App, tmp_path: Path) -> None:
    text = written([CASE, case_of("c2", n=40)], "csv").decode()
    path = tmp_path / "kb.csv"
    path.write_text(text.replace(",sms,", ",fax,").replace(",14,", ",-14,", 1), encoding="utf-8")
    with pytest.raises(FaultyFile) as caught:
        read_cases(path)
    said = {
        lang: [(fault.line, fault.field, mending(a_page(demo, lang), fault)) for fault in caught.value.faults]
        for lang in ("zh", "en")
    }
    assert (2, "window_days", "必须不小于 1") in said["zh"]
    assert (2, "channel", "只能是其中之一：sms, email, push, wechat, onsite") in said["zh"]
    assert (3, "channel", "must be one of: sms, email, push, wechat, onsite") in said["en"]
    assert [field for _, field, _ in said["zh"]] == ["channel", "window_days", "channel"]
