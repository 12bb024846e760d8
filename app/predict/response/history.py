"""What a customer's earlier sends say about the next one: rewards seen against those to be expected by then.

Everything is as of the moment of a send: earlier sends only, and of them only rewards that had come by then. A send of
last week counts as little as its rewards could have come, so that a short wait is no refusal.
"""

from typing import NamedTuple

import numpy as np

from app.predict.inputs.purchases import Floats, Ints
from app.predict.response.sends import Arrivals, Sends

MOST_BACK = 40
"""Earlier sends of a customer that are looked at, newest first."""

NAMES = (
    "sends_before",
    "rewards_seen",
    "rewards_expected",
    "rewards_ratio",
    "value_ratio",
    "since_reward",
    "fastest_reward",
    "rewards_excess",
    "best_reward",
)


class History(NamedTuple):
    """Of each send, what came before it."""

    columns: Floats
    """In the order of NAMES, shape [n, len(NAMES)]."""
    excess: Floats
    """Rewards seen less expected of each action alone, shape [n, actions]."""


def history(sends: Sends, learned: Arrivals, worth: Floats) -> History:
    """Build the columns; `worth` is what a reward of each action is worth on average, shape [actions]."""
    n, before, seen, expected, value, value_expected = len(sends.time), *(np.zeros(len(sends.time)) for _ in range(5))
    excess = np.zeros((n, len(sends.actions)))
    last, fastest, best = np.full(n, -np.inf), np.full(n, np.inf), np.zeros(n)
    for row, earlier in _pairs(sends):
        known = sends.rewarded_at[earlier] < sends.time[row]
        action, waited = sends.action[earlier], sends.time[row] - sends.time[earlier]
        chance = learned.chance[action] * learned.share(action, waited)
        before[row] += 1
        seen[row] += known
        expected[row] += chance
        value[row] += known * worth[action]
        value_expected[row] += chance * worth[action]
        excess[row, action] += known - chance
        last[row] = np.where(known, np.maximum(last[row], sends.rewarded_at[earlier]), last[row])
        took = sends.rewarded_at[earlier] - sends.time[earlier]
        fastest[row] = np.where(known, np.minimum(fastest[row], took), fastest[row])
        best[row] = np.where(known, np.maximum(best[row], worth[action]), best[row])
    usual = float(np.mean(np.abs(worth))) or 1.0
    columns = np.column_stack(
        [
            before,
            seen,
            expected,
            (seen + 1.0) / (expected + 1.0),
            (value + usual) / (value_expected + usual),
            np.where(seen > 0, sends.time - last, np.nan),
            np.where(seen > 0, fastest, np.nan),
            seen - expected,
            best,
        ]
    )
    return History(columns, excess)


def _pairs(sends: Sends) -> list[tuple[Ints, Ints]]:
    """(rows, an earlier send of the same customer for each), once for each place back; a row occurs once in each."""
    order = np.lexsort((sends.time, sends.customer))
    who, when = sends.customer[order], sends.time[order]
    pairs = []
    for back in range(1, min(MOST_BACK, len(order) - 1) + 1):
        same = who[back:] == who[:-back]
        if not same.any():
            break
        earlier = same & (when[:-back] < when[back:])
        pairs.append((order[back:][earlier], order[:-back][earlier]))
    return pairs
