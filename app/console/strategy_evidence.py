"""The past campaigns behind a strategy: what each did where it ran, what is expected of it here, and why so near."""

from collections.abc import Collection

from nicegui import ui

from app.console.frame import Page, text
from app.console.knowledge_words import arm_words
from app.retrieval.schemas import CampaignMatch, Retrieval

_CASES = 6
"""Shown at once; the rest is counted."""


def draw_evidence(page: Page, retrieval: Retrieval, cited: Collection[str]) -> None:
    """The cited cases and then the other weighed ones, best first, with the parts of their scores; then failures."""
    say = page.say
    text(say("strategy.cases"), "sub")
    if retrieval.without_meaning:
        text(say("strategy.without_meaning"), "muted small")
    if not retrieval.matches:
        reason = retrieval.abstained or "nearest_too_far"
        text(say(f"strategy.abstained.{reason}"), "muted")
    ranked = sorted(retrieval.matches, key=lambda match: match.campaign.campaign_id not in cited)
    for match in ranked[:_CASES]:
        _case(page, match)
    if len(retrieval.matches) > _CASES:
        text(say("strategy.more", count=len(retrieval.matches) - _CASES), "muted small")
    if retrieval.warnings:
        text(say("strategy.warnings"), "sub")
        text(say("strategy.warnings_note"), "muted small")
        for match in retrieval.warnings:
            _case(page, match)


def _case(page: Page, match: CampaignMatch) -> None:
    say, show, currency = page.say, page.show, page.workspace.currency
    with ui.element("details").classes("past-case"):
        with ui.element("summary"):
            text(f"{match.campaign.title_in(page.lang)} · {arm_words(page, match.arm)}", "inline")
            text(say(f"strategy.stance.{match.stance}"), f"badge stance-{match.stance}")
            text(show.exact(match.expected.mean, currency), "strong inline")
        with ui.element("ul"):
            for line in (_there(page, match), _here(page, match), _near(page, match)):
                with ui.element("li"):
                    text(line)


def _there(page: Page, match: CampaignMatch) -> str:
    show, currency, lift = page.show, page.workspace.currency, match.lift
    return page.say(
        "strategy.case_there",
        lift=show.exact(lift.mean, currency),
        low=show.exact(lift.low, currency),
        high=show.exact(lift.high, currency),
        treated=show.number(lift.treated_n),
        control=show.number(lift.control_n),
        days=show.number(match.age_days),
        kind=page.say(f"strategy.evidence_kind.{match.campaign.evidence_kind}"),
    )


def _here(page: Page, match: CampaignMatch) -> str:
    """The score as the sum that it is: family + reach * (aimed + age * evidence * own)."""
    show, currency, parts = page.show, page.workspace.currency, match.parts
    return page.say(
        "strategy.case_here",
        score=show.exact(match.score, currency),
        family=show.exact(parts.family, currency),
        reach=show.percent(parts.reach),
        aimed=show.exact(parts.aimed, currency),
        age=show.percent(parts.age),
        evidence=show.percent(parts.evidence),
        own=show.exact(parts.own, currency),
    )


def _near(page: Page, match: CampaignMatch) -> str:
    parts = match.parts
    return page.say(
        "strategy.case_near",
        dense=f"{parts.dense:.2f}",
        lexical=f"{parts.lexical:.2f}",
        structured=f"{parts.structured:.2f}",
        fused=f"{parts.fused:.2f}",
    )
