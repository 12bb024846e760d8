"""What a stretch of days brings beside an average one: declared, and as seen a year before."""

from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.config import ROOT
from app.errors import InvalidInput
from app.predict.value.season import FLAT, Calendar, Stretch, load, season

SHIPPED = load(ROOT / "knowledge_base" / "calendar.yaml")
CHINA, WESTERN = SHIPPED.of("Asia/Shanghai"), SHIPPED.of("Europe/London")


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def index(calendar: Calendar, first: str, last: str) -> float:
    """Mean from `first` to `last`, both included."""
    return calendar.index(day(first) - 1, day(last))


def test_a_calendar_of_nothing_is_flat() -> None:
    assert FLAT.index(10, 300) == 1
    assert FLAT.doubt(10, 300) == 0
    assert (CHINA.index(10, 10), CHINA.doubt(10, 10)) == (1, 0)


def test_an_index_is_the_mean_over_its_days() -> None:
    calendar = Calendar(months=(2.0,) + (1.0,) * 11, spread=(0.4,) + (0.0,) * 11)
    assert index(calendar, "2025-01-01", "2025-01-31") == pytest.approx(2)
    assert index(calendar, "2025-01-22", "2025-02-09") == pytest.approx((10 * 2 + 9) / 19)
    assert calendar.doubt(day("2025-01-21"), day("2025-02-09")) == pytest.approx(10 * 0.4 / 19)


def test_stretches_come_on_top_of_their_month_and_both_ends_count() -> None:
    calendar = Calendar(days=(Stretch("sale", "11-01", "11-11", 1.5),))
    around = [index(calendar, d, d) for d in ("2025-10-31", "2025-11-01", "2025-11-11", "2025-11-12")]
    assert around == [1, 1.5, 1.5, 1]
    leap = Calendar(days=(Stretch("leap", "02-29", "02-29", 3.0),))
    assert index(leap, "2024-02-29", "2024-02-29") == 3
    assert index(leap, "2025-02-01", "2025-03-31") == 1


@given(st.integers(0, 25_000), st.integers(1, 400), st.integers(1, 400))
def test_two_stretches_make_up_the_whole(after: int, one: int, other: int) -> None:
    parts = one * CHINA.index(after, after + one) + other * CHINA.index(after + one, after + one + other)
    assert CHINA.index(after, after + one + other) == pytest.approx(parts / (one + other))


def test_what_is_shipped_knows_the_great_sales_and_the_zone_chooses() -> None:
    assert index(CHINA, "2025-11-01", "2025-11-11") > 1.3 * index(CHINA, "2025-11-12", "2025-11-30")
    assert index(CHINA, "2025-06-01", "2025-06-20") > 1.2 * index(CHINA, "2025-06-21", "2025-06-30")
    assert index(WESTERN, "2025-12-01", "2025-12-24") > index(CHINA, "2025-12-01", "2025-12-24") > 1
    assert SHIPPED.of("PRC") is CHINA is not WESTERN
    assert SHIPPED.of("nowhere we know") is WESTERN
    for calendar in (CHINA, WESTERN):
        assert np.mean(calendar.months) == pytest.approx(1, abs=0.005)
        assert calendar.index(day("2024-01-01"), day("2027-12-31")) == pytest.approx(1, abs=0.05)


def test_a_shop_for_which_nothing_is_declared_has_no_season(tmp_path: Path) -> None:
    path = tmp_path / "calendar.yaml"
    path.write_text("calendars: {only: {zones: [PRC], months: [2,1,1,1,1,1,1,1,1,1,1,1]}}")
    assert load(path).of("PRC").months[0] == 2
    assert load(path).of("UTC") == FLAT


def test_seen_years_and_the_declared_one_are_averaged_in_logarithms() -> None:
    calendar = Calendar(months=(4.0,) + (1.0,) * 11, spread=(0.5,) + (0.0,) * 11)
    january = {"after": day("2025-01-01") - 1, "until": day("2025-01-31"), "learned_on": 1.0}
    assert season(calendar, **january, seen=[]) == (pytest.approx(4), 0.5, 0)
    once = season(calendar, **january, seen=[1.0])
    twice = season(calendar, **january, seen=[1.0, 2.0])
    assert once.factor == pytest.approx(2)
    assert twice.factor == pytest.approx(2)
    assert (once.years_seen, twice.years_seen) == (1, 2)
    assert 0 < once.doubt < 0.5
    assert season(calendar, **january | {"learned_on": 2.0}, seen=[]).factor == pytest.approx(2)


@pytest.mark.parametrize(
    "text",
    [
        "calendars: {a: {months: [1, 1]}}",
        "calendars: {a: {months: [0,1,1,1,1,1,1,1,1,1,1,1]}}",
        "calendars: {a: {months: [.nan,1,1,1,1,1,1,1,1,1,1,1]}}",
        "calendars: {a: {spread: [-1,1,1,1,1,1,1,1,1,1,1,1]}}",
        "calendars: {a: {month: 1}}",
        "calendars: {a: {days: [{name: x, first: 13-01, last: 13-02, factor: 1}]}}",
        "calendars: {a: {days: [{name: x, first: 12-20, last: 01-05, factor: 2}]}}",
        "calendars: [",
        "months: 3",
        "",
    ],
    ids=lambda text: text[11:40] or "empty",
)
def test_what_is_no_calendar_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "calendar.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput) as refused:
        load(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_absent_or_not_text_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "calendar.yaml").write_bytes(b"\xff\xfe\x00calendars")
    for name in ("calendar.yaml", "absent.yaml"):
        with pytest.raises(InvalidInput, match=name) as refused:
            load(tmp_path / name)
        assert "\n" not in str(refused.value)


def test_a_calendar_survives_being_kept() -> None:
    for calendar in (CHINA, WESTERN, FLAT):
        assert msgspec.json.decode(msgspec.json.encode(calendar), type=Calendar) == calendar
