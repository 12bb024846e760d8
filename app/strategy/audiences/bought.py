"""Columns of purchases: sums, RFM among the buyers, price behaviour, stage."""

from collections.abc import Iterator

import numpy as np

from app.profile.schemas import lifecycle_of
from app.profile.stages import price_band_of, stage_of
from app.profile.sums import prices
from app.profile.sums.purchases import rfm_summary, usual_gap
from app.profile.sums.rfm import Standing, classify, limits_of, scores
from app.strategy.audiences.crowd import Crowd, Row, numbers

_NOTHING_BOUGHT: Row = {"orders": 0, "repeat_days": 0, "spend": 0, "refunded": 0}


def purchases(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """What they bought; who never did has orders and sums of 0, and all else is unknown of them."""
    for place, (bought,) in crowd.each("purchases"):
        rfm = rfm_summary(bought, crowd.as_of, crowd.zone)
        if rfm is None:
            yield place, _NOTHING_BOUGHT
            continue
        yield (
            place,
            {
                "orders": rfm.orders,
                "repeat_days": rfm.frequency,
                "spend": rfm.total,
                "refunded": rfm.refunded,
                "repeat_spend": rfm.monetary_value if rfm.frequency else None,
                "first_order": rfm.first_order_at,
                "last_order": rfm.last_order_at,
                "days_since_order": rfm.T - rfm.recency,
                "buying_days": rfm.recency,
                "tenure_days": rfm.T,
                "usual_gap": usual_gap(bought.gaps),
            },
        )


def ranks(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """Class and scores among all buyers."""
    days, orders, spend = (numbers(crowd, name) for name in ("days_since_order", "orders", "spend"))
    buyers = {int(place): Standing(days[place], orders[place], spend[place]) for place in np.flatnonzero(orders > 0)}
    limits = limits_of(buyers.values())
    if limits is None:
        return
    for place, buyer in buyers.items():
        found, score = classify(buyer, limits), scores(buyer, limits)
        row: Row = {"rfm": found, "lifecycle": lifecycle_of(found)}
        ranked: Row = (
            {
                "recency_score": score.recency,
                "frequency_score": score.frequency,
                "monetary_score": score.monetary,
            }
            if score
            else {}
        )
        yield place, {**row, **ranked}


def price_behaviour(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """What orders came to, and how many of them were discounted."""
    for place, (priced,) in crowd.each("prices"):
        found = prices.view(priced)
        if found is not None:
            yield (
                place,
                {
                    "discount_share": found.discount_share,
                    "discounted_orders": found.discounted_orders,
                    "basket_low": found.basket_low,
                    "basket": found.basket_median,
                    "basket_high": found.basket_high,
                },
            )


def stages(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """Where everybody stands by their orders and own rhythm, and how often they buy at a discount."""
    orders, days, gaps, shares = (
        numbers(crowd, name) for name in ("orders", "days_since_order", "usual_gap", "discount_share")
    )
    for place in range(crowd.size):
        gap = None if np.isnan(gaps[place]) else float(gaps[place])
        share = None if np.isnan(shares[place]) else float(shares[place])
        stage = stage_of(int(orders[place]), float(days[place]), gap)
        yield place, {"stage": stage, "price_band": None if share is None else price_band_of(share)}
