"""Does the engine choose better than the best single action? On any log of sends, by inverse propensity.

It learns from sends before a moment, with the rewards known before it, and is tested on sends at or after it, whose
rewards all count. The logged contexts go through the product's own `choose()`; see `logged_actions.py`. Where the
engine would rather leave somebody alone, the log cannot say what that is worth, so its most promising action counts,
and `left_alone` says how often.
"""

from pathlib import Path

import numpy as np
from pydantic import Field

from app.bootstrap import KNOWLEDGE, shipped_taxonomy
from app.errors import InvalidInput
from app.predict.inputs.purchases import Floats, Ints
from app.predict.response.model import Response, expected, learn
from app.retrieval.index import FaissIndex
from app.retrieval.search import CampaignSearch
from app.schema import Frozen
from app.strategy.gate.policy import load_policy
from app.text.static import StaticEmbedder
from evals.intervals import wilson
from evals.logged_actions import cases_of, decide, retrieved
from evals.provenance import file_hash
from evals.scorers.logged_policy import Judged, figures
from evals.sends_log import Columns, Log, moment, read
from evals.task import Metric, Plain, Say, TaskResult

OURS, LOGGED, RANDOM = "ours", "logged", "random"
MIN_MATCHED = 100
"""Fewer sends in agreement with a policy say little about it."""
UNEVEN = 1.5
"""An action taken so much more often than the mean was not drawn uniformly."""
BEST, BEST_BEFORE = "best_single_action", "best_single_action_before"


class PolicyOptions(Frozen):
    """Options of `run policy`."""

    logged: Path | None = None
    """Parquet, CSV or JSONL file with one row per send"""
    customer: str = "customer_id"
    """column that names the customer"""
    time: str = "time"
    """column with the time of the send: a number or a moment"""
    action: str = "action"
    """column that names what was sent"""
    reward: str = "reward"
    """column with what it brought in the end; 0 for nothing"""
    reward_time: str = ""
    """column with the time of the reward, in the time column's unit, -1 = none; without it rewards are immediate"""
    value: str = ""
    """column with what one unit of the reward is worth; without it 1"""
    propensity: str = ""
    """column with the chance with which the action was taken; without it all are taken alike"""
    features: Path | None = None
    """file with what is known of each customer, joined by the customer column (and the time column, if it has one)"""
    leave_out: tuple[str, ...] = ()
    """columns of the features file that must not be read, such as income: what the fairness rule costs"""
    train_until: str = ""
    """sends before this time are learned from, the others are tested"""
    seed: int = Field(default=7, ge=0)
    """seed of the bootstrap"""


class PolicyTask:
    """The task."""

    name = "policy"
    purpose = "What the engine's choices are worth on logged sends, beside logged, random and the best single action."
    options = PolicyOptions

    def run(self, options: PolicyOptions, say: Say) -> TaskResult:
        """Learn before, choose after, and compare by inverse propensity."""
        log, until = _opened(options, say)
        rows = _tested_rows(log, until, options.train_until)
        found, past = learn(log.sends, log.contexts, until=until)
        say(f"learned from {len(found.learned_from):,} sends; choosing for {len(rows):,} contexts")
        values = expected(found, log.contexts, past, rows)
        usual = expected(found, log.contexts, past, found.learned_from).mean(axis=0)
        retrieval = retrieved(cases_of(log.sends, found, log.propensity, until), _search())
        chosen = decide(retrieval, log.sends.actions, values, usual, load_policy(KNOWLEDGE / "policy.yaml"))
        tested = Judged(log.sends.customer[rows], log.sends.action[rows], log.sends.reward[rows], log.propensity[rows])
        best = _best_singles(tested, found)
        parts = _parts(tested, np.where(chosen < 0, values.argmax(axis=1), chosen), best, len(found.actions))
        scored = figures(parts, tested, ours=OURS, seed=options.seed)
        others = [who for who in scored if who != OURS]
        return TaskResult(
            task=self.name,
            seed=options.seed,
            n=len(rows),
            metrics=_ours(scored) | {"left_alone": wilson(int((chosen < 0).sum()), len(rows))},
            baselines={who: {"value": scored[who]["value"]} for who in others},
            differences={who: {"value": scored[who]["ours_more"]} for who in others},
            counts={"chosen": _tally(chosen, log), "logged": _tally(tested.action, log)},
            provenance=_provenance(log, found, best, options),
            warnings=_warnings(log, tested, chosen),
        )


def _opened(options: PolicyOptions, say: Say) -> tuple[Log, float]:
    if options.logged is None or not options.train_until:
        raise InvalidInput("name the log with --logged FILE and the end of training with --train-until TIME")
    columns = Columns(
        options.customer,
        options.time,
        options.action,
        options.reward,
        options.reward_time,
        options.value,
        options.propensity,
    )
    say(f"reading {options.logged}")
    log = read(options.logged, columns, options.features, options.leave_out)
    return log, moment(options.train_until, log)


def _search() -> CampaignSearch:
    return CampaignSearch(StaticEmbedder(KNOWLEDGE / "embedder"), FaissIndex, shipped_taxonomy())


def _tested_rows(log: Log, until: float, said: str) -> Ints:
    rows = np.flatnonzero(log.sends.time >= until)
    if not len(rows) or len(rows) == len(log.sends.time):
        first, last = log.sends.time[0], log.sends.time[-1]
        raise InvalidInput(
            f"--train-until {said}: sends must lie on both sides; the log's go from {first:g} to {last:g}"
        )
    return rows


def _best_singles(tested: Judged, found: Response) -> dict[str, int]:
    """The action that is best for everybody: in hindsight, on the tested sends, and as it seemed before them."""
    values = [tested.mean_of(action) for action in range(len(found.actions))]
    return {BEST: int(np.argmax(values)), BEST_BEFORE: int(np.argmax(found.chance * found.worth))}


def _parts(tested: Judged, chosen: Ints, best: dict[str, int], actions: int) -> dict[str, Floats]:
    """Each send's part of the value, of every policy."""
    singles = {who: tested.of_action(action) for who, action in best.items()}
    drawn = tested.at_random(actions)
    return {OURS: tested.earned(chosen), LOGGED: tested.reward, RANDOM: drawn} | singles


def _ours(scored: dict[str, dict[str, Metric]]) -> dict[str, Metric]:
    """Our value, and how much more it is than each other's, as a share of theirs."""
    more = {f"more_than_{who}": of["ours_more_share"] for who, of in scored.items() if who != OURS}
    return {"value": scored[OURS]["value"]} | more


def _tally(actions: Ints, log: Log) -> dict[str, int]:
    names = dict(enumerate(log.sends.actions)) | {-1: "no_contact"}
    return {names[int(place)]: int(count) for place, count in zip(*np.unique(actions, return_counts=True), strict=True)}


def _provenance(log: Log, found: Response, best: dict[str, int], options: PolicyOptions) -> dict[str, Plain]:
    read_of_customers = " ".join(log.context_names)
    return {who: found.actions[action] for who, action in best.items()} | {
        "log": file_hash(options.logged) if options.logged else None,
        "features": file_hash(options.features) if options.features else None,
        "read_of_customers": f"earlier sends {read_of_customers}".strip(),
        "left_out": " ".join(options.leave_out),
        "sends": len(log.sends.time),
        "customers": log.customers,
        "actions": len(found.actions),
        "learned_from": len(found.learned_from),
        "trees_believed": found.weight,
        "propensity": "assumed uniform" if log.propensity_assumed else "as logged",
        "interval": "90%, customers redrawn",
    }


def _warnings(log: Log, tested: Judged, chosen: Ints) -> list[str]:
    """What weakens the figures."""
    found = []
    matched = int((tested.action == chosen).sum())
    if matched < MIN_MATCHED:
        found.append(f"only {matched} tested sends got what the engine would have chosen: the value is rough")
    if log.propensity_assumed:
        shares = np.bincount(tested.action, minlength=len(log.sends.actions)) / len(tested.action)
        if shares.max() > UNEVEN * shares.mean():
            found.append("actions were not taken alike; give --propensity, or the values are wrong")
    return found
