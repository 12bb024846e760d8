"""Any table of logged sends (Parquet, CSV or JSON lines) -> sends, contexts and propensities.

Times may be numbers in any unit or moments; a reward time of -1, or none, says that there was no reward.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from app.errors import InvalidInput
from app.predict.inputs.purchases import Floats
from app.predict.response.sends import Sends

MOST_KINDS = 50
"""Different words of a column that are told apart; the rarer ones count as one."""
_SECOND = 1e6


class Columns(NamedTuple):
    """What the columns of the log are called; empty for one that it lacks."""

    customer: str
    time: str
    action: str
    reward: str
    reward_time: str = ""
    value: str = ""
    propensity: str = ""

    @property
    def named(self) -> list[str]:
        """The columns that are there."""
        return [name for name in self if name]


class Log(NamedTuple):
    """The sends in order of time, with what is known of the customer at each."""

    sends: Sends
    contexts: Floats
    """Shape [n, k], NaN where unknown."""
    context_names: tuple[str, ...]
    propensity: Floats
    """Chance with which the logged action was taken."""
    customers: int
    times_are_moments: bool
    propensity_assumed: bool


def read(path: Path, columns: Columns, features: Path | None, leave_out: Sequence[str]) -> Log:
    """Read log and features. InvalidInput says in one line what is wrong with either."""
    frame = _table(path)
    if missing := [name for name in columns.named if name not in frame.columns]:
        raise InvalidInput(f"{path.name} has no column {missing[0]!r}; its columns: {', '.join(frame.columns)}")
    if frame.is_empty():
        raise InvalidInput(f"{path.name} holds no sends")
    _complete(frame, path, [columns.customer, columns.time, columns.action, columns.reward])
    moments = not frame[columns.time].dtype.is_numeric()
    frame = frame.with_columns(
        pl.col(columns.customer).cast(pl.String).alias("_customer"),
        pl.col(columns.action).cast(pl.String).alias("_action"),
        _numbers(frame[columns.time], path).alias("_time"),
    ).sort("_time", "_customer", maintain_order=True)
    known, names = _contexts(frame, columns, features, leave_out)
    actions = tuple(sorted(frame["_action"].unique().to_list()))
    propensity = _propensity(frame, columns, len(actions), path)
    return Log(
        _sends(frame, columns, actions, path),
        known,
        names,
        propensity,
        frame["_customer"].n_unique(),
        moments,
        not columns.propensity,
    )


def moment(text: str, log: Log) -> float:
    """A time as the command line gives it, in the log's unit; InvalidInput when it is none."""
    if not log.times_are_moments:
        try:
            return float(text)
        except ValueError:
            raise InvalidInput(f"--train-until: {text!r} is no number, but the log's times are") from None
    return float(_numbers(pl.Series("--train-until", [text]), Path("--train-until"))[0])


def _table(path: Path) -> pl.DataFrame:
    try:
        match path.suffix.lower():
            case ".parquet":
                return pl.read_parquet(path)
            case ".csv":
                return pl.read_csv(path)
            case ".jsonl" | ".ndjson":
                return pl.read_ndjson(path)
            case _:
                raise InvalidInput(f"{path.name}: use a .parquet, .csv or .jsonl file")
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror or error}") from None
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"{path.name} cannot be read: {' '.join(str(error).split())[:200]}") from None


def _complete(frame: pl.DataFrame, path: Path, names: Sequence[str]) -> None:
    for name in names:
        if empty := frame[name].null_count():
            raise InvalidInput(f"{path.name}: {empty:,} rows have no {name!r}; leave them out or fill them")


def _numbers(column: pl.Series, path: Path) -> pl.Series:
    """Numbers as they are, moments as seconds."""
    if column.dtype.is_numeric():
        return column.cast(pl.Float64)
    try:
        moments = column.str.to_datetime(time_zone="UTC", strict=False) if column.dtype == pl.String else column
        return moments.cast(pl.Datetime("us")).cast(pl.Int64).cast(pl.Float64) / _SECOND
    except pl.exceptions.PolarsError:
        raise InvalidInput(f"{path.name}: column {column.name!r} holds neither numbers nor moments") from None


def _sends(frame: pl.DataFrame, columns: Columns, actions: Sequence[str], path: Path) -> Sends:
    reward = _amounts(frame[columns.reward], path)
    if columns.value:
        reward = reward * _amounts(frame[columns.value], path)
    time = frame["_time"].to_numpy()
    rewarded_at = np.where(reward != 0, time, np.nan)
    if columns.reward_time:
        rewarded_at = _answered_at(frame[columns.reward_time], time, reward, path)
    return Sends(
        customer=frame["_customer"].rank("dense").to_numpy().astype(np.int64) - 1,
        time=time,
        action=np.searchsorted(np.array(actions), frame["_action"].to_numpy().astype(str)).astype(np.int64),
        actions=tuple(actions),
        reward=reward,
        rewarded_at=rewarded_at,
    )


def _answered_at(column: pl.Series, time: Floats, reward: Floats, path: Path) -> Floats:
    """NaN for no answer: none given, or -1. An answer may be worth nothing, but a reward has its time."""
    given = _numbers(column, path).fill_null(np.nan).to_numpy()
    answered = np.where(given == -1.0, np.nan, given)
    early, timeless = answered < time, (reward != 0) & np.isnan(answered)
    for wrong, what in ((early, "lie before their send"), (timeless, "have no time")):
        if wrong.any():
            raise InvalidInput(f"{path.name}: {int(wrong.sum()):,} rewards {what} in column {column.name!r}")
    return answered


def _amounts(column: pl.Series, path: Path) -> Floats:
    values = column.cast(pl.Float64, strict=False).to_numpy()
    if not np.isfinite(values).all():
        raise InvalidInput(f"{path.name}: column {column.name!r} must hold numbers only")
    return np.asarray(values, np.float64)


def _propensity(frame: pl.DataFrame, columns: Columns, actions: int, path: Path) -> Floats:
    if not columns.propensity:
        return np.full(len(frame), 1.0 / actions)
    values = _amounts(frame[columns.propensity], path)
    if not ((values > 0) & (values <= 1)).all():
        raise InvalidInput(f"{path.name}: column {columns.propensity!r} must lie above 0 and not above 1")
    return values


def _contexts(
    frame: pl.DataFrame, columns: Columns, features: Path | None, leave_out: Sequence[str]
) -> tuple[Floats, tuple[str, ...]]:
    """The customer's columns from the features file, one row per send; by customer, and by time when it has that."""
    if features is None:
        return np.zeros((len(frame), 0)), ()
    table = _table(features)
    if columns.customer not in table.columns:
        raise InvalidInput(f"{features.name} has no column {columns.customer!r} to join the customers by")
    keys = [columns.customer] + ([columns.time] if columns.time in table.columns else [])
    if table.select(keys).is_duplicated().any():
        raise InvalidInput(f"{features.name} describes some customers twice; keep one row of each")
    if missing := [name for name in leave_out if name not in table.columns]:
        raise InvalidInput(f"--leave-out: {features.name} has no column {missing[0]!r}")
    names = [name for name in table.columns if name not in {*keys, *leave_out}]
    typed = table.with_columns(*(pl.col(key).cast(frame[key].dtype) for key in keys))
    joined = frame.select(keys).join(typed, on=keys, how="left", maintain_order="left")
    return np.column_stack([np.zeros((len(frame), 0)), *(_numeric(joined[name]) for name in names)]), tuple(names)


def _numeric(column: pl.Series) -> Floats:
    """Numbers and moments as they are; words as their place in the alphabet among the commonest."""
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    if column.dtype.is_temporal():
        return column.cast(pl.Datetime("us")).cast(pl.Int64).cast(pl.Float64).fill_null(np.nan).to_numpy()
    words = column.cast(pl.String)
    common = words.value_counts(sort=True).drop_nulls().head(MOST_KINDS)[column.name].sort().to_list()
    codes = words.replace_strict({word: float(place) for place, word in enumerate(common)}, default=float(len(common)))
    return np.where(words.is_null().to_numpy(), np.nan, codes.to_numpy())
