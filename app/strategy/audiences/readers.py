"""Which part of the code reads which field of fields.yaml; a test holds the two together."""

from app.strategy.audiences import bought, estimating, present, saying, wanting
from app.strategy.audiences.crowd import Reader, Readers

_BY_READER: tuple[tuple[Reader, tuple[str, ...]], ...] = (
    (
        bought.purchases,
        (
            "orders", "repeat_days", "spend", "refunded", "repeat_spend", "first_order", "last_order",
            "days_since_order", "buying_days", "tenure_days", "usual_gap",
        ),
    ),
    (bought.ranks, ("rfm", "lifecycle", "recency_score", "frequency_score", "monetary_score")),
    (bought.price_behaviour, ("discount_share", "discounted_orders", "basket_low", "basket", "basket_high")),
    (bought.stages, ("stage", "price_band")),
    (
        estimating.estimates,
        (
            "ltv", "ltv_median", "ltv_low", "ltv_high", "ltv_confidence", "churn_risk", "p_no_purchase",
            "p_no_activity",
        ),
    ),
    (present.presence, ("first_seen", "last_seen", "days_since_seen", "events", "unclassified_share")),
    (present.habits, ("visits", "usual_hour", "usual_weekday", "visit_gap", "purchase_gap")),
    (present.reflections, ("reflected",)),
    (wanting.strongest, ("top_interest", "own_weight", "taste")),
    (
        wanting.newest_shift,
        ("shifts", *(f"shift.{name}" for name in ("kind", "from", "to", "since", "noticed", "confidence"))),
    ),
    (saying.number_of_signs, ("signals",)),
    (saying.number_of_attributes, ("attributes", "corrected", "rejected")),
    (estimating.names, ("customer", "identifiers")),
)  # fmt: skip

READERS = Readers(
    fields={name: reader for reader, names in _BY_READER for name in names},
    asked={
        "count": present.counted,
        "visits_at": present.at_hour,
        "visits_on": present.on_weekday,
        "interest": wanting.share_of,
        "own_interest": wanting.own_share_of,
        "interest_weight": wanting.weight_of,
        "signal": saying.has_sign,
        "attribute": saying.attribute_of,
        "consent": saying.allowed,
        "identifier": estimating.identified,
    },
    lists={
        "shift": wanting.shifts,
        "signal": saying.signs,
        "interest": wanting.interests,
        "attribute": saying.attributes,
        "rejection": saying.rejections,
        "consent": saying.consents,
        "update": present.updates,
    },
    dear=frozenset(
        (
            "top_interest", "own_weight", "taste", "interest", "own_interest", "interest_weight", "shifts", "shift",
            *(f"shift.{name}" for name in ("kind", "from", "to", "since", "noticed", "confidence")),
            "signals", "signal",
        )
    ),
)  # fmt: skip
