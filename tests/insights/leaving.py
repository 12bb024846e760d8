"""A customer with another churn risk, and what the shop makes of it."""

from app.insights.predictions import Concern, prediction_claims
from app.predict.schemas import ChurnEstimate
from tests.insights.customers import LTV, Known

CONCERN = Concern(watch=0.3, drifting=0.6, leaving=0.8)


def with_risk(known: Known, risk: float) -> Known:
    """The same customer with another churn risk, and the level that the shop gives it."""
    churn = ChurnEstimate(p_no_purchase=0.7, churn_risk=risk, horizon_days=90)
    predicted = prediction_claims(known.book.customer_id, LTV, churn, as_of=known.book.as_of, concern=CONCERN)
    facts = [claim for claim in known.claims if claim.kind != "prediction"]
    return Known(known.book, (*facts, *predicted), known.lang)
