"""The next-item task: what it ranks by, what it never sees, and which logs it reads."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from app.errors import InvalidInput
from evals.cli import main
from evals.event_log import Columns, EventLog, read
from evals.scorers import next_item as scorer
from evals.scorers.next_item import DECAYED, LAST_TOUCHED, POPULARITY, RANKINGS, UNDECAYED
from evals.task import TaskResult
from evals.tasks.next_item import NextItem, NextItemOptions

START = datetime(2026, 1, 1)
COLUMNS = Columns("who", "what", "act", "at", ZoneInfo("UTC"))
Event = tuple[str, str, str, float]


def table(path: Path, events: list[Event], **changes: object) -> Path:
    """(customer, item, kind, day) rows as a Parquet file."""
    columns = dict(zip(("who", "what", "act", "at"), map(list, zip(*events, strict=True)), strict=True))
    columns["at"] = [START + timedelta(days=day) for day in columns["at"]]
    pl.DataFrame(columns | changes).write_parquet(path)
    return path


def run(path: Path, **options: object) -> TaskResult:
    given = {"events": path, "user": "who", "item": "what", "event": "act", "time": "at"} | options
    return NextItem().run(NextItemOptions.model_validate(given), lambda _: None)


def log(path: Path) -> EventLog:
    return read(path, COLUMNS, ["fav", "purchase"])


OFTEN_THEN_LATELY: list[Event] = [
    *(("u", "old", "fav", day) for day in (0, 1, 2)),
    ("u", "new", "fav", 30),
    ("u", "new", "purchase", 31),
]


def places(path: Path, days: float, *, repeat: bool = False) -> dict[str, int]:
    found = log(path)
    persons = scorer.people(found, history=[0, 1], target=1)
    row = scorer.places(found, persons, impact={0: 1.5, 1: 3.0}, target=1, repeat=repeat, days=days)[-1]
    return dict(zip(RANKINGS, row.tolist(), strict=True))


def test_decay_prefers_what_was_wanted_lately_and_none_what_was_wanted_often(tmp_path: Path) -> None:
    path = table(tmp_path / "log.parquet", OFTEN_THEN_LATELY)
    assert places(path, days=3) == {POPULARITY: 1, LAST_TOUCHED: 1, UNDECAYED: 2, DECAYED: 1}
    assert places(path, days=300)[DECAYED] == 2


def test_nothing_from_the_targets_moment_on_is_seen(tmp_path: Path) -> None:
    same_moment: list[Event] = [*OFTEN_THEN_LATELY, ("u", "other", "fav", 31), ("u", "late", "fav", 40)]
    found = log(table(tmp_path / "log.parquet", same_moment))
    (person,) = scorer.people(found, history=[0, 1], target=1)
    history = {found.items[item] for item in found.item[person.first : person.cut]}
    assert history == {"old", "new"}
    assert {found.items[item] for item in person.targets} == {"new"}


def test_the_fit_sees_earlier_purchases_only(tmp_path: Path) -> None:
    events: list[Event] = [("u", "a", "fav", 0), ("u", "b", "fav", 5), ("u", "b", "purchase", 6)]
    events.append(("u", "a", "purchase", 9))
    found = log(table(tmp_path / "log.parquet", events))
    persons = scorer.people(found, history=[0, 1], target=1)
    cases = scorer.earlier(found, persons, impact={0: 1.5}, chosen={1}, once=True, seed=1)
    assert len(cases) == 1
    assert {found.items[key] for key in cases.key[cases.chosen]} == {"b"}


def test_what_was_bought_before_is_left_out_unless_people_buy_again(tmp_path: Path) -> None:
    again: list[Event] = [("u", "a", "purchase", 0), ("u", "b", "fav", 1), ("u", "a", "purchase", 2)]
    path = table(tmp_path / "log.parquet", again)
    assert set(places(path, days=1).values()) == {0}
    assert places(path, days=100, repeat=True)[DECAYED] == 1


def test_what_nobody_touched_goes_by_purchases_before_the_targets_day(tmp_path: Path) -> None:
    others = [(f"v{n}", "hit", "purchase", 0.0) for n in range(3)] + [("w", "later", "purchase", 9.0)] * 5
    path = table(tmp_path / "log.parquet", [*others, ("u", "x", "fav", 1), ("u", "hit", "purchase", 9)])
    found = places(path, days=1)
    assert found[POPULARITY] == 1
    assert found[DECAYED] == found[UNDECAYED] == found[LAST_TOUCHED] == 2


def shoppers(customers: int) -> list[Event]:
    """Customers who buy what they touched last, after having touched something else more often."""
    random = np.random.default_rng(5)
    found: list[Event] = []
    for n in range(customers):
        for trip in range(3):
            often, lately = (f"i{random.integers(500)}" for _ in range(2))
            found += [(f"u{n}", often, "fav", 20 * trip + day) for day in (0, 0.1, 0.2)]
            found += [(f"u{n}", lately, "fav", 20 * trip + 9), (f"u{n}", lately, "purchase", 20 * trip + 10)]
    return found


def test_the_task_fits_prints_and_compares(tmp_path: Path) -> None:
    result = run(table(tmp_path / "log.parquet", shoppers(150)))
    assert result.n == 150
    assert result.metrics["hr1"].value == pytest.approx(1.0, abs=0.05)
    behind, ahead = (result.metrics[f"decayed_minus_{name}_hr1"] for name in (LAST_TOUCHED, UNDECAYED))
    assert behind.low is not None
    assert behind.low > -0.1
    assert ahead.low is not None
    assert ahead.low > 0.5
    assert set(result.baselines) == {POPULARITY, LAST_TOUCHED, UNDECAYED}
    assert float(str(result.provenance["half_life_days"])) < 20
    assert "purchases before the last" in str(result.provenance["half_life_from"])
    assert run(tmp_path / "log.parquet").metrics == result.metrics


def test_a_limit_draws_the_same_customers_every_time(tmp_path: Path) -> None:
    path = table(tmp_path / "log.parquet", shoppers(60))
    first, again = (run(path, limit=10) for _ in range(2))
    assert first.n == 10
    assert [s.id for s in first.samples] == [s.id for s in again.samples]
    assert first.metrics == again.metrics


def test_with_few_purchases_it_is_fitted_on_what_people_came_back_to(tmp_path: Path) -> None:
    back = [(f"u{n}", item, "fav", float(day)) for n in range(40) for day, item in enumerate("abba")]
    bought = [(f"u{n}", "a", "purchase", 9.0) for n in range(40)]
    result = run(table(tmp_path / "log.parquet", [*back, *bought]))
    assert "times customers came back" in str(result.provenance["half_life_from"])


def test_with_hardly_any_event_the_default_half_life_is_taken_and_said(tmp_path: Path) -> None:
    result = run(table(tmp_path / "log.parquet", OFTEN_THEN_LATELY))
    assert "default" in str(result.provenance["half_life_from"])


@pytest.mark.parametrize(
    "write",
    [
        lambda moment: int(moment.timestamp()),
        lambda moment: int(moment.timestamp() * 1000),
        lambda moment: moment.isoformat(),
        lambda moment: f"{moment:%Y年%m月%d日 %H:%M}",
        lambda moment: (moment - START).total_seconds() / 86_400,
        lambda moment: moment.date(),
    ],
)
def test_times_are_read_in_any_format_that_the_product_reads(tmp_path: Path, write: object) -> None:
    assert callable(write)
    written = [write(START + timedelta(days=day)) for *_, day in OFTEN_THEN_LATELY]
    plain = log(table(tmp_path / "plain.parquet", OFTEN_THEN_LATELY))
    found = log(table(tmp_path / "log.parquet", OFTEN_THEN_LATELY, at=written))
    gaps = np.diff(plain.micros)
    assert np.array_equal(np.diff(found.micros), gaps)
    assert found.unusable == 0


def test_csv_is_read_with_a_named_format_and_bad_rows_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("who,what,act,at\nu,a,fav,03/04/2026\nu,b,fav,soon\n,b,fav,05/04/2026\nu,a,purchase,06/04/2026\n")
    found = read(path, COLUMNS._replace(time_format="dmy"), ["fav", "purchase"])
    assert (len(found.item), found.unusable) == (2, 2)
    assert found.micros[1] - found.micros[0] == 3 * 86_400_000_000


def test_a_name_of_the_log_may_be_mapped_to_a_kind(tmp_path: Path) -> None:
    odd = [(who, what, {"fav": "herz"}.get(act, act), day) for who, what, act, day in OFTEN_THEN_LATELY]
    path = table(tmp_path / "log.parquet", odd)
    with pytest.raises(InvalidInput, match="--map herz=view"):
        run(path, kinds="herz")
    assert "herz (favourite)" in str(run(path, kinds="herz,purchase", map=("herz=favourite",)).provenance["kinds"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--time", "when"], "--time 'when': no such column"),
        (["--kinds", "wish"], "--kinds 'wish': the log has no such event (it has: fav, purchase)"),
        (["--target", "buy"], "--target 'buy'"),
        (["--map", "fav=love"], "--map fav=love"),
        (["--item", "who"], "four different columns"),
        (["--time", "what", "--item", "at"], "can be read"),
        (["--time-format", "sometimes"], "--time-format"),
    ],
)
def test_bad_input_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], says: str
) -> None:
    path = table(tmp_path / "log.parquet", OFTEN_THEN_LATELY)
    columns = ["--user", "who", "--item", "what", "--event", "act", "--time", "at"]
    assert main(["run", "next-item", "--events", str(path), *columns, *options]) == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("error:") == 1


def test_a_log_without_anybody_to_predict_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "log.parquet", [("u", "a", "purchase", 0.0)])
    with pytest.raises(InvalidInput, match="no customer has"):
        run(path)
    empty = tmp_path / "empty.csv"
    empty.write_text("who,what,act,at\n")
    with pytest.raises(InvalidInput, match="--target 'purchase'"):
        run(empty)
    (tmp_path / "nothing.csv").write_text("")
    with pytest.raises(InvalidInput, match="cannot be read as a table"):
        run(tmp_path / "nothing.csv")
    with pytest.raises(InvalidInput, match="no such file"):
        run(tmp_path / "nowhere.csv")
