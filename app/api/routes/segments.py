"""Segments: the RFM frame, counts of expressions, saved segments with their members, and audience exports."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Annotated, BinaryIO, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AfterValidator, Field, ValidationError
from starlette.responses import StreamingResponse

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer, AnswerProvenance, fallback_warning
from app.api.body_schema import takes
from app.api.deps import Body, Caller, View, Viewing, allowed, plain_text
from app.api.problems import documented
from app.errors import InvalidInput
from app.exporting import Asked
from app.profile.schemas import RfmClass
from app.retrieval.schemas import Channel
from app.schema import Frozen
from app.strategy.audiences.schemas import (
    CountedSegment,
    ExportFormat,
    ExportRecord,
    FieldList,
    MemberPage,
    RfmMatrix,
    SavedSegment,
    SegmentCount,
)
from app.strategy.audiences.store import MAX_NAME
from app.strategy.segment_story.schemas import SegmentStory

router = APIRouter(prefix="/v1/segments", tags=["segments"], responses=READ_PROBLEMS)

MAX_ROWS = 1000
_MEDIA = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
_PIECE = 1 << 16
T = TypeVar("T", bound=Frozen)

Viewer = Depends(allowed(Role.VIEWER))
Editor = Annotated[Caller, Depends(allowed(Role.EDITOR))]
SegmentRef = Annotated[
    str, Path(max_length=MAX_NAME, description="A saved segment's id or name"), AfterValidator(plain_text)
]
Expression = str
"""What is wrong with one, be it empty or too long, its reader says in the asked language."""
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]


class Question(Frozen):
    """Who is meant."""

    expression: Expression
    """Such as `churn_risk >= 60% and orders >= 2`; GET /v1/segments/fields lists what may be asked."""


class NewSegment(Question):
    """An expression to keep."""

    name: Name
    """What it is called."""


class Change(Frozen):
    """What becomes of a segment; what is absent stays."""

    name: Name | None = None
    expression: Expression | None = None


@router.get("/fields", dependencies=[Viewer])
def fields(view: Viewing) -> Answer[FieldList]:
    """Every field that an expression may name, with type, unit, meaning, values and an example."""
    return Answer(data=view.pipeline.audiences.fields(view.lang), as_of=view.as_of)


@router.get("/matrix", dependencies=[Viewer])
def matrix(view: Viewing) -> Answer[RfmMatrix]:
    """The eight RFM classes with their shares of customers, of what was spent and of what is expected."""
    return Answer(data=view.pipeline.audiences.matrix(view.workspace, as_of=view.as_of), as_of=view.as_of)


@router.post("/count", dependencies=[Viewer], openapi_extra=takes(Question))
def count(view: Viewing, body: Body) -> Answer[SegmentCount]:
    """Count who an expression means; nothing is kept."""
    asked = _read(Question, body, "expression")
    found = view.pipeline.audiences.count(view.workspace, asked.expression, as_of=view.as_of, lang=view.lang)
    return Answer(data=found, as_of=view.as_of)


@router.get("/exports", dependencies=[Viewer])
def exports(view: Viewing, limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 50) -> Answer[tuple[ExportRecord, ...]]:
    """What was exported, newest first: when, by whom, what for, how many."""
    return Answer(data=view.pipeline.exporting.exports(view.workspace, limit=limit), as_of=view.as_of)


@router.get("", dependencies=[Viewer])
def listing(view: Viewing) -> Answer[tuple[CountedSegment, ...]]:
    """Saved segments with their counts, by name."""
    found = view.pipeline.audiences.saved(view.workspace, as_of=view.as_of, lang=view.lang)
    return Answer(data=found, as_of=view.as_of)


@router.post("", status_code=201, responses=documented(409), openapi_extra=takes(NewSegment))
def save(view: Viewing, body: Body, editor: Editor) -> Answer[CountedSegment]:
    """Keep an expression under a name. 409 when the name is taken."""
    asked = _read(NewSegment, body, "name and expression")
    found = view.pipeline.audiences.save(
        view.workspace, asked.name, asked.expression, by=_name(editor), now=view.now, as_of=view.as_of, lang=view.lang
    )
    return Answer(data=found, as_of=view.as_of)


@router.patch("/{segment_id}", responses=documented(409), openapi_extra=takes(Change))
def change(segment_id: SegmentRef, view: Viewing, body: Body, editor: Editor) -> Answer[CountedSegment]:
    """Another name or expression. 409 when the name is taken."""
    asked = _read(Change, body, "name, expression or both")
    found = editor.pipeline.audiences.change(
        view.workspace, segment_id, name=asked.name, expression=asked.expression, now=view.now,
        as_of=view.as_of, lang=view.lang,
    )  # fmt: skip
    return Answer(data=found, as_of=view.as_of)


@router.delete("/{segment_id}")
def delete(segment_id: SegmentRef, editor: Editor) -> Answer[SavedSegment]:
    """Forget a saved segment; its members and past exports stay as they are."""
    gone = editor.pipeline.audiences.forget(editor.workspace, segment_id)
    return Answer(data=gone, as_of=editor.now)


@router.get("/{segment_id}/members", dependencies=[Viewer])
def members(
    segment_id: SegmentRef,
    view: Viewing,
    limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 50,
    after: Annotated[
        str, Query(max_length=100, description="The customer_id that the page before ended with"),
        AfterValidator(plain_text),
    ] = "",
) -> Answer[MemberPage]:  # fmt: skip
    """Who is in a saved segment, by customer_id; contact data are masked."""
    audiences = view.pipeline.audiences
    expression = audiences.named(view.workspace, segment_id).expression
    found = audiences.page(view.workspace, expression, as_of=view.as_of, lang=view.lang, limit=limit, after=after)
    return Answer(data=found, as_of=view.as_of)


@router.post("/story", dependencies=[Viewer], openapi_extra=takes(Question))
def story_of(view: Viewing, body: Body) -> Answer[SegmentStory]:
    """Who the customers that an expression means are as a group; nothing of fewer than ten."""
    return _story(view, _read(Question, body, "expression").expression)


@router.get("/{segment_id}/story", dependencies=[Viewer])
def story(segment_id: SegmentRef, view: Viewing) -> Answer[SegmentStory]:
    """The same of a saved segment, or of an RFM class such as `important_keep`."""
    named = segment_id in set(RfmClass)
    return _story(view, segment_id if named else view.pipeline.audiences.named(view.workspace, segment_id).expression)


def _story(view: View, ref: str) -> Answer[SegmentStory]:
    found = view.pipeline.portraying.story(view.workspace, ref, as_of=view.as_of, lang=view.lang)
    provenance = AnswerProvenance.model_validate(found.provenance.model_dump())
    dropped = tuple(f"sentence dropped: {reason}" for reason in found.dropped)
    warnings = (*fallback_warning(found.provenance.fallback_reason), *dropped)
    return Answer(data=found, as_of=view.as_of, provenance=provenance, warnings=warnings)


@router.get("/{segment_id}/export", response_class=StreamingResponse)
def export(
    segment_id: SegmentRef,
    view: Viewing,
    editor: Editor,
    kind: Annotated[ExportFormat, Query(alias="format")] = "csv",
    channel: Annotated[
        Channel | None, Query(description="Who may be reached on it, with addresses; without one no contact data")
    ] = None,
) -> StreamingResponse:
    """Who of a saved segment may be contacted, as a file. It is on record; an editor's key is needed for addresses."""
    saved = view.pipeline.audiences.named(view.workspace, segment_id)
    asked = Asked(saved.segment_id, channel, kind, view.as_of, view.now, view.lang, _name(editor))
    with ExitStack() as unfinished:
        file = unfinished.enter_context(tempfile.TemporaryFile())
        record = view.pipeline.exporting.export(view.workspace, asked, file)
        unfinished.pop_all()  # from here on the answer closes it
    return StreamingResponse(_pieces(file), media_type=_MEDIA[kind], headers=_headers(record, saved.name, file.tell()))


def _headers(record: ExportRecord, name: str, size: int) -> dict[str, str]:
    file_name = quote(f"{name}.{record.format}")
    return {
        "Content-Disposition": f"attachment; filename*=UTF-8''{file_name}",
        "Content-Length": str(size),
        "Understory-Export": record.export_id,
        "Understory-Customers": str(record.customers),
        "Understory-Left-Out": ", ".join(f"{reason}={number}" for reason, number in record.left_out.items()),
        "Cache-Control": "no-store",
    }


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    """The whole file, which is finished; it is gone afterwards."""
    with file:
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _name(editor: Caller) -> str:
    return f"key {editor.key_id}"


def _read(wanted: type[T], body: object, needed: str) -> T:
    try:
        return wanted.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidInput(f"{where}: {first['msg']}; send {needed}") from None
