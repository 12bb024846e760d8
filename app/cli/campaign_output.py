"""How campaigns look in a terminal."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from app.cli.output import money, print_json
from app.retrieval.schemas import Lift
from app.strategy.running.schemas import HandOut, Result, RollUp, RunView

_CAUTIONS = {
    "preliminary": "preliminary: the window is open, and an interval that is looked at on the way promises too much",
    "unbalanced": "no result: the groups are not as large as they were drawn; find out who is missing",
    "stopped": "the campaign was stopped: some who were drawn were never written to",
    "nothing_handed_out": "nothing was handed out through Understory: was anything sent?",
    "merged": "left out: customers who turned out to be one person on both sides",
    "too_small": "too few customers on one side for a lift",
}


def print_runs(found: Sequence[RunView]) -> None:
    """A table of campaigns."""
    table = Table("campaign", "status", "title", "members", "handed out", "held out", "outcomes until", "learned")
    for view in found:
        *arms, held = view.counts
        given, handed = sum(arm.assigned for arm in arms), sum(arm.handed for arm in arms)
        table.add_row(
            view.run.campaign.campaign_id, view.status, view.run.campaign.title, str(given + held.assigned),
            str(handed), str(held.assigned), f"{view.closes_at:%Y-%m-%d %H:%M}", "yes" if view.known else "no",
        )  # fmt: skip
    Console(width=160, markup=False, emoji=False).print(table)
    if not found:
        print("no campaigns yet: `understory strategy CUSTOMER`, then `understory campaign approve DECISION_ID`")


def print_run(view: RunView, as_json: bool) -> None:
    """One campaign."""
    if as_json:
        print_json(view.model_dump(mode="json"))
        return
    run, campaign = view.run, view.run.campaign
    print(f"{campaign.campaign_id}  {view.status}  {campaign.title}")
    print(f"  for: {run.audience or 'the members of a plan'}")
    for arm in view.counts:
        print(f"  {arm.arm_id}: {arm.assigned} drawn ({arm.share:.0%}), {arm.handed} handed out")
    print(f"  outcomes count from {campaign.starts_at.isoformat()} to {view.closes_at.isoformat()}")
    print(f"  approved by {run.approved.by}" + (f": {run.approved.reason}" if run.approved.reason else ""))
    if run.stopped:
        print(f"  stopped by {run.stopped.by} at {run.stopped.at.isoformat()}: {run.stopped.reason}")


def print_roll_up(found: RollUp, currency: str) -> None:
    """Lifts with their intervals, and what to know before reading them."""
    for caution in found.cautions:
        print(f"! {_CAUTIONS[caution]}")
    table = Table("arm", "segment", "written to", "held out", "lift per customer (90%)", "with history (90%)", "buyers")
    for result in found.results:
        o = result.outcome
        table.add_row(
            result.arm_id, result.segment, str(o.treated_n), str(o.control_n),
            _lift(result.lift, currency) if result.lift else str(result.no_lift),
            _lift(result.adjusted.lift if result.adjusted else None, currency), _buyers(result),
        )  # fmt: skip
    Console(width=160, markup=False, emoji=False).print(table)
    state = "preliminary" if found.preliminary else "closed"
    print(f"{state}; as of {found.as_of.isoformat()}, outcomes count until {found.closes_at.isoformat()}")


def print_handed(handed: HandOut, out: Path, as_json: bool) -> None:
    """How many messages went where, and who was left out."""
    if as_json:
        print_json({"campaign_id": handed.campaign_id, "handed": len(handed.rows), "withheld": handed.withheld})
        return
    withheld = ", ".join(f"{count} for {reason}" for reason, count in handed.withheld.items())
    print(f"{len(handed.rows)} messages in {out}" + (f"; withheld: {withheld}" if withheld else ""))


def _lift(lift: Lift | None, currency: str) -> str:
    if lift is None:
        return "-"
    mean, low, high = (money(round(value), currency) for value in (lift.mean, lift.low, lift.high))
    return f"{mean} ({low} to {high})"


def _buyers(result: Result) -> str:
    found = result.conversion
    return f"{found.treated:.1%} against {found.control:.1%}" if found else "-"
