"""The whole card of a fitted model: what it is for, its data, cut dates, figures with intervals, drift check, limits.

This is the card for machines; `card_text` says it to people.
"""

from datetime import date
from typing import Literal

from app.predict.kept.measuring import Measured
from app.predict.schemas import Basis, ModelCard
from app.schema import Frozen

SourceKind = Literal["workspace", "table"]


class DataSeen(Frozen):
    """What a model was fitted on."""

    kind: SourceKind
    name: str
    """Of the workspace or the file."""
    timezone: str
    """IANA zone in which times were cut into days."""
    currency: str
    minor_units: int
    """How many make one major unit."""
    basis: Basis
    purchase_days: int
    first_day: date
    last_day: date
    """The last day of a purchase; the fit may reach further."""
    paid_minor: int
    """Sum of all purchases, gross."""
    refunds: int = 0
    """Refunds seen; with the basis `gross` they are left out."""
    refunded_minor: int = 0
    """What was taken off; 0 with the basis `gross`."""
    beyond_minor: int = 0
    """What was refunded beyond all that had been paid."""
    unusable_rows: int = 0


class FullCard(Frozen):
    """A model card with all that stands behind the estimates."""

    card: ModelCard
    model_version: int
    package_version: str
    data: DataSeen
    beside: tuple[str, ...] = ()
    """Names of the columns, other than purchases, that it learned from; empty with orders alone."""
    measured: Measured | None
    """None when the history is too short, or the customers too few, for an earlier fit."""
    drift_window_days: int
    drift_buyers: int
    drift_features: tuple[str, ...]
