"""What the next purchase is forecast from: a table of order lines, or all that a demo shop's log tells."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from app.errors import InvalidInput
from app.events.timestamps import FOREVER, end_of_day
from app.predict import model
from app.predict.inputs.purchases import Floats
from app.predict.inputs.tables import Columns, to_date
from app.predict.intent.baskets import Baskets, Touches, no_touches
from app.predict.intent.intents import everybody
from app.predict.intent.reading import Collected
from app.predict.reckoning import HORIZON_DAYS
from evals import order_lines, shop
from evals.order_lines import OrderLines
from evals.provenance import file_hash
from evals.rolling import NO_CURRENCY, RollingOptions
from evals.shop import Open
from evals.task import Plain, Say


class Known(NamedTuple):
    """What was known at the end of a day; customers are numbered as in `Material`."""

    baskets: Baskets
    touches: Touches
    p_no_purchase: Floats
    """[customers] the estimator's, over the horizon; NaN where it says nothing."""


class Material(NamedTuple):
    """All of the data, and what was known of them at any day."""

    customers: tuple[str, ...]
    first_day: int
    last_day: int
    known: Callable[[int], Known]
    all_: Callable[[tuple[str, ...]], Baskets]
    """Every basket, by the given categories."""
    origin: dict[str, Plain]


@contextmanager
def opened(options: RollingOptions, category: str, say: Say) -> Iterator[Material]:
    """The table that `options` name; without one a demo shop."""
    if options.transactions is not None:
        say(f"reading {options.transactions}")
        yield _of_table(options, category)
        return
    if options.horizon_days != HORIZON_DAYS:
        raise InvalidInput(f"--horizon-days: the demo shop is forecast over {HORIZON_DAYS} days, as in the product")
    with shop.demo(seed=options.seed, customers=options.customers, wording=options.wording, say=say) as made:
        yield _of_shop(made, options)


def _of_table(options: RollingOptions, category: str) -> Material:
    zone = ZoneInfo(options.zone)
    columns = Columns(options.customer, options.time, options.amount, zone=zone, time_format=options.time_format)
    path = options.transactions
    assert path is not None
    lines = order_lines.read(path, columns, category)
    origin: dict[str, Plain] = {
        "data": path.name,
        "data_sha256": file_hash(path),
        "rows": lines.rows,
        "left_out": lines.left_out,
    }
    days = int(lines.day.min()), int(lines.day.max())
    return Material(lines.customers, *days, lambda day: _known_of(lines, day, options), lines.baskets, origin)


def _known_of(lines: OrderLines, day: int, options: RollingOptions) -> Known:
    fitted = model.fit(
        lines.purchases().until(day),
        as_of_day=day,
        horizon_days=options.horizon_days,
        currency=NO_CURRENCY,
        fitted_until=end_of_day(to_date(day), ZoneInfo(options.zone)),
    )
    return Known(lines.until(day).baskets(), no_touches(), fitted.all().p_no_purchase)


def _of_shop(made: Open, options: RollingOptions) -> Material:
    pipeline, workspace = made.pipeline, made.workspace
    numbers = defaultdict[str, int](count().__next__)
    owners = pipeline.identity.owners(workspace.workspace_id)

    def until(day: int | None) -> Collected:
        moment = FOREVER if day is None else end_of_day(to_date(day), workspace.zone)
        with pipeline.database.read() as connection:
            return everybody(connection, workspace, owners, pipeline.taxonomy, until=moment, number=numbers.__getitem__)

    whole = until(None)
    customers = tuple(numbers)

    def known(day: int) -> Known:
        rows, moment = until(day), end_of_day(to_date(day), workspace.zone)
        fitted = pipeline.reckoner.at(workspace, moment).model
        silent = [fitted.churn(customer).p_no_purchase for customer in customers]
        baskets = rows.baskets()
        return Known(baskets, rows.touches(baskets.names), np.array(silent, dtype=np.float64))

    days = whole.baskets().day
    data = f"demo shop, seed {options.seed}, {options.customers} customers, wording {options.wording}"
    return Material(customers, int(days.min()), int(days.max()), known, whole.baskets, {"data": data})
