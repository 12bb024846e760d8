"""Read customers: the list, one profile with its story, its interests over time."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AfterValidator

from app.access.schemas import Role
from app.api.answers import (
    READ_PROBLEMS,
    Answer,
    intent_warnings,
    of_story,
    paths_warnings,
    reading_warnings,
    told_warnings,
)
from app.api.deps import CustomerRef, Viewing, allowed, plain_text
from app.insights.brief.schemas import Brief
from app.insights.churn.schemas import ChurnRead
from app.insights.ltv.schemas import LtvStory
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
def explanation(customer_id: CustomerRef, view: Viewing) -> Answer[LtvStory]:
    """Why the expected value is what it is: shares that add up to it, told as drivers, risks and advice, each cited."""
    found = view.pipeline.explanation(view.workspace, customer_id, as_of=view.as_of, lang=view.lang)
    return Answer(
        data=found,
        as_of=view.as_of,
        provenance=of_story(found.provenance),
        warnings=told_warnings(found.provenance, found.dropped, found.numbers.missing),
    )


@router.get("/{customer_id}/churn")
def churn(customer_id: CustomerRef, view: Viewing) -> Answer[ChurnRead]:
    """Whether the customer is drifting away: the signs in the order they came, their words, what speaks against it."""
    found = view.pipeline.explaining.churn(view.workspace, customer_id, as_of=view.as_of, lang=view.lang)
    return Answer(
        data=found,
        as_of=view.as_of,
        provenance=of_story(found.provenance),
        warnings=told_warnings(found.provenance, found.dropped, found.missing),
    )


@router.get("/{customer_id}/brief")
def brief(customer_id: CustomerRef, view: Viewing) -> Answer[Brief]:
    """What an agent should know before talking to the customer; nothing of what they spend or are worth."""
    found = view.pipeline.briefing.brief(view.workspace, customer_id, as_of=view.as_of, lang=view.lang)
    return Answer(
        data=found,
        as_of=view.as_of,
        provenance=of_story(found.provenance),
        warnings=told_warnings(found.provenance, found.dropped, ()),
    )
