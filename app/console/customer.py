"""One customer: who they are, their story with evidence, the numbers, interests over time, a strategy."""

from typing import NamedTuple

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.acting_card import acting_card
from app.console.assistant import PATH as ASSISTANT
from app.console.attributes_card import AttributesCard
from app.console.brief_card import brief_card
from app.console.change_cards import shifts_card, signals_card
from app.console.charts import interest_chart
from app.console.churn_card import churn_card
from app.console.frame import Page, card, frame, meter, text
from app.console.habits_card import habits_card
from app.console.history_card import history_card
from app.console.identity_card import identity_card
from app.console.intent_card import intent_card
from app.console.narrative_panel import NarrativePanel
from app.console.numbers_card import numbers_card
from app.console.paths_card import paths_card
from app.console.story_panel import StoryPanel, event_table
from app.console.strategy_card import StrategyCard
from app.identity.schemas import IdentityView
from app.insights.brief.schemas import Brief
from app.insights.churn.schemas import ChurnRead
from app.strategy.acting.schemas import ActingStanding
from app.strategy.told_paths import CustomerPaths
from app.viewing import latest_events
from app.views import CustomerReading, EvidenceEvent, InterestCurve, NextPurchase

_INTERESTS = 8
_SURE = 0.8
"""Own behaviour that speaks for this much of the shares needs no remark about the rest."""
_IDENTIFIERS = 4
_LATEST = 15


async def customer_page(page: Page, ref: str) -> None:
    """Read the customer, then draw everything about them."""
    reading, curves, view, latest, paths, intent, acting, churn, brief = await run_in_threadpool(_read, page, ref)
    with frame(page, f"/customer/{ref}"):
        _header(page, reading)
        with ui.element("div").classes("columns"):
            with ui.element("div").classes("main-column"):
                StoryPanel(page, reading)
                NarrativePanel(page, reading)
                shifts_card(page, reading)
                _curves(page, curves)
                paths_card(page, paths)
                _latest(page, latest)
            with ui.element("div").classes("side-column"):
                numbers_card(page, reading)
                acting_card(page, acting)
                churn_card(page, reading, churn)
                brief_card(page, reading, brief)
                intent_card(page, intent)
                signals_card(page, reading)
                _interests(page, reading)
                habits_card(page, reading)
                AttributesCard(page, reading)
        StrategyCard(page, reading)
        history_card(page, reading)
        identity_card(page, reading, view)


class _Read(NamedTuple):
    reading: CustomerReading
    curves: tuple[InterestCurve, ...]
    view: IdentityView
    latest: tuple[EvidenceEvent, ...]
    paths: CustomerPaths
    intent: NextPurchase
    acting: ActingStanding
    churn: ChurnRead
    brief: Brief


def _read(page: Page, ref: str) -> _Read:
    pipeline, workspace = page.pipeline, page.workspace
    customer = pipeline.identity.customer(workspace.workspace_id, ref)
    reading = pipeline.read_customer(workspace, ref, as_of=page.as_of, lang=page.lang)
    return _Read(
        reading,
        pipeline.interest_curves(workspace, ref, as_of=page.as_of, lang=page.lang),
        pipeline.merging.view(workspace, ref),
        latest_events(pipeline.book(workspace, customer, as_of=page.as_of), _LATEST),
        pipeline.paths_of(workspace, reading, lang=page.lang),
        pipeline.next_purchase(workspace, ref, as_of=page.as_of, lang=page.lang),
        pipeline.acting.standing(workspace, ref, as_of=page.as_of, lang=page.lang),
        pipeline.explaining.churn_of(workspace, reading, ask_model=False),
        pipeline.briefing.brief_of(workspace, reading, ask_model=False),
    )


def _latest(page: Page, events: tuple[EvidenceEvent, ...]) -> None:
    with card(page.say("events.heading"), page.say("events.note"), "latest"):
        if events:
            event_table(events, page)


def _header(page: Page, reading: CustomerReading) -> None:
    say, show, profile = page.say, page.show, reading.profile
    first, *_ = reading.identifiers
    kind, _, name = first.partition(":")
    with ui.element("div").classes("who-head"):
        ui.link("← " + say("app.customers"), page.url("/")).classes("back")
        with ui.element("div").classes("who-name"):
            text(f"{say.of('identifier', kind)} {name}", "heading")
            if profile.rfm_class:
                tone = profile.rfm_class.partition("_")[0]
                text(say(f"rfm.{profile.rfm_class}"), f"badge {tone}")
            ui.link(say("assistant.ask_about"), f"{page.url(ASSISTANT)}&customer={reading.customer_id}").classes("push")
        with ui.element("div").classes("who-facts"):
            _pair(say("customer.first_seen"), show.date(profile.first_seen_at))
            _pair(say("customer.last_seen"), show.date(profile.last_seen_at))
            _pair(say("customer.events"), show.number(profile.events))
            _pair("ID", reading.customer_id)
            _identifiers(page, reading.identifiers)


def _identifiers(page: Page, keys: tuple[str, ...]) -> None:
    names = [f"{page.say.of('identifier', kind)} {value}" for kind, _, value in (key.partition(":") for key in keys)]
    rest = len(names) - _IDENTIFIERS
    with ui.element("div").classes("pair"):
        text(page.say("customer.ids"), "muted inline")
        text(" · ".join(names[:_IDENTIFIERS]), "inline")
        if rest > 0:
            text(page.say("customer.more_ids", count=rest), "muted inline more-ids").tooltip(" · ".join(names))


def _pair(name: str, value: str) -> None:
    with ui.element("div").classes("pair"):
        text(name, "muted inline")
        text(value, "inline")


def _interests(page: Page, reading: CustomerReading) -> None:
    say, show, profile = page.say, page.show, reading.profile
    with card(say("customer.interests")):
        if not profile.interests:
            text(say("interests.none"), "muted")
        for interest in profile.interests[:_INTERESTS]:
            with ui.element("div").classes("meter-row"):
                text(reading.topics.get(interest.topic, interest.topic))
                seen = interest.last_event_at
                text(show.date(seen) if seen else say("interests.of_peers"), "muted small")
                text(show.percent(interest.share), "strong")
                meter(interest.share)
        if profile.segment and profile.own_weight < _SURE:
            text(say("interests.shrunk", share=show.percent(1 - profile.own_weight)), "muted small")
        if profile.unclassified_share >= 0.01:
            text(say("interests.unclassified", share=show.percent(profile.unclassified_share)), "muted small")


def _curves(page: Page, curves: tuple[InterestCurve, ...]) -> None:
    with card(page.say("customer.curves"), page.say("interests.curves_note")):
        if curves:
            ui.echart(interest_chart(curves, page.say("interests.weight"))).classes("curves")
        else:
            text(page.say("interests.none"), "muted")
