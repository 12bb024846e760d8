"""Sources, what was wrong with what they sent, and what is done about it."""

from datetime import date
from typing import Annotated, TypeVar

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Query
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, Field, ValidationError

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer
from app.api.body_schema import takes
from app.api.deps import Body, Caller, Folder, allowed, plain_text
from app.api.events_body import checked_source
from app.api.strict_json import Json
from app.events.findings import CleaningReport, SourceSummary
from app.events.quarantine import Filter, StateWanted, state_of
from app.events.quarantine_view import QuarantineCounts, QuarantinePage, page_of
from app.events.source_settings import MAX_SOURCE, SourceSettings
from app.replay import Replayed
from app.schema import Frozen

router = APIRouter(prefix="/v1", tags=["quality"], responses=READ_PROBLEMS)

MAX_PAGE = 200
MAX_IDS = 1000

Viewer = Annotated[Caller, Depends(allowed(Role.VIEWER))]
Editor = Annotated[Caller, Depends(allowed(Role.EDITOR))]
SourceName = Annotated[str, Path(max_length=MAX_SOURCE), AfterValidator(plain_text)]
Name = Annotated[str | None, Query(max_length=100), AfterValidator(lambda name: name and plain_text(name))]
Posted = TypeVar("Posted", bound=BaseModel)


class TimeSettings(Frozen):
    """How a source writes times that do not say so themselves."""

    timezone: str | None = None
    """IANA zone of times that carry none; the workspace's when null."""
    time_format: str = ""
    """iso8601, unix, unix_ms, unix_us, unix_ns, compact, excel_serial, cn_date, rfc2822, dmy, mdy, or a strptime
    pattern; empty: whatever reads in one way only."""


class Wanted(Frozen):
    """Which waiting records are meant; what is absent does not matter."""

    source: Annotated[str | None, Field(max_length=MAX_SOURCE)] = None
    reason: Annotated[str | None, Field(max_length=100)] = None
    """A reason code."""
    ids: Annotated[tuple[str, ...] | None, Field(max_length=MAX_IDS)] = None

    @property
    def filter(self) -> Filter:
        """The same for the store."""
        return Filter(source=self.source, code=self.reason, ids=self.ids)


class ReplayWanted(Wanted):
    """What to try again."""

    accept_conflicts: bool = False
    """Take the other content of a known message id as an event of its own."""


class Discarded(Frozen):
    """How many records were given up."""

    discarded: int


def _checked(model: type[Posted], body: Json) -> Posted:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise RequestValidationError([e | {"loc": ("body", *e["loc"])} for e in error.errors()]) from None


@router.get("/sources")
def sources(viewer: Viewer) -> Answer[tuple[SourceSummary, ...]]:
    """Every source: what it sent, what became of it, how fresh it is, how its times are read."""
    found = viewer.pipeline.cleaning.sources(viewer.workspace)
    return Answer(data=tuple(found), as_of=viewer.now)


@router.get("/sources/{source:path}/cleaning")
def cleaning(
    source: SourceName,
    viewer: Viewer,
    since: Annotated[date | None, Query(description="First day of arrival, in the workspace's zone")] = None,
    until: Annotated[date | None, Query(description="Last day of arrival")] = None,
) -> Answer[CleaningReport]:
    """What is missing, duplicate, out of bounds or impossible in one source's data, and what was done about each."""
    report = viewer.pipeline.cleaning.report(viewer.workspace, source, since=since, until=until)
    return Answer(data=report, as_of=viewer.now)


@router.put("/sources/{source:path}", openapi_extra=takes(TimeSettings))
def set_source(source: SourceName, editor: Editor, body: Body) -> Answer[SourceSettings]:
    """How this source's times are read from the next batch on, and in replays. Events in the log stay as they are."""
    wanted, name = _checked(TimeSettings, body), checked_source(source)
    known = editor.pipeline.sources.of(editor.workspace.workspace_id, name)
    settings = _checked(SourceSettings, wanted.model_dump()).model_copy(update={"mapping": known.mapping})
    editor.pipeline.sources.put(
        editor.workspace.workspace_id, name, settings, by=f"key {editor.key_id}", now=editor.now
    )
    return Answer(data=settings, as_of=editor.now)


@router.get("/quarantine")
def quarantine(
    viewer: Viewer,
    source: Name = None,
    reason: Annotated[Name, Query(description="A reason code")] = None,
    state: StateWanted = "waiting",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    after: Annotated[Name, Query(description="`next` of the page before")] = None,
) -> Answer[QuarantinePage]:
    """Records that could not be used, newest arrivals first, without personal numbers."""
    wanted = Filter(source=source, code=reason, state=state_of(state))
    workspace_id = viewer.workspace.workspace_id
    page = page_of(viewer.pipeline.quarantine, workspace_id, wanted, limit=limit, after=after)
    return Answer(data=page, as_of=viewer.now)


@router.get("/quarantine/counts")
def quarantine_counts(viewer: Viewer, source: Name = None) -> Answer[QuarantineCounts]:
    """How many records there are by source, reason and state."""
    counts = viewer.pipeline.quarantine.counts(viewer.workspace.workspace_id, source)
    return Answer(data=QuarantineCounts(counts=tuple(counts)), as_of=viewer.now)


@router.post("/quarantine/replay", openapi_extra=takes(ReplayWanted))
def replay(editor: Editor, body: Body, after: BackgroundTasks, folding: Folder) -> Answer[Replayed]:
    """Try waiting records again, by the rules and settings that hold now. Each enters the log at most once."""
    wanted = _checked(ReplayWanted, body)
    done = editor.pipeline.replay.run(
        editor.workspace,
        wanted.filter,
        by=f"key {editor.key_id}",
        now=editor.now,
        accept_conflicts=wanted.accept_conflicts,
    )
    after.add_task(folding.follow, editor.workspace)
    return Answer(data=done, as_of=editor.now)


@router.post("/quarantine/discard", openapi_extra=takes(Wanted))
def discard(editor: Editor, body: Body) -> Answer[Discarded]:
    """Give up waiting records: they stay on record, and no replay takes them up. Of a conflict the first stands."""
    wanted = _checked(Wanted, body)
    workspace_id = editor.workspace.workspace_id
    by = f"key {editor.key_id}"
    done = editor.pipeline.quarantine.discard(workspace_id, wanted.filter, by=by, now=editor.now)
    return Answer(data=Discarded(discarded=done), as_of=editor.now)
