"""A model card says the same in both languages, in every state that a model can be in."""

import re
from datetime import UTC, date, datetime
from importlib import resources

import pytest
import yaml

from app.predict.inputs.purchases import PurchaseDays
from app.predict.kept import drift
from app.predict.kept.card_text import Rows, markdown, sections
from app.predict.kept.cards import DataSeen, FullCard
from app.predict.kept.measuring import Figure, LevelRow, Measured
from app.predict.schemas import ModelCard
from app.schema import Lang

FIGURE = Figure(value=0.5, low=0.4, high=0.6, n=900)
NAMES = (
    "spearman", "gini", "tweedie", "level", "rmse", "mae", "pit_above_q90", "inside_q10_q90", "auc", "brier", "ece"
)  # fmt: skip
MEASURED = Measured(
    cut=date(2025, 9, 30),
    horizon_days=60,
    customers=900,
    figures=dict.fromkeys(NAMES, FIGURE) | {"auc": Figure(value=None, low=None, high=None, n=900)},
    levels=(
        LevelRow(n=90, predicted=12.0, actual=FIGURE, above_q90=FIGURE, predicted_no_purchase=0.7, no_purchase=FIGURE),
    ),
)


def a_card(*, measured: Measured | None = MEASURED, **data: object) -> FullCard:
    nobody = PurchaseDays.from_rows([], [], [])
    shape = drift.shape(nobody, day=0, window_days=90)
    card = ModelCard(
        model_card_id="card_00000000000000000001",
        model="a blend",
        fitted_until=datetime(2025, 12, 31, 15, 59, tzinfo=UTC),
        customers=900,
        repeat_customers=300,
        parameters={"r": 0.243},
        horizon_days=90,
        calibration=None,
    )
    seen = {
        "kind": "workspace", "name": "shop", "timezone": "Asia/Shanghai", "currency": "CNY", "minor_units": 100,
        "basis": "gross", "purchase_days": 2000, "first_day": date(2025, 1, 1), "last_day": date(2025, 12, 30),
        "paid_minor": 5_000_000, "refunds": 7, **data,
    }  # fmt: skip
    return FullCard(
        card=card,
        model_version=3,
        package_version="0.1.0",
        data=DataSeen(**seen),  # type: ignore[arg-type]
        measured=measured,
        drift_window_days=90,
        drift_buyers=400,
        drift_features=tuple(feature.name for feature in shape.features),
    )


NET = {"basis": "net_of_refunds", "refunded_minor": 123_400, "beyond_minor": 500, "unusable_rows": 3}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("card", [a_card(), a_card(measured=None), a_card(**NET)])
def test_every_state_of_a_card_is_told_whole(card: FullCard, lang: Lang) -> None:
    told = markdown(card, lang)
    assert told.startswith("# ")
    assert "{" not in told.replace("{}", "")
    assert len(list(sections(card, lang))) == (8 if card.measured else 7)
    assert "card_00000000000000000001" in told
    assert "2025-12-31 23:59 (Asia/Shanghai)" in told


def test_both_languages_show_the_same_figures() -> None:
    tables = [
        [[row[1:] for row in block.rows] for section in sections(a_card(), lang) for block in section.blocks
         if isinstance(block, Rows)]
        for lang in ("zh", "en")
    ]  # fmt: skip
    assert [[cells[:2] for cells in rows] for rows in tables[0]] == [
        [cells[:2] for cells in rows] for rows in tables[1]
    ]
    assert len(tables[0][0]) == len(NAMES)


def test_what_is_undefined_is_a_dash_and_no_number() -> None:
    told = markdown(a_card(), "en")
    assert "| AUC of buying nothing | – | – – – | 1 |" in told


def test_the_basis_is_stated() -> None:
    assert "amounts before refunds" in markdown(a_card(), "en")
    assert "7 refunds are left out" in markdown(a_card(), "en")
    net = markdown(a_card(**NET), "en")
    assert "amounts after refunds" in net
    assert "1,234 CNY of 50,000 CNY was taken off" in net
    assert "退款后" in markdown(a_card(**NET), "zh")


def test_what_it_learned_from_is_stated() -> None:
    assert "from orders alone" in markdown(a_card(), "en")
    with_visits = a_card().model_copy(update={"beside": ("active_7d", "active_30d")})
    assert "from 2 columns of behaviour" in markdown(with_visits, "en")


def test_a_short_history_and_few_customers_are_admitted() -> None:
    told = markdown(a_card(), "en")
    assert "no season was seen twice" in told
    assert "900 customers are few" in told
    assert "no season was seen twice" not in markdown(a_card(first_day=date(2023, 1, 1)), "en")
    assert "Not measured" in markdown(a_card(measured=None), "en")


def test_the_wordings_have_the_same_keys_and_slots() -> None:
    def slots(tree: object, path: str = "") -> dict[str, set[str]]:
        if isinstance(tree, dict):
            return {key: found for name, value in tree.items() for key, found in slots(value, f"{path}.{name}").items()}
        return {path: set(re.findall(r"{(\w+)", str(tree)))}

    folder = resources.files("app.predict.kept") / "wording"
    zh, en = (yaml.safe_load((folder / f"{lang}.yaml").read_text(encoding="utf-8")) for lang in ("zh", "en"))
    assert slots(zh) == slots(en)
