"""A fitted model with its card and what its drift is judged by: made once, kept as plain files, read back whole.

The one home of what `understory fit` stores and `understory predict` reads, for workspaces and for plain tables.
"""

from datetime import datetime
from importlib.metadata import version
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl
from pydantic import ValidationError

from app.errors import InvalidInput
from app.predict.behaviour.columns import BehaviourColumns
from app.predict.fitted import VERSION, Estimates, Fitted, estimate
from app.predict.inputs.purchases import PurchaseDays
from app.predict.kept import card_text, drift, export
from app.predict.kept.artefacts import Artefact, Shelf, Stamp
from app.predict.kept.cards import DataSeen, FullCard
from app.predict.kept.fingerprint import of_inputs
from app.predict.kept.measuring import Forecast, look_back
from app.predict.model import CustomerModel, fit
from app.predict.value.season import Calendar

LEAST_WINDOW_DAYS = 90
"""Buyers of the last so many days, or of the last horizon when that is longer, are kept for comparison."""
MODEL, CARD, SHAPE = "model.json", "card.json", "shape.json"
CARD_EN, CARD_ZH = "card.md", "card.zh.md"


class Saved(NamedTuple):
    """What an artefact holds, in memory."""

    stamp: Stamp
    card: FullCard
    shape: drift.Shape
    fitted: Fitted


class Known(NamedTuple):
    """What was known of a shop at a moment, from a log or a table."""

    purchases: PurchaseDays
    """Nothing after `day`; net of refunds where `data.basis` says so."""
    day: int
    """Local day of `as_of` since 1970-01-01."""
    as_of: datetime
    data: DataSeen
    calendar: Calendar
    beside: BehaviourColumns | None = None
    """What is known beside purchases; None where there are only orders."""


def make(known: Known, *, horizon_days: int, now: datetime) -> Saved:
    """Fit, measure the same procedure a horizon earlier, and keep what drift will be judged by."""
    model = _fit(known, known.day, horizon_days).fitted
    shape = drift.shape(known.purchases, day=known.day, window_days=max(LEAST_WINDOW_DAYS, horizon_days))
    measured = look_back(
        known.purchases,
        lambda cut, days: forecast_of(_fit(known, cut, days).all()),
        as_of_day=known.day,
        horizon_days=horizon_days,
        minor_units=known.data.minor_units,
    )
    card = FullCard(
        card=model.card,
        model_version=VERSION,
        package_version=version("understory"),
        data=known.data,
        beside=model.beside,
        measured=measured,
        drift_window_days=shape.window_days,
        drift_buyers=shape.buyers,
        drift_features=tuple(feature.name for feature in shape.features),
    )
    return Saved(_stamp(known, card, horizon_days, now), card, shape, model)


def pack(saved: Saved) -> Artefact:
    """The files of a saved model."""
    parts = {
        MODEL: msgspec.json.encode(saved.fitted),
        CARD: saved.card.model_dump_json(indent=2).encode(),
        SHAPE: msgspec.json.encode(saved.shape),
        CARD_EN: card_text.markdown(saved.card, "en").encode(),
        CARD_ZH: card_text.markdown(saved.card, "zh").encode(),
    }
    return Artefact(saved.stamp, parts)


def unpack(artefact: Artefact) -> Saved:
    """The model of these files; InvalidInput when they are whole but not what this version writes."""
    try:
        return Saved(
            artefact.stamp,
            FullCard.model_validate_json(artefact.parts[CARD]),
            msgspec.json.decode(artefact.parts[SHAPE], type=drift.Shape),
            msgspec.json.decode(artefact.parts[MODEL], type=Fitted),
        )
    except (KeyError, msgspec.DecodeError, ValidationError) as error:
        name, reason = artefact.stamp.model_card_id, str(error).splitlines()[0]
        raise InvalidInput(f"{name}: not readable by this version ({reason}); fit the model anew") from None


def check(saved: Saved, known: Known) -> drift.DriftCheck:
    """Whether the model still fits the shop as it stands.

    Forecasts are made again as of the day of the fit, from the same model: it keeps no customer's.
    """
    _same_shop(saved, known)
    return drift.conclude(drift.shifts(saved.shape, known.purchases, day=known.day), _since(saved, known))


def predict(saved: Saved, known: Known) -> pl.DataFrame:
    """Every customer's numbers as of now, from the model as it was fitted."""
    _same_shop(saved, known)
    return export.frame(CustomerModel(saved.fitted, _estimates(saved, known, known.day)), as_of=known.as_of)


def forecast_of(estimates: Estimates) -> Forecast:
    """The customers whom a model can estimate, as measuring and drift read them."""
    rows = np.flatnonzero(estimates.known)
    amounts = (estimates.value, estimates.median, estimates.q10, estimates.q90)
    value, median, q10, q90 = (column[rows].astype(np.float64) for column in amounts)
    return Forecast(rows, value, median, q10, q90, estimates.p_no_purchase[rows])


def fingerprint_of(known: Known, horizon_days: int) -> str:
    """The name under which a model fitted on this is found again."""
    return of_inputs(
        known.purchases,
        day=known.day,
        horizon_days=horizon_days,
        currency=known.data.currency,
        basis=known.data.basis,
        calendar=known.calendar,
        beside=known.beside,
    )


def _fit(known: Known, day: int, horizon_days: int) -> CustomerModel:
    """What would have been fitted at the end of `day`, and what it says of that day."""
    return fit(
        known.purchases.until(day),
        as_of_day=day,
        horizon_days=horizon_days,
        currency=known.data.currency,
        fitted_until=known.as_of,
        basis=known.data.basis,
        calendar=known.calendar,
        behaviour=known.beside,
    )


def _estimates(saved: Saved, known: Known, day: int) -> Estimates:
    return estimate(saved.fitted, known.purchases.until(day), as_of_day=day, beside=known.beside)


def _since(saved: Saved, known: Known) -> drift.Since | None:
    day = saved.fitted.day
    if known.day - day < drift.LEAST_DAYS:
        return None
    forecast, horizon = forecast_of(_estimates(saved, known, day)), saved.stamp.horizon_days
    return drift.since(known.purchases, forecast, fitted_day=day, horizon_days=horizon, day=known.day)


def _stamp(known: Known, card: FullCard, horizon_days: int, now: datetime) -> Stamp:
    return Stamp(
        model_card_id=card.card.model_card_id,
        fingerprint=fingerprint_of(known, horizon_days),
        model_version=VERSION,
        package_version=card.package_version,
        fitted_until=known.as_of,
        saved_at=now,
        horizon_days=horizon_days,
        currency=known.data.currency,
        basis=known.data.basis,
    )


def _same_shop(saved: Saved, known: Known) -> None:
    """Refuse what would look into the future or mix amounts."""
    stamp = saved.stamp
    if known.as_of < stamp.fitted_until:
        raise InvalidInput(
            f"{stamp.model_card_id} was fitted on data up to {stamp.fitted_until.isoformat()}, so it cannot speak "
            f"as of {known.as_of.isoformat()}; name a later moment, or fit with --as-of"
        )
    if (known.data.currency, known.data.basis) != (stamp.currency, stamp.basis):
        raise InvalidInput(
            f"{stamp.model_card_id} knows amounts in {stamp.currency}, {stamp.basis}; these are in "
            f"{known.data.currency}, {known.data.basis}"
        )


def kept(shelf: Shelf, fingerprint: str) -> Fitted | None:
    """What was learned from these very inputs (`fingerprint.of_inputs`), when it lies on the shelf and is whole."""
    found = shelf.find(fingerprint)
    return unpack(found).fitted if found else None
