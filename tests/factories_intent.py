"""A shop whose habits are known: everybody has a favourite, some buy tea every thirty days, views precede purchases."""

import numpy as np

from app.predict.intent.baskets import Baskets, Touches

DAY = 20_000
"""The last day."""
SPAN = 360
FAVOURITES = ("books", "shoes", "toys")


def a_shop(customers: int = 240, seed: int = 1) -> tuple[Baskets, Touches]:
    """Every third customer buys tea every 30 days, give or take two; the others their favourite, in 7 of 10 cases."""
    rng = np.random.default_rng(seed)
    lines: list[tuple[int, int, str, int]] = []
    looked: list[tuple[int, int, str]] = []
    for who in range(customers):
        favourite = FAVOURITES[who % len(FAVOURITES)]
        day = DAY - SPAN + int(rng.integers(0, 60))
        while day <= DAY:
            tea = who % 3 == 0 or rng.random() < 0.05
            category = "tea" if tea else favourite if rng.random() < 0.7 else str(rng.choice(FAVOURITES))
            lines.append((who, day, category, int(rng.integers(500, 5000))))
            looked.append((who, day - 3, category))
            day += int(rng.normal(30, 2)) if who % 3 == 0 else 1 + int(rng.exponential(45))
    who_, day_, category_, amount_ = zip(*lines, strict=True)
    baskets = Baskets.from_columns(who_, day_, category_, amount_)
    who_, day_, category_ = zip(*looked, strict=True)
    ones = np.ones(len(looked))
    return baskets, Touches.from_columns(who_, day_, category_, ones, 0 * ones.astype(int), baskets.names)
