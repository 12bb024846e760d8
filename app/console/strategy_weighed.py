"""What was weighed for a strategy: each action with its expected margin and interval."""

from collections.abc import Mapping

from nicegui import ui

from app.console.frame import Page, text
from app.console.knowledge_words import arm_words
from app.retrieval.schemas import Campaign
from app.strategy.schemas import Candidate
from app.strategy.weigh import NO_CONTACT, NO_OFFER
from app.views import Recommendation

_CANDIDATES = 6
"""Shown at once; the rest is counted."""


def draw_weighed(page: Page, found: Recommendation, campaigns: Mapping[str, Campaign]) -> None:
    """No contact first, then what was chosen, then the rest in the order in which they were weighed."""
    say, chosen = page.say, found.decision.chosen
    candidates = sorted(found.decision.candidates, key=lambda c: (c.action != NO_CONTACT.action, c.action != chosen))
    with ui.element("div"):
        text(say("strategy.candidates"), "sub")
        text(say("strategy.candidates_note"), "muted small")
        with ui.element("table").classes("event-table weighed"):
            with ui.element("thead"), ui.element("tr"):
                for name in ("", say("strategy.expected"), say("strategy.low"), say("strategy.high")):
                    with ui.element("th").classes("cell-amount" if name else ""):
                        text(name)
            with ui.element("tbody"):
                for candidate in candidates[:_CANDIDATES]:
                    _candidate_row(page, candidate, campaigns, chosen=candidate.action == chosen)
        if len(candidates) > _CANDIDATES:
            text(say("strategy.more", count=len(candidates) - _CANDIDATES), "muted small")


def _candidate_row(page: Page, candidate: Candidate, campaigns: Mapping[str, Campaign], *, chosen: bool) -> None:
    name = _action(page, candidate.action, campaigns)
    amounts = (candidate.expected, candidate.low, candidate.high)
    with ui.element("tr").classes("chosen-row" if chosen else ""):
        with ui.element("td"):
            text(name, "inline")
            if chosen:
                text(page.say("strategy.chosen"), "badge")
        for amount in amounts:
            with ui.element("td").classes("cell-amount"):
                text(page.show.exact(amount, page.workspace.currency))


def _action(page: Page, action: str, campaigns: Mapping[str, Campaign]) -> str:
    """An action as people know it: its campaign, channel and offer; or one that stands on no campaign."""
    campaign_id, _, arm_id = action.removesuffix(NO_OFFER).partition("/")
    if (known := campaigns.get(campaign_id)) is None:
        return page.say.of("strategy", action)
    arm = next(arm for arm in known.arms if arm.arm_id == arm_id)
    sent = arm.model_copy(update={"offer": None}) if action.endswith(NO_OFFER) else arm
    return f"{known.title_in(page.lang)} · {arm_words(page, sent)}"
