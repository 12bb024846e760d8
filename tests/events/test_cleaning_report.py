from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.bootstrap import App, build
from app.config import Settings
from app.errors import InvalidInput, NotFound
from app.events.findings import CleaningReport, Done
from app.events.sources.mapping import Parsed
from tests.factories import an_incoming
from tests.factories_faults import ACCEPTED, ARRIVAL, FAULTS, QUARANTINED, SOURCE, a_faulty_source, faulty_events


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A shop with the faulty source. Tests read it and leave it as it was."""
    app = build(Settings(_env_file=None, data_dir=tmp_path_factory.mktemp("faulty"), database_url="", llm_url=""))
    a_faulty_source(app)
    yield app
    app.database.close()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(_env_file=None, data_dir=tmp_path, database_url="", llm_url=""))
    yield app
    app.database.close()


def report_of(app: App, **days: date) -> CleaningReport:
    return app.pipeline.cleaning.report(app.pipeline.access.workspace("shop"), SOURCE, **days)


def test_every_fault_of_a_known_source_is_counted_exactly(faulty: App) -> None:
    report = report_of(faulty)
    assert {(f.check, f.about): f.count for f in report.faults} == FAULTS


def test_the_counts_add_up_to_the_records_that_came(faulty: App) -> None:
    report = report_of(faulty)
    assert report.records == len(list(faulty_events()))
    assert (report.accepted, report.duplicates, report.conflicts) == (ACCEPTED, 2, 1)
    assert report.quarantined == QUARANTINED
    assert report.records == report.accepted + report.duplicates + report.conflicts + report.quarantined
    assert report.events == faulty.pipeline.log.count("shop") == ACCEPTED
    assert report.waiting == QUARANTINED + 1
    assert sum(report.kinds.values()) == ACCEPTED
    assert report.unknown_kinds == {"wishlist_shared": 2}


def test_every_line_says_what_was_done(faulty: App) -> None:
    done = {f.check: f.done for f in report_of(faulty).faults}
    assert done["duplicate"] is done["conflict"] is Done.FIRST_KEPT
    assert done["time_unset"] is done["negative_amount"] is Done.QUARANTINED
    assert done["amount_outlier"] is done["zero_price"] is done["burst"] is Done.FLAGGED
    assert done["blocked"] is Done.LEFT_OUT
    assert done["missing_currency"] is Done.ASSUMED
    assert done["out_of_order"] is Done.REFOLDED
    assert done["clock_corrected"] is Done.CORRECTED
    assert done["unknown_kind"] is done["late"] is Done.KEPT


def test_lateness_is_what_lies_between_happening_and_arriving(faulty: App) -> None:
    late = report_of(faulty).lateness
    assert late is not None
    assert late.longest == timedelta(minutes=3_000).total_seconds()
    assert late.p50 < late.p95 <= late.longest


def test_outliers_come_with_the_bounds_that_they_are_beyond(faulty: App) -> None:
    (found,) = [f for f in report_of(faulty).faults if f.check == "amount_outlier"]
    assert found.low is not None
    assert found.high is not None
    assert 1_000 < found.low < 9_000
    assert 11_900 < found.high < 100_000


def test_clean_checks_are_listed_with_nothing_found(faulty: App) -> None:
    clean = {(f.check, f.about) for f in report_of(faulty).findings if not f.count}
    assert ("missing_item", "view") in clean
    assert ("missing_price", "refund") in clean


def test_days_of_arrival_are_local_days(app: App) -> None:
    shop = a_faulty_source(app)
    before_midnight = ARRIVAL.replace(hour=15, minute=59)
    records = [Parsed(1, an_incoming("share", message_id="evening"), None, {})]
    app.pipeline.ingest(shop, SOURCE, records, now=before_midnight)
    records = [Parsed(1, an_incoming("share", message_id="night"), None, {})]
    app.pipeline.ingest(shop, SOURCE, records, now=before_midnight + timedelta(minutes=2))
    first, second = date(2026, 3, 31), date(2026, 4, 1)
    assert (report_of(app, since=first, until=first).accepted, report_of(app, since=second).accepted) == (
        ACCEPTED + 1,
        1,
    )
    assert (report_of(app, until=first).events, report_of(app, since=second).events) == (ACCEPTED + 1, 1)
    assert report_of(app, since=date(2026, 4, 2)).records == 0


def test_what_failed_leaves_no_counters_behind(app: App) -> None:
    shop = a_faulty_source(app)
    before = report_of(app)
    with pytest.raises(InvalidInput):
        app.pipeline.ingest(shop, "understory", [Parsed(1, an_incoming(), None, {})], now=ARRIVAL)
    assert report_of(app) == before


def test_sources_are_listed_with_counts_and_freshness(faulty: App) -> None:
    (summary,) = faulty.pipeline.cleaning.sources(faulty.pipeline.access.workspace("shop"))
    assert (summary.source, summary.accepted, summary.waiting) == (SOURCE, ACCEPTED, QUARANTINED + 1)
    assert summary.last_arrival == ARRIVAL
    assert summary.newest_event == ARRIVAL + timedelta(hours=1)


def test_a_source_that_nobody_knows_is_named_with_those_that_are(faulty: App) -> None:
    shop = faulty.pipeline.access.workspace("shop")
    with pytest.raises(NotFound, match="there are: web"):
        faulty.pipeline.cleaning.report(shop, "nobody")
    with pytest.raises(InvalidInput, match="first must not be after"):
        faulty.pipeline.cleaning.report(shop, SOURCE, since=date(2026, 4, 2), until=date(2026, 4, 1))


def test_the_demo_shop_is_reported_source_by_source(demo: App) -> None:
    shop = demo.pipeline.access.workspace("demo")
    sources = demo.pipeline.cleaning.sources(shop)
    assert sum(s.events for s in sources) == demo.pipeline.log.count("demo")
    for summary in sources:
        report = demo.pipeline.cleaning.report(shop, summary.source)
        assert report.accepted == report.events == summary.accepted
        assert report.records == summary.records
