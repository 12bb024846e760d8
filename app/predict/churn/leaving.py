"""Is a buyer leaving, and will they do anything at all? Taught by the shop's own past, where browsing is on record.

    gone    the last act comes within GRACE_DAYS; then nothing, for WATCHED_DAYS and OWN_GAPS usual gaps of theirs
    quiet   no act of their own within the horizon; of late lessons, none since, for WATCHED_DAYS or more

Both are judged at earlier days by what happened until `day` and no later, with the columns that are served. Late
lessons know of a wave of leaving that the last whole horizon has not seen; that who stayed away for WATCHED_DAYS stays
away for the horizon is an assumption, and the record out of time says what it costs. A longer silence, fewer active
days or a larger sign of leaving never lower either chance, all else the same. `churn_risk` is the chance of the first,
and `p_no_activity` that of the second.
"""

from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from app.errors import InvalidInput
from app.predict import scores
from app.predict.behaviour.columns import BehaviourColumns, rhythm
from app.predict.behaviour.signs import SIGNALS, Acts
from app.predict.inputs.purchases import Floats, PurchaseDays, rfm
from app.predict.value import trees

GRACE_DAYS = 7
WATCHED_DAYS = 45
OWN_GAPS = 2
"""A silence says that somebody has gone once it is this many times as long as their usual gap."""
STEP_DAYS, MOST_CUTS = 10, 16
MOST_CUSTOMERS = 10_000
"""Buyers that lessons are taken from; of a larger shop evenly spread ones."""
LEAST_OUTCOMES = 30
"""Lessons in which it happened, and in which it did not, that it takes to learn anything."""
_BOUGHT = ("frequency", "recency", "age", "order_silence")
_RAISES = frozenset({
    *("act_silence", "act_silence_in_gaps", "visit_silence", "visit_silence_in_gaps", "order_silence"),
    *("signs_standing", *(f"sign_{name.value}" for name in SIGNALS)),
})  # fmt: skip
_LOWERS = frozenset(f"{of}_days_{what}" for of in ("act", "visit") for what in (7, 30, 90, "change"))

Bools = NDArray[np.bool_]


class Record(msgspec.Struct, frozen=True):
    """How a chance did out of time: learned a while earlier, and set against what then happened."""

    n: int
    auc: float
    brier: float
    ece: float
    predicted: float
    """Mean chance; near `observed` when the level is right."""
    observed: float


class Leaving(msgspec.Struct, frozen=True):
    """What was learned, as text and numbers."""

    columns: tuple[str, ...]
    gone: str
    """Boosted trees."""
    quiet: str | None
    """None where the past is shorter than the horizon needs."""
    gone_record: Record | None = None
    quiet_record: Record | None = None
    """None where the past is too short to try."""


class Chances(NamedTuple):
    """Of every customer; NaN for who never bought, and where nothing could be learned. Shape [customers]."""

    churn_risk: Floats
    p_no_activity: Floats


class Outcome(NamedTuple):
    """What became of every customer after an earlier day; shape [customers]."""

    happened: Bools
    judged: Bools
    """Of whom it can be said."""


class _Taught(NamedTuple):
    """Buyers under one another as they stood at earlier days, and what became of them: 1 where it happened, else 0."""

    columns: Floats
    happened: Floats


class _School(NamedTuple):
    """What lessons are taken from."""

    behaviour: BehaviourColumns
    purchases: PurchaseDays
    acts: Acts
    kept: Bools
    """[customers] who is asked."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return (*self.behaviour.names, *_BOUGHT)


def learn(behaviour: BehaviourColumns, purchases: PurchaseDays, *, day: int, horizon_days: int) -> Leaving | None:
    """Learn from what was known by the end of `day`; None where that is too little."""
    school = _school(behaviour, purchases, day)
    left, quiet = _fit(school, _gone(school, day)), _fit(school, _quiet(school, day, horizon_days))
    if left is None:
        return None
    before, long_before = day - GRACE_DAYS - WATCHED_DAYS, day - horizon_days
    return Leaving(
        columns=school.names,
        gone=left,
        quiet=quiet,
        gone_record=_record(school, before, _gone(school, before), _went(school, before, day)),
        quiet_record=_record(
            school, long_before, _quiet(school, long_before, horizon_days), _silent(school, long_before, day)
        ),
    )


def chances(leaving: Leaving, behaviour: BehaviourColumns, purchases: PurchaseDays, *, day: int) -> Chances:
    """What is said of every buyer at the end of `day`, reading nothing later."""
    if leaving.columns != (*behaviour.names, *_BOUGHT):
        raise InvalidInput("the model was fitted with other columns of behaviour than these; fit it anew")
    size = len(purchases.customer_ids)
    found = Chances(np.full(size, np.nan), np.full(size, np.nan))
    columns, buyers = _columns(behaviour, purchases, day)
    found.churn_risk[buyers] = _chance(leaving.gone, columns[buyers])
    if leaving.quiet is not None:
        found.p_no_activity[buyers] = _chance(leaving.quiet, columns[buyers])
    return found


def gone(acts: Acts, size: int, cut: int, day: int) -> Outcome:
    """Who had gone by `cut`, as far as `day` knows, of those who had done anything by then.

    Whoever did something after the days of grace had not; of the others the silence until `day` has to be long enough.
    """
    known = rhythm(acts.until(cut), size)
    last = rhythm(acts.until(day), size).last
    silent = day - np.maximum(last, cut)
    long = (silent >= WATCHED_DAYS) & (silent >= OWN_GAPS * known.gap)
    return Outcome((last <= cut + GRACE_DAYS) & long, known.active > 0)


def _school(behaviour: BehaviourColumns, purchases: PurchaseDays, day: int) -> _School:
    buyers = np.unique(purchases.customer[purchases.day <= day])
    kept = np.zeros(len(purchases.customer_ids), bool)
    kept[buyers[:: max(1, -(-buyers.size // MOST_CUSTOMERS))]] = True
    return _School(behaviour, purchases, behaviour.behaviour.acts, kept)


def _gone(school: _School, day: int) -> _Taught:
    return _taught(school, {cut: _went(school, cut, day) for cut in _cuts(school, day)})


def _went(school: _School, cut: int, day: int) -> Outcome:
    return gone(school.acts, school.kept.size, cut, day)


def _quiet(school: _School, day: int, horizon_days: int) -> _Taught:
    return _taught(school, {cut: _silent(school, cut, min(cut + horizon_days, day)) for cut in _cuts(school, day)})


def _silent(school: _School, cut: int, until: int) -> Outcome:
    """Who did nothing in (cut, until], of those who had ever done anything."""
    acts, size = school.acts, school.kept.size
    did = np.bincount(acts.customer[(acts.day > cut) & (acts.day <= until)], minlength=size) > 0
    return Outcome(~did, np.bincount(acts.customer[acts.day <= cut], minlength=size) > 0)


def _cuts(school: _School, day: int) -> list[int]:
    """Earlier days whose outcome is known by `day`, the newest first."""
    newest = day - GRACE_DAYS - WATCHED_DAYS
    cuts = range(newest, newest - MOST_CUTS * STEP_DAYS, -STEP_DAYS)
    return [cut for cut in cuts if school.behaviour.behaviour.tells(cut)]


def _taught(school: _School, outcomes: dict[int, Outcome]) -> _Taught:
    lessons = [_lesson(school, cut, outcome) for cut, outcome in outcomes.items()]
    columns = [np.zeros((0, len(school.names))), *(lesson.columns for lesson in lessons)]
    return _Taught(np.concatenate(columns), np.concatenate([[], *(lesson.happened for lesson in lessons)]))


def _lesson(school: _School, cut: int, outcome: Outcome) -> _Taught:
    """The buyers of one earlier day, and what became of them: 1 where it happened, else 0."""
    columns, buyers = _columns(school.behaviour, school.purchases, cut)
    asked = buyers & outcome.judged & school.kept
    return _Taught(columns[asked], outcome.happened[asked].astype(np.float64))


def _columns(behaviour: BehaviourColumns, purchases: PurchaseDays, day: int) -> tuple[Floats, Bools]:
    """[customers, columns] at the end of `day`, and who had bought by then."""
    table = rfm(purchases.until(day), day)
    bought = np.full((len(purchases.customer_ids), len(_BOUGHT)), np.nan)
    bought[table.customer] = np.column_stack([*table.histories, day - table.last_day])
    return np.hstack([behaviour.at(day), bought]), ~np.isnan(bought[:, 0])


def _fit(school: _School, taught: _Taught) -> str | None:
    if min(taught.happened.sum(), (1 - taught.happened).sum()) < LEAST_OUTCOMES:
        return None
    monotone = [(name in _RAISES) - (name in _LOWERS) for name in school.names]
    return trees.fit("chance", taught.columns, taught.happened, monotone=monotone)


def _record(school: _School, cut: int, taught: _Taught, outcome: Outcome) -> Record | None:
    """What was learned by `cut`, set against what became of its buyers."""
    text = _fit(school, taught)
    if text is None or not school.behaviour.behaviour.tells(cut):
        return None
    columns, happened = _lesson(school, cut, outcome)
    chance, weight = _chance(text, columns), np.ones(happened.size)
    return Record(
        n=happened.size,
        auc=scores.auc(happened, scores.levels(chance), weight),
        brier=scores.brier(happened, chance, weight),
        ece=scores.ece(happened, chance, weight),
        predicted=float(chance.mean()),
        observed=float(happened.mean()),
    )


def _chance(text: str, columns: Floats) -> Floats:
    found: Floats = expit(trees.predict(text, columns))
    return found
