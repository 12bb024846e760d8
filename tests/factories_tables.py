"""Tables of transactions for tests."""

import random
from datetime import date, timedelta
from pathlib import Path

START = date(2025, 1, 1)
CUT = date(2025, 9, 30)


def a_shop(path: Path, *, customers: int = 150, days: int = 365, after_cut: float = 1.0) -> Path:
    """Orders of customers who differ in rate and basket; amounts after CUT are scaled by `after_cut`."""
    dice = random.Random(5)
    rows = ["customer_id,time,amount"]
    for who in range(customers):
        rate, basket = dice.gammavariate(1, 0.03), dice.gammavariate(4, 10)
        day = dice.randrange(120)
        while day < days:
            when = START + timedelta(days=day)
            amount = basket * dice.gammavariate(5, 0.2) * (after_cut if when > CUT else 1)
            rows.append(f"c{who},{when},{amount:.2f}")
            day += 1 + int(dice.expovariate(rate + 1e-3))
    path.write_text("\n".join(rows), encoding="utf-8")
    return path
