"""Results that enter the knowledge base by themselves."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.bootstrap import App, build
from app.config import Settings
from app.jobs.learning import Learning, learning
from app.retrieval.knowledge.schemas import CaseState, WantedRuling
from tests.factories import START, an_incoming
from tests.factories_running import BEGIN, NOW, a_shop_of, begin, campaign_of, name_of, order, take

DAY = (BEGIN - START).days
PATIENCE_S = 20


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    yield app
    app.database.close()


def test_what_has_closed_is_learned_once_and_corrected_when_late_events_come(app: App) -> None:
    shop = a_shop_of(app, 40)
    begin(app, shop, campaign_of())
    job = Learning(app.pipeline, lambda: NOW)
    assert job.turn() == []
    take(app, shop, [order(n, DAY + 2, 1_000) for n in range(40)])
    take(app, shop, [an_incoming("view", DAY + 30, identifiers={"user_id": name_of(0)}, item_id="milk")])
    assert job.turn() == ["spring"]
    assert job.turn() == []
    take(app, shop, [order(3, DAY + 31, 9_000)])  # too late to count
    assert job.turn() == []
    take(app, shop, [order(3, DAY + 4, 9_000)])
    assert job.turn() == ["spring"]
    assert [case.campaign.campaign_id for case in app.pipeline.knowledge_base.cases("shop")] == ["spring"]


def test_a_result_that_somebody_rejected_comes_back_only_by_a_person(app: App) -> None:
    shop, known = a_shop_of(app, 40), app.pipeline.knowledge_base
    begin(app, shop, campaign_of())
    take(app, shop, [order(n, DAY + 2, 1_000) for n in range(40)])
    take(app, shop, [an_incoming("view", DAY + 30, identifiers={"user_id": name_of(0)}, item_id="milk")])
    job = Learning(app.pipeline, lambda: NOW)
    job.turn()
    known.rule("shop", [WantedRuling(campaign_id="spring", version=1)], "rejected", by="Bo", now=NOW)
    for late in (order(3, DAY + 31, 9_000), order(3, DAY + 4, 9_000)):
        take(app, shop, [late])
        job.turn()
        assert known.cases("shop") == ()
    assert [version.state for version in known.history("shop", "spring")] == [CaseState.REJECTED, CaseState.PENDING]
    known.rule("shop", [WantedRuling(campaign_id="spring", version=2)], "approved", by="Bo", now=NOW)
    assert len(known.cases("shop")) == 1


def test_it_goes_on_beside_a_server_and_ends_with_it(app: App) -> None:
    shop = a_shop_of(app, 40)
    begin(app, shop, campaign_of())
    take(app, shop, [order(n, DAY + 2, 1_000) for n in range(40)])
    take(app, shop, [an_incoming("view", DAY + 30, identifiers={"user_id": name_of(0)}, item_id="milk")])
    with learning(app.pipeline, lambda: NOW, pause_s=0.01):
        deadline = time.monotonic() + PATIENCE_S
        while not app.pipeline.knowledge_base.cases("shop") and time.monotonic() < deadline:
            time.sleep(0.01)
    assert app.pipeline.knowledge_base.cases("shop")
