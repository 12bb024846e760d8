"""Fitted models: which there are, their cards, and whether they still fit."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import AfterValidator

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer
from app.api.deps import Viewing, allowed, plain_text
from app.predict.kept.artefacts import Stamp
from app.predict.kept.cards import FullCard
from app.predict.kept.drift import DriftCheck
from app.predict.schemas import Basis
from app.schema import Frozen

router = APIRouter(
    prefix="/v1/models", tags=["models"], dependencies=[Depends(allowed(Role.VIEWER))], responses=READ_PROBLEMS
)

CardId = Annotated[
    str, Path(max_length=80, description="As `model_card_id` of any estimate"), AfterValidator(plain_text)
]


class ModelEntry(Frozen):
    """One fitted model."""

    model_card_id: str
    fitted_until: datetime
    """Training used nothing after this moment."""
    saved_at: datetime
    horizon_days: int
    currency: str
    basis: Basis


class ModelList(Frozen):
    """The fitted models of a workspace, newest data first."""

    models: tuple[ModelEntry, ...]


@router.get("")
def models(view: Viewing) -> Answer[ModelList]:
    """The models that `understory fit` has kept; a warning names each that is damaged."""
    listing = view.pipeline.models.listing(view.workspace)
    entries = tuple(_entry(stamp) for stamp in listing.stamps if stamp.fitted_until <= view.as_of)
    warnings = tuple(f"model not usable: {fault}" for fault in listing.broken)
    return Answer(data=ModelList(models=entries), as_of=view.as_of, warnings=warnings)


@router.get("/{model_card_id}")
def model(view: Viewing, model_card_id: CardId) -> Answer[FullCard]:
    """A model card: data, cut dates, figures with intervals, calibration by predicted value."""
    return Answer(data=view.pipeline.models.load(view.workspace, model_card_id).card, as_of=view.as_of)


@router.get("/{model_card_id}/drift")
def drift(view: Viewing, model_card_id: CardId) -> Answer[DriftCheck]:
    """Whether the model still fits: the population since the fit, and what was forecast against what came."""
    found = view.pipeline.models
    kept = found.load(view.workspace, model_card_id)
    return Answer(data=found.check(view.workspace, kept, as_of=view.as_of), as_of=view.as_of)


def _entry(stamp: Stamp) -> ModelEntry:
    return ModelEntry(
        model_card_id=stamp.model_card_id,
        fitted_until=stamp.fitted_until,
        saved_at=stamp.saved_at,
        horizon_days=stamp.horizon_days,
        currency=stamp.currency,
        basis=stamp.basis,
    )
