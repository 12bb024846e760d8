"""One past campaign: what each arm did to each segment, its versions, and the decision on the newest one."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, card, frame, text
from app.console.knowledge_import import report_card
from app.console.knowledge_words import NOTHING, arm_words, audience_words, counts_words, lift_words, state_words
from app.console.table import Column, Link, plain_table
from app.errors import UnderstoryError
from app.retrieval.knowledge.derived import detail_of
from app.retrieval.knowledge.listing import row_of
from app.retrieval.knowledge.schemas import CaseDetail, CaseState, CaseVersion, MeasuredOutcome, Ruling, WantedRuling
from app.retrieval.store import MAX_NAME

_PATH = "/knowledge"
_HASH = 12
"""Hex digits that tell two contents apart at a glance."""


class _Read(NamedTuple):
    detail: CaseDetail
    versions: tuple[CaseVersion, ...]


async def case_page(page: Page, campaign_id: str, version: int | None = None) -> None:
    """Draw one campaign in its newest version, or as an earlier one said."""
    with frame(page, f"{_PATH}/{campaign_id}"):
        ui.link(page.say("knowledge.back"), page.url(_PATH)).classes("back")
        case = _Case(page, campaign_id, await run_in_threadpool(_read, page, campaign_id, version))
        await case.refresh()
        if version is None:
            report_card(page, campaign_id, case.read_again)


def _read(page: Page, campaign_id: str, version: int | None) -> _Read:
    known, name = page.pipeline.knowledge_base, page.workspace.workspace_id
    entry = known.entry_of(name, campaign_id, version) if version else known.entry(name, campaign_id)
    return _Read(detail_of(entry, as_of=page.as_of), known.history(name, campaign_id))


class _Case:
    """The page's content; drawn again after a decision."""

    def __init__(self, page: Page, campaign_id: str, found: _Read) -> None:
        self._page, self._campaign_id, self._found = page, campaign_id, found
        self._box = ui.element("div").classes("main-column")

    async def refresh(self) -> None:
        """Draw what was read."""
        self._box.clear()
        with self._box:
            _head(self._page, self._found.detail)
            if self._found.detail.version.version == self._found.versions[-1].version:
                _decision(self._page, self._found.detail, self._decide)
            _outcomes(self._page, self._found.detail)
            _versions(self._page, self._found)

    async def read_again(self) -> None:
        """Show the newest version."""
        self._found = await run_in_threadpool(_read, self._page, self._campaign_id, None)
        await self.refresh()

    async def _decide(self, ruling: Ruling, by: str, note: str) -> None:
        try:
            await run_in_threadpool(self._rule, ruling, by, note)
        except UnderstoryError as error:
            ui.notify(self._page.say("errors.failed", reason=str(error)), type="negative")
        await self.read_again()

    def _rule(self, ruling: Ruling, by: str, note: str) -> None:
        looked_at = WantedRuling(campaign_id=self._campaign_id, version=self._found.detail.version.version)
        self._page.pipeline.knowledge_base.rule(
            self._page.workspace.workspace_id, [looked_at], ruling, by=by, note=note, now=datetime.now(UTC)
        )


def _head(page: Page, detail: CaseDetail) -> None:
    say, show, campaign = page.say, page.show, detail.case.campaign
    row = row_of(detail, page.lang)
    with ui.element("div").classes("controls"):
        text(row.title, "heading")
        text(state_words(page, row).replace("\n", " · "), f"badge case-{row.state}")
    with card(say("knowledge.what"), campaign.campaign_id, "case-facts"):
        facts = {
            "objective": say(f"knowledge.objectives.{row.objective}"),
            "audience": audience_words(page, row.audience),
            "evidence": say(f"strategy.evidence_kind.{row.evidence_kind}"),
            "ran": say("knowledge.from_to", start=show.date(row.starts_at), end=show.date(row.ends_at)),
            "age": say("knowledge.ago", days=show.number(row.age_days)),
            "window": say("knowledge.window", days=campaign.window_days),
            "holdout": show.percent(campaign.holdout_share),
            "eligible": show.number(campaign.eligible_n),
        }
        with ui.element("div").classes("facts"):
            for name, value in facts.items():
                with ui.element("div").classes("fact"):
                    text(say(f"knowledge.fact.{name}"), "muted small")
                    text(value, "strong")
        with ui.element("ul"):
            for arm, told in zip(campaign.arms, row.arms, strict=True):
                said = [arm.arm_id, arm_words(page, told), arm.timing, " / ".join(told.themes)]
                with ui.element("li"):
                    text(" · ".join(part for part in said if part))


def _decision(page: Page, detail: CaseDetail, decide: Callable[[Ruling, str, str], Awaitable[None]]) -> None:
    say, version = page.say, detail.version

    def ruled(ruling: Ruling) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            if name.value.strip():
                await decide(ruling, name.value, note.value)
            else:
                ui.notify(say("knowledge.name_first"), type="warning")

        return act

    box = card(say("knowledge.decide", version=version.version), say("knowledge.decide_note"), "decide")
    with box, ui.element("div").classes("controls"):
        name = ui.input(placeholder=say("knowledge.name")).props(f"dense outlined maxlength={MAX_NAME}")
        note = ui.input(placeholder=say("knowledge.why")).props("dense outlined maxlength=500").classes("search")
        name.props["aria-label"], note.props["aria-label"] = say("knowledge.name"), say("knowledge.why")
        if version.state is not CaseState.APPROVED:
            approve = ui.button(say("knowledge.approve"), on_click=ruled("approved"))
            approve.props("unelevated no-caps").classes("approve")
        if version.state is not CaseState.REJECTED:
            words = "knowledge.withdraw" if version.state is CaseState.APPROVED else "knowledge.reject"
            ui.button(say(words), on_click=ruled("rejected")).props("outline no-caps color=negative").classes("reject")


def _outcomes(page: Page, detail: CaseDetail) -> None:
    say = page.say
    with card(say("knowledge.outcomes"), say("knowledge.outcomes_note"), "outcomes"):
        if not detail.outcomes:
            text(say("knowledge.no_outcomes"), "muted")
            return
        names = (
            ("arm", ""),
            ("segment", ""),
            ("lift", ""),
            ("counts", "number"),
            ("bought", "number"),
            ("cost", "number"),
        )
        columns = [Column(say(f"knowledge.outcome.{name}"), classes) for name, classes in names]
        plain_table(columns, [_outcome_row(page, one) for one in detail.outcomes])


def _outcome_row(page: Page, one: MeasuredOutcome) -> tuple[str, ...]:
    say, show, outcome = page.say, page.show, one.outcome
    everybody = outcome.segment == "all"
    rates = {"treated": show.percent(one.treated_rate, 1), "control": show.percent(one.control_rate, 1)}
    return (
        outcome.arm_id,
        say("knowledge.everybody") if everybody else say.of("rfm", outcome.segment),
        lift_words(page, one.lift),
        counts_words(page, outcome.treated_n, outcome.control_n),
        say("knowledge.rates", **rates),
        show.exact(outcome.cost_minor, page.workspace.currency) if outcome.cost_minor else NOTHING,
    )


def _versions(page: Page, found: _Read) -> None:
    say, show = page.say, page.show
    names = ("version", "state", "imported", "by", "decided", "content")
    with card(say("knowledge.versions"), say("knowledge.versions_note"), "versions"):
        columns = [Column(say(f"knowledge.history.{name}"), "lines" if name == "decided" else "") for name in names]
        plain_table(
            columns,
            [
                (
                    Link(
                        str(version.version),
                        f"{page.url(f'{_PATH}/{version.campaign_id}')}&version={version.version}",
                        here=version.version == found.detail.version.version,
                    ),
                    say(f"knowledge.states.{version.state}"),
                    show.time(version.imported_at),
                    version.imported_by,
                    "\n".join(_ruling(page, version)) or NOTHING,
                    version.content_hash[:_HASH],
                )
                for version in reversed(found.versions)
            ],
        )


def _ruling(page: Page, version: CaseVersion) -> list[str]:
    say, show = page.say, page.show
    return [
        say("knowledge.ruling", what=say(f"knowledge.states.{said.ruling}"), by=said.by, at=show.time(said.at))
        + (f" · {said.note}" if said.note else "")
        for said in version.rulings
    ]
