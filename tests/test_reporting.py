"""A sending tool's report becomes a new version of its campaign, by RFM class where recipients are customers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.bootstrap import App, build
from app.config import Settings
from app.errors import InvalidInput, NotFound
from app.events.sources.mapping import Parsed
from app.reporting import OutcomesTaken, Told
from app.retrieval.schemas import Outcome
from tests.factories import RECEIVED, START, a_workspace, an_incoming
from tests.factories_campaigns import case_of

CASE = case_of("c1", n=50)
PHONE = "13912345678"
HEADER = "recipient,group,sent_at,revenue\n"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Four buyers, of whom one has a telephone, and a campaign that began when all of them had bought."""
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    shop = app.pipeline.access.ensure(a_workspace())
    buyers = [("u1", 100, 3), ("u2", 9, 1), ("u3", 1, 1), ("u4", 50, 2)]
    events = [
        an_incoming("order", day, identifiers={"user_id": who}, order_id=f"{who}-{n}", amount_minor=yuan * 100)
        for day, (who, yuan, orders) in enumerate(buyers)
        for n in range(orders)
    ]
    events.append(an_incoming("identify", 0, identifiers={"user_id": "u4", "phone": PHONE}))
    records = [Parsed(n, event, None, {"n": n}) for n, event in enumerate(events, start=1)]
    app.pipeline.ingest(shop, "web", records, now=RECEIVED)
    app.pipeline.knowledge_base.import_cases("shop", [CASE], approved_by="li", now=START)
    yield app
    app.database.close()


def take(app: App, tmp_path: Path, text: str, campaign_id: str = "c1", approved_by: str | None = None) -> OutcomesTaken:
    path = tmp_path / "report.csv"
    path.write_text(text, encoding="utf-8")
    return app.pipeline.reporting.take(
        app.pipeline.access.workspace("shop"), path, campaign_id, Told({}, {}), approved_by=approved_by, by="zhao",
        now=RECEIVED,
    )  # fmt: skip


def sums(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.treated_n, outcome.treated_sum, outcome.control_n, outcome.control_sum


def test_known_customers_are_summed_up_by_their_class_too(app: App, tmp_path: Path) -> None:
    rows = f"u1,treatment,x,5\nu2,treatment,,0\n{PHONE},control,,7\nstranger@example.com,control,,1\n"
    found = take(app, tmp_path, HEADER + rows.replace(",x,", ",2026-02-01,"))
    assert found.recipients_known == 3
    overall, *by_class = found.outcomes
    assert (overall.segment, sums(overall)) == ("all", (2, 500, 2, 800))
    assert sum(outcome.treated_n for outcome in by_class) == 2
    classes = {outcome.segment for outcome in by_class}
    assert all(name.startswith(("important_", "general_")) for name in classes)


def test_a_customer_under_two_names_counts_once(app: App, tmp_path: Path) -> None:
    found = take(
        app, tmp_path, HEADER + f"u4,treatment,2026-02-01,5\n+86 {PHONE},treatment,2026-02-01,1\nu1,control,,0\n"
    )
    assert sums(found.outcomes[0]) == (1, 600, 1, 0)


def test_the_new_version_waits_while_the_old_one_is_retrieved(app: App, tmp_path: Path) -> None:
    kb = app.pipeline.knowledge_base
    found = take(app, tmp_path, HEADER + "u1,treatment,,5\nu2,control,,5\n")
    assert (found.knowledge_base.replaced, found.knowledge_base.waiting) == (1, 1)
    assert kb.cases("shop")[0].outcomes == CASE.outcomes
    assert [version.imported_by for version in kb.history("shop", "c1")] == ["li", "zhao"]
    approved = take(app, tmp_path, HEADER + "u1,treatment,,6\nu2,control,,5\n", approved_by="li")
    assert approved.knowledge_base.waiting == 0
    assert kb.cases("shop")[0].outcomes == approved.outcomes


def test_what_the_outcomes_cannot_say_is_said(app: App, tmp_path: Path) -> None:
    found = take(app, tmp_path, "recipient,converted\nu1,yes\nu2,no\n")
    no_holdout, no_revenue = found.warnings
    assert (no_holdout.code, no_holdout.arms) == ("no_holdout", ("a",))
    assert (no_revenue.code, no_revenue.message[:16]) == ("no_revenue", "no revenue for a")
    assert found.columns == {"recipient": "recipient", "converted": "converted"}


def test_nothing_is_kept_of_a_report_with_a_bad_line(app: App, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"line 3, field revenue: not a number.*Nothing was imported"):
        take(app, tmp_path, HEADER + "u1,treatment,,5\nu2,control,,five\n")
    assert len(app.pipeline.knowledge_base.history("shop", "c1")) == 1


def test_a_campaign_must_be_there_first(app: App, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no campaign 'c9'"):
        take(app, tmp_path, HEADER + "u1,treatment,,5\n", campaign_id="c9")
    with pytest.raises(InvalidInput, match="there is no outcome"):
        take(app, tmp_path, HEADER + "u1,control,,5\n")
