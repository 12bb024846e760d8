"""A campaign's facts and what it did so far: one line per arm and segment, lifts with their intervals."""

from io import BytesIO

from nicegui import ui

from app.console.frame import Page, text
from app.console.table import Column, plain_table
from app.loop.handing_out import Sink
from app.retrieval.schemas import Lift
from app.strategy.running.files import write_messages
from app.strategy.running.rolling import EVERYBODY
from app.strategy.running.schemas import HandOut, NoLift, Result, RollUp, Run, RunView
from app.strategy.wording import say_offer
from app.strategy.wording import wording as strategy_wording

_NO_LIFT: dict[NoLift, str] = {"nobody bought yet": "campaigns.nobody", "too few": "campaigns.too_few"}
_COLUMNS = ("arm", "segment", "treated", "control", "lift", "adjusted", "buyers")


def facts(page: Page, view: RunView) -> None:
    """Whom it addresses, who decided it and how many were drawn."""
    say, show, run = page.say, page.show, view.run
    *arms, held = view.counts
    drawn = say(
        "campaigns.drawn" if len(arms) > 1 else "campaigns.drawn_one",
        n=show.number(sum(arm.assigned for arm in arms)),
        arms=len(arms),
    )
    sent = say("campaigns.handed_count", n=sum(arm.handed for arm in arms))
    left = say("campaigns.held", n=held.assigned, share=show.percent(held.share))
    with ui.element("div").classes("facts"):
        _fact(say("campaigns.audience"), run.audience or say("campaigns.by_plan"), broad=True)
        _fact(say("campaigns.arms"), drawn, sent)
        _fact(say("campaigns.holdout"), left)
        window = say("campaigns.window", start=show.time(run.campaign.starts_at), end=show.time(view.closes_at))
        _fact(say("campaigns.counts"), window)
        for themes in run.texts.values():
            _fact(say("campaigns.text"), themes[0].draft, broad=True)
        _fact(say("campaigns.approved_by"), run.approved.by, run.approved.reason)
        if run.stopped:
            _fact(say("campaigns.stopped_by"), run.stopped.by, f"{show.time(run.stopped.at)} {run.stopped.reason}")


def result_table(page: Page, view: RunView, found: RollUp) -> None:
    """Everybody first; segments are folded away. Nothing is shown as a result where the groups are not as drawn."""
    if not found.balance.ok:
        return
    everybody = [r for r in found.results if r.segment == EVERYBODY]
    _table(page, view.run, everybody)
    segments = [r for r in found.results if r.segment != EVERYBODY]
    if segments:
        with ui.element("details"):
            with ui.element("summary"):
                text(page.say("campaigns.segments", count=len(segments)), "inline")
            _table(page, view.run, segments)
    text(page.say("campaigns.how"), "muted small")


def download_sink(files: list[bytes], currency: str) -> Sink:
    """Keeps what is handed out as a file for the browser."""

    def take(handed: HandOut) -> None:
        out = BytesIO()
        write_messages(out, "csv", handed, currency)
        files.append(out.getvalue())

    return take


def _table(page: Page, run: Run, results: list[Result]) -> None:
    numbers = ("treated", "control")
    columns = [Column(page.say(f"campaigns.columns.{c}"), "number" if c in numbers else "") for c in _COLUMNS]
    plain_table(columns, [_row(page, run, result) for result in results], "results")


def _row(page: Page, run: Run, result: Result) -> tuple[str, ...]:
    say, show, outcome, bought = page.say, page.show, result.outcome, result.conversion
    everybody = result.segment == EVERYBODY
    return (
        _arm(page, run, result.arm_id),
        say("campaigns.everybody") if everybody else say.of("rfm", result.segment),
        show.number(outcome.treated_n),
        show.number(outcome.control_n),
        _lift(page, result.lift) if result.lift else say(_NO_LIFT[result.no_lift or "too few"]),
        _lift(page, result.adjusted.lift) if result.adjusted and result.lift else "–",
        say("campaigns.buyers", treated=show.percent(bought.treated, 1), control=show.percent(bought.control, 1))
        if bought
        else "–",
    )


def _arm(page: Page, run: Run, arm_id: str) -> str:
    """An arm as people know it: its channel and its offer."""
    arm = next(arm for arm in run.campaign.arms if arm.arm_id == arm_id)
    words = strategy_wording(page.lang)
    offer = say_offer(arm.offer, page.workspace.currency, page.lang).strip().rstrip("。.")
    offer = offer or page.say("strategy.no_offer")
    return page.say("campaigns.arm", channel=words.channels[arm.channel], offer=offer)


def _lift(page: Page, lift: Lift) -> str:
    """An amount per customer with its interval."""
    mean, low, high = (page.show.exact(amount, page.workspace.currency) for amount in (lift.mean, lift.low, lift.high))
    return page.say("campaigns.lift", mean=mean, low=low, high=high)


def _fact(name: str, value: str, note: str = "", *, broad: bool = False) -> None:
    with ui.element("div").classes("fact broad" if broad else "fact"):
        text(name, "muted small")
        text(value, "strong")
        if note:
            text(note, "small")
