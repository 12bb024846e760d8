"""One short name for all that a fit reads, so that a model already fitted on the same is found and not fitted again."""

from hashlib import blake2b

import msgspec
import numpy as np

from app.predict.fitted import NAME, VERSION
from app.predict.inputs.purchases import PurchaseDays
from app.predict.schemas import Basis
from app.predict.value.features import Beside
from app.predict.value.season import FLAT, Calendar


def of_inputs(
    purchases: PurchaseDays,
    *,
    day: int,
    horizon_days: int,
    currency: str,
    basis: Basis,
    calendar: Calendar = FLAT,
    beside: Beside | None = None,
) -> str:
    """The same for the same inputs up to `day` and the same estimator; what comes later does not change it.

    What is known beside purchases counts as it stands on `day`, of buyers only: nobody else is learned from.
    """
    known = purchases.until(day)
    buyers, rank = np.unique(known.customer, return_inverse=True)
    digest = blake2b(digest_size=16)
    digest.update(repr((NAME, VERSION, day, horizon_days, currency, basis)).encode())
    digest.update(msgspec.json.encode(calendar))
    digest.update("\0".join(purchases.customer_ids[i] for i in buyers).encode())
    columns = [rank.astype(np.int64), known.day.astype(np.int64), known.amount]
    if beside is not None:
        digest.update(repr(beside.names).encode())
        columns.append(beside.at(day)[buyers].view(np.int64))
    for column in columns:
        digest.update(repr(column.shape).encode())
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()
