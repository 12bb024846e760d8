"""`understory plan`: who of a segment gets what under a budget; confirmed, it is a campaign."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.access.schemas import Workspace
from app.cli.campaign_output import print_handed
from app.cli.handed_file import file_sink
from app.cli.identity import who
from app.cli.options import AsJson, DataDir, Language, WorkspaceName, opened
from app.cli.output import money, print_json
from app.errors import InvalidInput, NotFound
from app.events.amounts import minor_units, read_decimal
from app.planning import Planning
from app.retrieval.schemas import Channel
from app.strategy.batch.schemas import MAX_BUDGET, MAX_SEGMENT, PlanPage, PlanWish
from app.strategy.batch.totals import Expected
from app.strategy.wording import say_offer

plan_commands = typer.Typer()


@plan_commands.command()
def plan(
    segment: Annotated[
        str, typer.Argument(help="A segment expression, the name of a saved segment, or the id of a drafted plan.")
    ],
    budget: Annotated[
        str | None, typer.Option(help="For a new plan, in the workspace's currency: 50 or 49.90, not minor units.")
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option(help="Only this channel, or CHANNEL=MOST messages; may be repeated.")
    ] = None,
    holdout: Annotated[float | None, typer.Option(help="Share that is left in peace.")] = None,
    window: Annotated[int | None, typer.Option(min=1, max=365, help="Days for which orders count.")] = None,
    rows: Annotated[int, typer.Option(min=0, max=10_000, help="Customers to show.")] = 20,
    confirm: Annotated[bool, typer.Option("--confirm", help="Make it a campaign and log every choice.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Hand its messages out to a new .csv or .jsonl file.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who confirms; kept in the log.")] = "",
    workspace: WorkspaceName = "demo",
    lang: Language = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Draft a plan for a segment under a budget; --confirm starts it, --out writes a confirmed plan's messages."""
    with opened(data) as app:
        shop, planning, now = app.pipeline.access.workspace(workspace), app.pipeline.planning, datetime.now(UTC)
        if budget is None:
            found = _kept(planning, shop, segment, rows=rows)
        else:
            wish = _wish(segment, _minor(budget, shop.currency), channel or [], holdout, window)
            found = planning.draft(shop, wish, now=now, lang=lang or shop.language, rows=rows)
        plan_id = found.plan.plan_id
        sink = file_sink(out, shop.currency) if out else None
        if confirm:
            planning.confirm(shop, plan_id, by=by or who(), now=now)
        handed = planning.export(shop, plan_id, sink, now=now) if sink else None
        if confirm or handed:
            app.pipeline.catch_up(shop)
            found = planning.show(shop, plan_id, rows=rows)
    if handed and out:
        print_handed(handed, out, as_json)
    elif as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found, shop)


def _kept(planning: Planning, shop: Workspace, plan_id: str, *, rows: int) -> PlanPage:
    try:
        return planning.show(shop, plan_id, rows=rows)
    except NotFound as error:
        raise InvalidInput(f"give --budget for a new plan; otherwise: {error}") from None


def _minor(budget: str, currency: str) -> int:
    """The budget in minor units, exactly."""
    scale, amount = minor_units(currency), read_decimal(budget, "--budget")
    if not 0 <= amount <= Decimal(MAX_BUDGET) / scale:
        raise InvalidInput(f"--budget {budget}: an amount of {currency} from 0 to {MAX_BUDGET // scale:,}")
    minor = amount * scale
    if minor != int(minor):
        raise InvalidInput(f"--budget {budget}: {currency} has no amount smaller than {Decimal(1) / scale}")
    return int(minor)


def _wish(segment: str, budget: int, channels: list[str], holdout: float | None, window: int | None) -> PlanWish:
    if len(segment) > MAX_SEGMENT:
        raise InvalidInput(f"segment: at most {MAX_SEGMENT} characters")
    if holdout is not None and not 0 < holdout < 1:
        raise InvalidInput("--holdout: a share between 0 and 1, for example 0.1")
    limits = dict(_limit(channel) for channel in channels)
    return PlanWish(
        segment=segment,
        budget_minor=budget,
        channels=tuple(limits),
        limits={channel: most for channel, most in limits.items() if most is not None},
        holdout_share=holdout,
        window_days=window,
    )


def _limit(text: str) -> tuple[Channel, int | None]:
    name, given, most = text.partition("=")
    if name not in set(Channel) or (given and not (most.isascii() and most.isdigit() and len(most) < 10)):
        raise InvalidInput(f"--channel {text}: write {', '.join(Channel)}, or sms=200 for at most 200 messages")
    return Channel(name), int(most) if given else None


def _print(found: PlanPage, shop: Workspace) -> None:
    plan, comparison = found.plan, found.plan.comparison
    budget, cost = money(plan.wish.budget_minor, plan.currency), money(round(plan.cost_minor), plan.currency)
    print(f"{plan.plan_id} ({plan.status}): {plan.expression}")
    print(f"  {plan.customers:,} customers: {plan.given:,} get something, {plan.held:,} are held out to compare with")
    print(f"  cost {cost} of {budget}")
    most = money(round(plan.bound_minor), plan.currency)
    print(f"  expected profit {_range(plan.profit, plan.currency)}; no choice could expect more than {most}")
    print(f"  expected additional order value {_range(plan.lift, plan.currency)} within {plan.window_days} days")
    found_by = "nothing" if comparison.detectable is None else f"+{comparison.detectable:.1%} or more"
    print(
        f"  of {comparison.baseline:.1%} who would order anyway the comparison can show {found_by}; "
        f"for +{comparison.effect:.1%} its power is {comparison.power:.0%}, with {comparison.wanted:,} per group 80%"
    )
    for reason in plan.reasons:
        print(f"  {reason.customers:,} get nothing: {reason.told}")
    _arms(found, shop)
    _customers(found, shop)


def _range(found: Expected, currency: str) -> str:
    mean, low, high = (money(round(minor), currency) for minor in (found.mean, found.low, found.high))
    return f"{mean} (90% interval {low} to {high})"


def _arms(found: PlanPage, shop: Workspace) -> None:
    table = Table("arm", "offer", "stands on", "given", "held out", "cost", "profit")
    for arm in found.plan.arms:
        table.add_row(
            arm.arm_id, say_offer(arm.offer, shop.currency, found.plan.lang).strip(), _few(arm.stands_on),
            f"{arm.given:,}", f"{arm.held:,}", money(round(arm.cost_minor), shop.currency),
            _range(arm.profit, shop.currency),
        )  # fmt: skip
    _show(table)


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _customers(found: PlanPage, shop: Workspace) -> None:
    table = Table("customer", "id", "arm", "when", "profit", "message")
    for row in found.rows:
        when = f"{row.send_at.astimezone(shop.zone):%Y-%m-%d %H:%M}" if row.send_at else ""
        said = "held out" if row.held else row.title
        profit = money(round(row.profit.mean), shop.currency)
        table.add_row(row.name, row.customer_id, row.arm_id, when, profit, said)
    _show(table)
    print(f"{len(found.rows)} of {found.total:,} customers")


def _show(table: Table) -> None:
    if table.row_count:
        Console(width=180, markup=False, emoji=False).print(table)
