"""Ask for a strategy and read it: what to do, why, on which past outcomes, what was weighed, which rules fired."""

from collections.abc import Mapping
from datetime import UTC, datetime

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, card, text
from app.console.strategy_evidence import draw_evidence
from app.console.strategy_verdict import Verdict
from app.console.strategy_weighed import draw_weighed
from app.errors import UnderstoryError
from app.retrieval.schemas import Campaign, Channel
from app.strategy.schemas import Metric, Reason, Strategy, Theme
from app.strategy.wording import say_offer
from app.strategy.wording import wording as strategy_wording
from app.views import CustomerReading, Recommendation


class StrategyCard:
    """A button, and below it the strategy that it brought."""

    def __init__(self, page: Page, reading: CustomerReading) -> None:
        """Draw the button."""
        self._page, self._reading = page, reading
        with card(page.say("customer.strategy"), page.say("strategy.note"), "strategy"):
            self._button = ui.button(page.say("strategy.draft"), on_click=self._draft)
            self._button.props("unelevated no-caps").classes("draft")
            self._result = ui.element("div").classes("strategy-result")

    async def _draft(self) -> None:
        page = self._page
        self._button.props("loading")
        try:
            found = await run_in_threadpool(
                page.pipeline.recommend,
                page.workspace,
                self._reading.customer_id,
                as_of=page.as_of,
                now=datetime.now(UTC),
                lang=page.lang,
            )
            await run_in_threadpool(page.pipeline.catch_up, page.workspace)  # the decision was logged
        except UnderstoryError as error:
            ui.notify(page.say("errors.failed", reason=str(error)), type="negative")
            return
        finally:
            self._button.props(remove="loading")
        self._button.text = page.say("strategy.again")
        self._result.clear()
        with self._result:
            self._show(found)

    def _show(self, found: Recommendation) -> None:
        strategy, page = found.strategy, self._page
        seen = (*found.retrieval.matches, *found.retrieval.warnings)
        campaigns = {match.campaign.campaign_id: match.campaign for match in seen}
        with ui.element("div").classes("status-line"):
            text(page.say(f"strategy.status.{strategy.status}"), f"badge status-{strategy.status}")
            text(strategy.status_reason or "", "reason")
        _plan(page, strategy)
        _themes(page, strategy)
        Verdict(page, strategy)
        with ui.element("div").classes("two"):
            _why(page, strategy, self._reading, campaigns)
            with ui.element("div"):
                draw_weighed(page, found, campaigns)
                draw_evidence(page, found.retrieval, strategy.campaigns)
        with ui.element("div").classes("who"):
            text(strategy.ai_label, "chip")
            text(page.say("strategy.decision", id=strategy.decision_id), "chip mono")


def _plan(page: Page, strategy: Strategy) -> None:
    say, show, currency = page.say, page.show, page.workspace.currency
    words = strategy_wording(page.lang)
    with ui.element("div").classes("facts"):
        channel = words.channels[strategy.channel] if strategy.channel else say("strategy.no_channel")
        _fact(say("strategy.channel"), channel)
        when = "strategy.timing" if strategy.channel else "strategy.look_again"
        waits = strategy.channel is Channel.ONSITE
        at = say("strategy.next_visit") if waits else show.time(strategy.timing.at)
        _fact(say(when), at, strategy.timing.reason)
        _fact(say("strategy.offer"), say_offer(strategy.offer, currency, page.lang).strip() or say("strategy.no_offer"))
        if strategy.holdout_share:
            share = show.percent(strategy.holdout_share)
            _fact(say("strategy.holdout"), share, say("strategy.holdout_note", share=share))
        if strategy.channel:
            _measured(page, strategy.metric)
        _fact(say("strategy.confidence"), say(f"confidence.{strategy.confidence}"))
        _fact(say("strategy.risk"), "", strategy.risk, classes="broad")


def _measured(page: Page, metric: Metric) -> None:
    say, show = page.say, page.show
    note = say(
        "strategy.metric_note",
        baseline=show.percent(metric.baseline, 1),
        effect=show.percent(metric.minimum_effect, 1),
        n=show.number(metric.sample_size),
    )
    _fact(say("strategy.metric"), metric.name, note)


def _fact(name: str, value: str, note: str = "", classes: str = "") -> None:
    with ui.element("div").classes(f"fact {classes}"):
        text(name, "muted small")
        if value:
            text(value, "strong")
        if note:
            text(note, "small")


def _themes(page: Page, strategy: Strategy) -> None:
    text(page.say("strategy.themes" if strategy.channel else "strategy.themes_kept"), "sub")
    with ui.element("div").classes("themes"):
        for theme in strategy.themes:
            with ui.element("div").classes("theme"):
                with ui.element("div").classes("theme-head"):
                    text(theme.title, "strong")
                    _copy_button(page, theme)
                text(theme.draft, "draft-text")


def _copy_button(page: Page, theme: Theme) -> None:
    def copy() -> None:
        ui.clipboard.write(theme.draft)
        ui.notify(page.say("strategy.copied"), type="positive", position="bottom")

    ui.button(page.say("strategy.copy"), on_click=copy).props("flat dense no-caps size=sm")


def _why(page: Page, strategy: Strategy, reading: CustomerReading, campaigns: Mapping[str, Campaign]) -> None:
    say = page.say
    with ui.element("div"):
        text(say("strategy.why"), "sub")
        text(strategy.why_for_customer)
        _bullets(
            say("strategy.rationale_told"), [_reason(page, reason, campaigns) for reason in strategy.rationale_told]
        )
        rationale = [reading.spoken[claim_id] for claim_id in strategy.rationale if claim_id in reading.spoken]
        _bullets(say("strategy.rationale"), rationale)
        cited = [_campaign(page, campaigns, campaign_id) for campaign_id in strategy.campaigns]
        _bullets(say("strategy.campaigns"), cited, empty=say("strategy.no_campaigns"))
        rules = [
            say("strategy.rule_line", rule=say.of("strategy.rule", fired.rule), effect=fired.effect)
            for fired in strategy.rules_fired
        ]
        _bullets(say("strategy.rules"), rules, empty=say("strategy.no_rules"))


def _reason(page: Page, reason: Reason, campaigns: Mapping[str, Campaign]) -> str:
    """One sentence of the rationale; a campaign that it does not name by its title is named by its id."""
    unnamed = [
        i for i in reason.campaign_ids if i not in campaigns or campaigns[i].title_in(page.lang) not in reason.text
    ]
    return f"{reason.text} {page.say('strategy.stands_on', ids=', '.join(unnamed))}" if unnamed else reason.text


def _bullets(title: str, lines: list[str], empty: str = "") -> None:
    if not lines and not empty:
        return
    text(title, "sub")
    if not lines:
        text(empty, "muted")
        return
    with ui.element("ul"):
        for line in lines:
            with ui.element("li"):
                text(line)


def _campaign(page: Page, campaigns: Mapping[str, Campaign], campaign_id: str) -> str:
    found = campaigns.get(campaign_id)
    if found is None:
        return campaign_id
    kind = page.say(f"strategy.evidence_kind.{found.evidence_kind}")
    return page.say("strategy.cited", title=found.title_in(page.lang), id=campaign_id, kind=kind)
