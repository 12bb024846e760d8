"""Read customers: the list, one profile with its story, its interests over time."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer, intent_warnings, of_story, paths_warnings, reading_warnings
from app.api.deps import CustomerRef, Viewing, allowed, plain_text
from app.insights.drivers import CustomerExplanation
from app.listing import SortBy
from app.narrative.schemas import Narrative
from app.strategy.told_paths import CustomerPaths
from app.views import CustomerList, CustomerReading, InterestCurve, NextPurchase

router = APIRouter(
    prefix="/v1/customers", tags=["customers"], dependencies=[Depends(allowed(Role.VIEWER))], responses=READ_PROBLEMS
)

MAX_ROWS = 1000


@router.get("")
def customers(
    view: Viewing,
    order_by: Annotated[SortBy, Query(description="The number to sort by, best first")] = "ltv",
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 50,
    search: Annotated[str, Query(max_length=200, description="Part of an id"), AfterValidator(plain_text)] = "",
) -> Answer[CustomerList]:
    """Customers with orders, spend, class, expected value and churn risk."""
    found = view.pipeline.customers(view.workspace, as_of=view.as_of, order_by=order_by, limit=limit, search=search)
    missing = next((row.ltv.missing for row in found.rows if row.ltv.missing), ())
    warnings = (f"not enough data: {', '.join(missing)}",) if missing else ()
    return Answer(data=found, as_of=view.as_of, warnings=warnings)


@router.get("/{customer_id}/profile")
def profile(customer_id: CustomerRef, view: Viewing) -> Answer[CustomerReading]:
    """One customer at one moment: profile, story with evidence, LTV and churn with their honesty."""
    reading = view.pipeline.read_customer(view.workspace, customer_id, as_of=view.as_of, lang=view.lang)
    return Answer(
        data=reading,
        as_of=view.as_of,
        provenance=of_story(reading.story.provenance),
        warnings=reading_warnings(reading),
    )


@router.get("/{customer_id}/narrative")
def narrative(customer_id: CustomerRef, view: Viewing) -> Answer[Narrative]:
    """What happened, told in order by code alone, within a budget of tokens; every marker names its events."""
    reading = view.pipeline.read_customer(
        view.workspace, customer_id, as_of=view.as_of, lang=view.lang, ask_model=False
    )
    return Answer(data=reading.narrative, as_of=view.as_of, provenance=of_story(reading.story.provenance))


@router.get("/{customer_id}/interests")
def interests(customer_id: CustomerRef, view: Viewing) -> Answer[tuple[InterestCurve, ...]]:
    """How the customer's strongest interests rose and faded, one point a week."""
    found = view.pipeline.interest_curves(view.workspace, customer_id, as_of=view.as_of, lang=view.lang)
    return Answer(data=found, as_of=view.as_of)


@router.get("/{customer_id}/intent")
def intent(customer_id: CustomerRef, view: Viewing) -> Answer[NextPurchase]:
    """What the customer buys next and within how many days, with probabilities, reasons and their record."""
    found = view.pipeline.next_purchase(view.workspace, customer_id, as_of=view.as_of, lang=view.lang)
    return Answer(data=found, as_of=view.as_of, warnings=intent_warnings(found))


@router.get("/{customer_id}/paths")
def paths(customer_id: CustomerRef, view: Viewing) -> Answer[CustomerPaths]:
    """Expected order value by each day: no action, light touch, strong offer, with the past campaigns behind them."""
    found = view.pipeline.paths(view.workspace, customer_id, as_of=view.as_of, lang=view.lang)
    return Answer(data=found, as_of=view.as_of, warnings=paths_warnings(found))


@router.get("/{customer_id}/explanation")
def explanation(customer_id: CustomerRef, view: Viewing) -> Answer[CustomerExplanation]:
    """Why the expected value is what it is: shares that add up to it, what would change it, what may undo it."""
    found = view.pipeline.explanation(view.workspace, customer_id, as_of=view.as_of, lang=view.lang)
    missing = found.numbers.missing
    warnings = (f"not enough data: {', '.join(missing)}",) if missing else ()
    return Answer(data=found, as_of=view.as_of, warnings=warnings)
