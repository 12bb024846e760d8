"""The customer list: one row per customer, searched and sorted."""

from collections.abc import Callable, Mapping, Set
from typing import Literal

from app.identity.schemas import Customer
from app.predict.reckoning import Reckoning
from app.privacy.sealing import is_sealed
from app.profile.sums.rfm import classify
from app.viewing import masked
from app.views import CustomerRow

_NOBODY: Set[str] = frozenset()

SortBy = Literal["ltv", "churn_risk", "recent", "total"]


def row_of(customer: Customer, reckoning: Reckoning, currency: str) -> CustomerRow:
    """One line of the customer list."""
    buyer, limits = reckoning.cohort.buyers.get(customer.customer_id), reckoning.cohort.limits
    return CustomerRow(
        customer_id=customer.customer_id,
        name=_name(customer.identifiers[0]),
        orders=int(buyer.orders) if buyer else 0,
        total_minor=int(buyer.total) if buyer else 0,
        currency=currency,
        days_since_last=int(buyer.days_since_last) if buyer else None,
        rfm_class=classify(buyer, limits) if buyer and limits else None,
        ltv=reckoning.model.ltv(customer.customer_id),
        churn=reckoning.model.churn(customer.customer_id),
    )


def _name(key: str) -> str:
    """Hashes stay as they are until their values are looked up, for the rows that are shown."""
    return key if is_sealed(key.partition(":")[2]) else masked(key)


def matches(customer: Customer, search: str, exact: Set[str] = _NOBODY) -> bool:
    """Whether a name of the customer holds `search`; an empty search matches all.

    `exact` are identifiers that mean exactly what is sought: telephone numbers are kept as hashes, so no part of one
    can be found.
    """
    wanted = search.strip().lower()
    if not wanted or not exact.isdisjoint(customer.identifiers):
        return True
    return any(wanted in name.lower() for name in (customer.customer_id, *customer.aliases, *customer.identifiers))


def named(row: CustomerRow, raw: Mapping[str, str]) -> CustomerRow:
    """A row whose customer goes by an identifier that is kept as a hash, with its masked value."""
    return row.model_copy(update={"name": masked(row.name, raw)}) if row.name in raw else row


def sort_key(order_by: SortBy) -> Callable[[CustomerRow], tuple[float, str]]:
    """Best first; ties by id."""
    numbers: dict[SortBy, Callable[[CustomerRow], float]] = {
        "ltv": lambda row: -(row.ltv.value or 0),
        "churn_risk": lambda row: -(row.churn.churn_risk or 0),
        "recent": lambda row: float("inf") if row.days_since_last is None else row.days_since_last,
        "total": lambda row: -row.total_minor,
    }
    return lambda row: (numbers[order_by](row), row.customer_id)
