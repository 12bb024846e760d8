"""What worked before: past campaigns with their measured lift, filtered; what waits for a person; import of a file."""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, get_args

from nicegui import ui
from starlette.concurrency import run_in_threadpool

from app.console.frame import Page, card, frame, text
from app.console.knowledge_import import import_card
from app.console.knowledge_words import arm_words, audience_words, counts_words, lift_words, state_words
from app.console.table import Cell, Column, Link, plain_table
from app.retrieval.knowledge.listing import CampaignRow, Wanted, found_among, row_of
from app.retrieval.knowledge.schemas import CaseState
from app.retrieval.schemas import EvidenceKind, Objective

PATH = "/knowledge"
_STEP = 50
"""Campaigns shown at first, and added by each "more"."""


async def knowledge_page(page: Page) -> None:
    """Draw the list, or what to do where there is nothing yet."""
    with frame(page, PATH):
        with ui.element("div").classes("controls"):
            text(page.say("knowledge.heading"), "heading")
            ui.link(page.say("knowledge.import"), "#import").classes("push")
        text(page.say("knowledge.note"), "muted")
        board = KnowledgeList(page)
        await board.refresh()
        import_card(page, board.refresh)


class _Read(NamedTuple):
    rows: list[CampaignRow]
    total: int
    pending: int
    known: int


class KnowledgeList:
    """The list with its filters; asks again whenever one of them changes, or a file has come in."""

    def __init__(self, page: Page) -> None:
        """Draw the filters and an empty list."""
        self._page, self._wanted, self._limit = page, Wanted(), _STEP
        say = page.say
        with ui.element("div").classes("controls") as self._controls:
            search = ui.input(placeholder=say("knowledge.search"), on_change=lambda e: self._find(e.value))
            search.props("dense outlined clearable debounce=300").classes("search")
            search.props["aria-label"] = say("knowledge.search")
            newest = [state for state in CaseState if state is not CaseState.REPLACED]
            states = {state.value: say(f"knowledge.states.{state}") for state in newest}
            objectives = {name: say(f"knowledge.objectives.{name}") for name in get_args(Objective)}
            kinds = {name: say(f"strategy.evidence_kind.{name}") for name in get_args(EvidenceKind)}
            self._choice("states", states, self._of_state)
            self._choice("objectives", objectives, self._of_objective)
            self._choice("kinds", kinds, self._of_kind)
        self._status = text("", "strong")
        self._list = ui.element("div").classes("records")
        self._more = ui.button(say("knowledge.more"), on_click=self._show_more).props("flat no-caps").classes("more")

    async def refresh(self) -> None:
        """Ask and show."""
        read = await run_in_threadpool(self._read)
        say, show = self._page.say, self._page.show
        self._controls.set_visibility(read.known > 0)
        counts = {"total": show.number(read.total), "pending": show.number(read.pending)}
        self._status.text = say("knowledge.total", **counts) if read.known else ""
        self._more.set_visibility(read.total > len(read.rows))
        self._list.clear()
        with self._list:
            if read.rows:
                _table(self._page, read.rows)
            elif read.known:
                text(say("knowledge.none_found"), "muted")
            else:
                _nothing_yet(self._page)

    def _read(self) -> _Read:
        page = self._page
        entries = page.pipeline.knowledge_base.entries(page.workspace.workspace_id)
        found = list(found_among(entries, self._wanted, as_of=page.as_of))
        rows = [row_of(one, page.lang) for one in found[: self._limit]]
        pending = sum(entry.version.state is CaseState.PENDING for entry in entries)
        return _Read(rows, len(found), pending, len(entries))

    def _choice(self, name: str, options: Mapping[str, str], chosen: Callable[[str], Awaitable[None]]) -> None:
        everything = self._page.say(f"knowledge.all_{name}")
        select = ui.select({"": everything, **options}, value="", on_change=lambda event: chosen(event.value))
        select.props("dense outlined options-dense").classes("choice").props["aria-label"] = everything

    async def _find(self, words: str | None) -> None:
        await self._ask(search=words or "")

    async def _of_state(self, state: str) -> None:
        await self._ask(state=CaseState(state) if state else None)

    async def _of_objective(self, objective: str) -> None:
        await self._ask(objective=objective or None)

    async def _of_kind(self, kind: str) -> None:
        await self._ask(evidence_kind=kind or None)

    async def _ask(self, **changes: object) -> None:
        self._wanted, self._limit = self._wanted.model_copy(update=changes), _STEP
        await self.refresh()

    async def _show_more(self) -> None:
        self._limit += _STEP
        await self.refresh()


def _table(page: Page, rows: list[CampaignRow]) -> None:
    names = (
        ("title", ""), ("objective", "nowrap"), ("audience", "wide"), ("arms", "lines"), ("lift", "lines"),
        ("n", "lines"), ("age", "nowrap"), ("evidence", "nowrap"), ("state", "lines"),
    )  # fmt: skip
    columns = [Column(page.say(f"knowledge.columns.{name}"), classes) for name, classes in names]
    plain_table(columns, [_row(page, row) for row in rows], "knowledge")


def _row(page: Page, row: CampaignRow) -> tuple[Cell, ...]:
    say = page.say
    return (
        Link(row.title, page.url(f"{PATH}/{row.campaign_id}"), here=True),
        say(f"knowledge.objectives.{row.objective}"),
        audience_words(page, row.audience),
        "\n".join(arm_words(page, arm) for arm in row.arms),
        "\n".join(lift_words(page, arm.lift) for arm in row.arms),
        "\n".join(counts_words(page, arm.treated_n, arm.control_n) for arm in row.arms),
        say("knowledge.age", days=page.show.number(row.age_days)),
        say(f"strategy.evidence_kind.{row.evidence_kind}"),
        state_words(page, row),
    )


def _nothing_yet(page: Page) -> None:
    say = page.say
    with card(say("knowledge.empty"), "", "nothing-yet"):
        text(say("knowledge.empty_note"))
        with ui.element("ul"):
            for step in ("test", "import", "report"):
                with ui.element("li"):
                    text(say(f"knowledge.next.{step}"))
