"""What pages show, without a browser: rows, evidence groups, chart options."""

from datetime import UTC, datetime

import pytest

from app.bootstrap import App
from app.console.charts import interest_chart
from app.console.customers import heat, model_lines, row_of
from app.console.frame import Page
from app.console.story_panel import event_cells, grouped
from app.narrative.schemas import MAX_EVIDENCE
from app.schema import Lang
from app.views import CustomerReading

END = datetime(2026, 11, 1, tzinfo=UTC)


def a_page(app: App, lang: Lang = "zh", *, pinned: bool = False, as_of: datetime | None = None) -> Page:
    workspace = app.pipeline.access.workspace("demo")
    moment = as_of or app.pipeline.clock(workspace, now=END)
    return Page(app.pipeline, workspace, lang, moment, pinned=pinned)


def a_reading(page: Page, order_by: str = "ltv") -> CustomerReading:
    rows = page.pipeline.customers(page.workspace, as_of=page.as_of, order_by=order_by, limit=1).rows  # type: ignore[arg-type]
    return page.pipeline.read_customer(page.workspace, rows[0].customer_id, as_of=page.as_of, lang=page.lang)


def test_links_keep_language_and_a_chosen_date(demo: App) -> None:
    chosen = a_page(demo, "en", pinned=True, as_of=datetime(2026, 5, 1, 15, 59, tzinfo=UTC))
    assert chosen.url("/customer/c_1") == "/customer/c_1?lang=en&as_of=2026-05-01"
    assert chosen.url("/", lang="zh", as_of="2026-04-01") == "/?lang=zh&as_of=2026-04-01"
    assert a_page(demo).url("/") == "/?lang=zh"
    assert a_page(demo).url("/customer/<a b>") == "/customer/%3Ca%20b%3E?lang=zh"


def test_a_row_says_the_estimate_with_its_interval(demo: App) -> None:
    page = a_page(demo, "en")
    found = page.pipeline.customers(page.workspace, as_of=page.as_of, limit=3)
    first = row_of(found.rows[0], page)
    assert first["interval"].startswith("80% interval CN¥")
    assert first["href"] == f"/customer/{found.rows[0].customer_id}?lang=en"
    assert first["confidence"] in ("high", "medium", "low")
    assert len(model_lines(found, page.show)) == 2


def test_before_there_is_enough_the_list_says_what_is_missing(demo: App) -> None:
    page = a_page(demo, "en", as_of=datetime(2026, 2, 5, tzinfo=UTC))
    found = page.pipeline.customers(page.workspace, as_of=page.as_of, limit=3)
    assert row_of(found.rows[0], page)["ltv"] == "not enough data"
    (line,) = model_lines(found, page.show)
    assert line.startswith("Value and churn cannot be estimated yet: fewer than")


@pytest.mark.parametrize(("risk", "tone"), [(None, ""), (0.59, ""), (0.6, "warm"), (0.8, "hot"), (1.0, "hot")])
def test_churn_is_coloured_at_the_agreed_thresholds(risk: float | None, tone: str) -> None:
    assert heat(risk) == tone


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_sentence_has_its_claims_and_every_group_its_evidence(demo: App, lang: Lang) -> None:
    page = a_page(demo, lang)
    reading = a_reading(page)
    for sentence in reading.story.sentences:
        groups = grouped(sentence, reading)
        shown = [claim.claim_id for group in groups for claim in group.claims]
        assert sorted(shown) == sorted(sentence.claim_ids)
        assert all(claim_id in reading.spoken for claim_id in shown)
        for group in groups:
            assert len(group.events) == len(group.claims[0].evidence) <= MAX_EVIDENCE
            times = [event.occurred_at for event in group.events]
            assert times == sorted(times)


def test_an_event_is_shown_in_words_of_the_page(demo: App) -> None:
    page = a_page(demo, "en")
    reading = a_reading(page)
    event = next(e for e in reading.evidence.values() if e.kind == "order")
    cells = event_cells(event, page.show)
    assert cells["kind"] == "order"
    assert cells["amount"].startswith("CN¥")
    assert cells["at"] == page.show.time(event.occurred_at)


def test_the_chart_draws_every_point_of_every_curve(demo: App) -> None:
    page = a_page(demo)
    ref = a_reading(page).customer_id
    curves = page.pipeline.interest_curves(page.workspace, ref, as_of=page.as_of, lang="zh")
    options = interest_chart(curves, "强度")
    assert [series["name"] for series in options["series"]] == [curve.name for curve in curves]
    assert [len(series["data"]) for series in options["series"]] == [len(curve.points) for curve in curves]
