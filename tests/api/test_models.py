"""Model cards over the API: listed, read, checked for drift, each only within its own workspace."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from app.access.schemas import Role
from app.events.timestamps import end_of_day
from app.predict.reckoning import HORIZON_DAYS
from tests.factories_api import NOW, Served

LAST = datetime(2026, 4, 30, 4, tzinfo=UTC)
DAYS = 300


def orders() -> list[dict[str, Any]]:
    """Orders of 220 customers who come and buy at their own pace."""
    random = np.random.default_rng(2)
    found: list[dict[str, Any]] = []
    for who in range(220):
        at, gap = float(random.uniform(0, DAYS)), float(random.gamma(2, 20))
        while at < DAYS and random.random() > 0.1:
            found.append(
                {
                    "message_id": f"m{len(found)}",
                    "kind": "order",
                    "occurred_at": (LAST - timedelta(days=DAYS - at)).isoformat(),
                    "identifiers": {"user_id": f"u{who}"},
                    "order_id": f"o{len(found)}",
                    "amount_minor": int(random.gamma(5, 900)),
                }
            )
            at += float(random.exponential(gap)) + 1
    return found


@pytest.fixture(scope="module")
def fitted(shared: Served) -> tuple[Served, str]:
    """A workspace with one model, fitted 30 days before its newest order."""
    events = orders()
    for start in range(0, len(events), 100):
        assert shared.send(*events[start : start + 100]).status_code == 200
    pipeline = shared.app.pipeline
    shop = pipeline.access.workspace("shop")
    made = pipeline.models.fit(shop, as_of=LAST - timedelta(days=30), horizon_days=30, basis="gross", now=NOW)
    return shared, made.stamp.model_card_id


def test_models_are_listed_and_cards_read(fitted: tuple[Served, str]) -> None:
    served, card_id = fitted
    listed = served.get("/v1/models", role=Role.VIEWER).json()["data"]["models"]
    assert [(entry["model_card_id"], entry["horizon_days"], entry["basis"]) for entry in listed] == [
        (card_id, 30, "gross")
    ]
    card = served.get(f"/v1/models/{card_id}", role=Role.VIEWER).json()["data"]
    assert card["card"]["model_card_id"] == card_id
    assert card["data"]["kind"] == "workspace"
    figures = card["measured"]["figures"]
    assert figures["brier"]["low"] <= figures["brier"]["value"] <= figures["brier"]["high"]


def test_a_model_is_not_listed_before_its_data_end(fitted: tuple[Served, str]) -> None:
    served, _ = fitted
    early = (LAST - timedelta(days=40)).date().isoformat()
    assert served.get(f"/v1/models?as_of={early}").json()["data"]["models"] == []


def test_drift_is_told_as_of_a_moment_and_never_before_the_fit(fitted: tuple[Served, str]) -> None:
    served, card_id = fitted
    found = served.get(f"/v1/models/{card_id}/drift").json()["data"]
    assert found["verdict"] in ("stable", "watch", "shifted")
    assert len(found["shifts"]) == 4
    early = (LAST - timedelta(days=40)).date().isoformat()
    refused = served.get(f"/v1/models/{card_id}/drift?as_of={early}")
    assert refused.status_code == 422
    assert "cannot speak as of" in refused.json()["detail"]


@pytest.mark.parametrize("name", ["card_00000000000000000000", "nothing", "..", "card_%2e%2e"])
def test_a_model_that_there_is_not_is_404(fitted: tuple[Served, str], name: str) -> None:
    served, _ = fitted
    assert served.get(f"/v1/models/{name}").status_code == 404


def test_another_workspace_sees_nothing_of_it(fitted: tuple[Served, str]) -> None:
    served, card_id = fitted
    key = served.issue("other")
    assert served.get("/v1/models", key=key).json()["data"]["models"] == []
    assert served.get(f"/v1/models/{card_id}", key=key).status_code == 404
    assert served.get("/v1/models", role=Role.INGEST).status_code == 403


def test_a_damaged_model_is_named_without_a_path(fitted: tuple[Served, str]) -> None:
    served, card_id = fitted
    pipeline = served.app.pipeline
    folder = pipeline.models.shelf(pipeline.access.workspace("shop")).folder(card_id)
    manifest = folder / "manifest.json"
    whole = manifest.read_bytes()
    manifest.write_bytes(whole[:-1])
    try:
        warnings = served.get("/v1/models").json()["warnings"]
        refused = served.get(f"/v1/models/{card_id}")
    finally:
        manifest.write_bytes(whole)
    assert len(warnings) == 1
    assert card_id in warnings[0]
    assert refused.status_code == 422
    assert str(folder.parent) not in warnings[0] + refused.text


def test_the_card_of_an_estimate_can_be_read_once_its_week_was_fitted(
    shared: Served, fitted: tuple[Served, str]
) -> None:
    """Estimates stand on the model of the Sunday before; `understory fit` as of that day makes the very same one."""
    pipeline = shared.app.pipeline
    shop = pipeline.access.workspace("shop")
    sunday = end_of_day(date(2026, 4, 26), shop.zone)
    made = pipeline.models.fit(shop, as_of=sunday, horizon_days=HORIZON_DAYS, basis="gross", now=NOW)
    rows = shared.get("/v1/customers?limit=3").json()["data"]["rows"]
    assert {row["ltv"]["model_card_id"] for row in rows} == {made.stamp.model_card_id}
    assert shared.get(f"/v1/models/{made.stamp.model_card_id}").status_code == 200
