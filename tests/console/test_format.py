from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.console.format import Formatter
from app.predict.schemas import Calibration

ZH, EN = (Formatter(lang, ZoneInfo("Asia/Shanghai")) for lang in ("zh", "en"))
LATE = datetime(2026, 3, 31, 17, 30, tzinfo=UTC)


def test_times_are_local() -> None:
    assert ZH.time(LATE) == EN.time(LATE) == "2026-04-01 01:30"
    assert (ZH.date(LATE), EN.date(LATE)) == ("2026年4月1日", "1 Apr 2026")
    assert ZH.iso_date(LATE) == "2026-04-01"
    assert EN.date(None) == "–"


def test_estimates_are_rounded_and_payments_are_not() -> None:
    assert (ZH.money(123_456, "CNY"), ZH.exact(123_456, "CNY")) == ("¥1,235", "¥1,234.56")
    assert EN.money(123_456, "GBP") == "£1,235"
    assert ZH.money(-40, "CNY") == "¥0"
    assert EN.money(1500, "JPY").endswith("1,500")
    assert ZH.money(None, "CNY") == "–"


@pytest.mark.parametrize(
    ("share", "said"), [(0, "0%"), (0.001, "<1%"), (0.254, "25%"), (0.999, ">99%"), (1, "100%"), (None, "–")]
)
def test_small_shares_are_not_rounded_to_nothing(share: float | None, said: str) -> None:
    assert EN.percent(share) == said


def test_calibration_is_said_with_what_it_was_measured_on() -> None:
    measured = Calibration(set="backtest, cut 2026-01-01, 90 d", above_q90=0.1234, n=1500)
    assert "2026-01-01" in ZH.measured(measured)
    assert "backtest" not in ZH.measured(measured)
    assert "12.3%" in EN.measured(measured)
    assert "1,500" in EN.measured(measured)
    assert "holdout of May" in EN.measured(measured.model_copy(update={"set": "holdout of May"}))
    assert "not been measured" in EN.measured(None)


def test_what_is_missing_is_said_in_words() -> None:
    assert EN.missing(("customers>=100", "orders")) == "fewer than 100 buyers; no purchase yet"


def test_calendar_names_start_on_sunday_as_the_picker_wants() -> None:
    assert EN.calendar()["days"][0] == "Sunday"  # type: ignore[index]
    assert ZH.calendar()["months"][0] == "一月"  # type: ignore[index]
