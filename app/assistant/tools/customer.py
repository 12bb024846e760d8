"""One customer: found by any name, read, their number explained, and what they buy next."""

from typing import Annotated

from pydantic import Field

from app.assistant.asking import Asking
from app.assistant.schemas import Number
from app.assistant.tools.unknown import Unknown
from app.errors import InvalidInput, NotFound
from app.identity.schemas import Customer
from app.insights.drivers import CustomerExplanation
from app.pipeline import Pipeline
from app.schema import Frozen, Lang
from app.strategy.acting.schemas import ActingStanding
from app.strategy.audiences.schemas import RfmMatrix
from app.views import CustomerReading, NextPurchase

THIS = "this"
"""The customer on screen."""
CustomerRef = Annotated[str, Field(min_length=1, max_length=200)]
"""An id of ours or of a source, a telephone number, an e-mail address, `type:value`, or `this`."""


class ReadCustomer(Frozen):
    """One customer."""

    customer: CustomerRef


class ExplainNumber(Frozen):
    """A number of one customer."""

    customer: CustomerRef
    number: Number = "ltv"


class Explained(Frozen):
    """What a customer's number is and what it stands on."""

    number: Number
    reading: CustomerReading
    explanation: CustomerExplanation | None = None
    """For value and churn."""
    standing: ActingStanding | None = None
    """For churn: from which risk a contact pays."""
    matrix: RfmMatrix | None = None
    """For the class: the medians that it is told by."""


def person(pipeline: Pipeline, asking: Asking, ref: str) -> Customer:
    """Whom a name means. Unknown when nobody, or more than one, is called so here."""
    wanted = ref.strip()
    if wanted == THIS:
        if asking.on_screen is None:
            raise Unknown("screen", ref)
        wanted = asking.on_screen
    if not wanted:
        raise Unknown("customer", ref)
    try:
        return pipeline.reader.customer(asking.workspace, wanted)
    except NotFound:
        raise Unknown("customer", wanted) from None
    except InvalidInput:
        raise Unknown("several", wanted) from None


def read_customer(pipeline: Pipeline, asking: Asking, lang: Lang, asked: ReadCustomer) -> CustomerReading:
    """Everything believed of one customer, with evidence."""
    customer = person(pipeline, asking, asked.customer)
    return pipeline.read_customer(
        asking.workspace, customer.customer_id, as_of=asking.as_of, lang=lang, ask_model=asking.ask_model
    )


def explain_number(pipeline: Pipeline, asking: Asking, lang: Lang, asked: ExplainNumber) -> Explained:
    """Why a number is what it is, from the estimator and the claims it stands on."""
    workspace, as_of, number = asking.workspace, asking.as_of, asked.number
    ref = person(pipeline, asking, asked.customer).customer_id
    reading = pipeline.read_customer(workspace, ref, as_of=as_of, lang=lang, ask_model=False)
    match number:
        case "ltv" | "no_purchase" | "churn_risk":
            standing = pipeline.acting.standing(workspace, ref, as_of=as_of, lang=lang)
            return Explained(
                number=number,
                reading=reading,
                explanation=pipeline.teller.explain(workspace, reading, lang=lang),
                standing=standing if number == "churn_risk" else None,
            )
        case "rfm_class":
            return Explained(number=number, reading=reading, matrix=pipeline.audiences.matrix(workspace, as_of=as_of))
        case _:
            return Explained(number=number, reading=reading)


def next_purchase(pipeline: Pipeline, asking: Asking, lang: Lang, asked: ReadCustomer) -> NextPurchase:
    """When one customer buys next, and what."""
    customer = person(pipeline, asking, asked.customer)
    return pipeline.next_purchase(asking.workspace, customer.customer_id, as_of=asking.as_of, lang=lang)
