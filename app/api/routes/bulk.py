"""Events as newline-delimited JSON: any number of them in one streamed body, in bounded memory."""

import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from typing import IO, Annotated

import msgspec
from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import StreamingResponse

from app.api.answers import Answer
from app.api.bodies import expect_media, read_pieces
from app.api.bulk_body import Chunk, Chunker
from app.api.deps import Caller, Folder, Sender
from app.api.events_body import checked_source
from app.api.folding import Folding
from app.api.problems import documented
from app.errors import UnderstoryError
from app.ingest import Taken
from app.schema import Frozen

MAX_BULK = 1 << 30
"""Bytes of one body, inflated."""
IN_MEMORY = 1 << 20
"""Bytes of verdicts that are kept in memory; more lie in a file until they are sent."""
MEDIA = "application/x-ndjson"

router = APIRouter(tags=["events"])


class BulkReceipt(Frozen):
    """What became of the lines; when it arrives, all of it is on disk. The counts add up to `lines`."""

    source: str
    lines: int
    """Lines with something in them."""
    accepted: int
    duplicates: int
    conflicts: int
    quarantined: int
    reasons: dict[str, int]
    """Quarantine reasons (conflicts included) with their counts, commonest first."""
    first_lines: dict[str, int]
    """The first line on which each reason occurred."""


BulkAnswer = Answer[BulkReceipt]


class _Tally:
    """Counts over all chunks, and the verdicts as NDJSON when they are wanted."""

    def __init__(self, *, verdicts: bool) -> None:
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.first_lines: dict[str, int] = {}
        self.last_line = 0
        # Closed when it has been sent.
        self.verdicts: IO[bytes] | None = tempfile.SpooledTemporaryFile(IN_MEMORY) if verdicts else None  # noqa: SIM115

    def add(self, chunk: Chunk, taken: Taken) -> None:
        report = taken.report
        self.counts.update(
            lines=report.records, accepted=report.accepted, duplicates=report.duplicates,
            conflicts=report.conflicts, quarantined=report.quarantined,
        )  # fmt: skip
        self.reasons.update(report.reasons)
        self.first_lines = report.first_lines | self.first_lines
        self.last_line = chunk.records[-1].line
        if self.verdicts:
            names = {record.line: record.message_id for record in chunk.records}
            lines = ({**v._asdict(), "message_id": names[v.line]} for v in taken.verdicts)
            self.verdicts.writelines(msgspec.json.encode(line) + b"\n" for line in lines)

    def close(self) -> None:
        """Let go of verdicts that nobody will read."""
        if self.verdicts:
            self.verdicts.close()

    def receipt(self, source: str) -> BulkReceipt:
        names = ("lines", "accepted", "duplicates", "conflicts", "quarantined")
        return BulkReceipt(
            source=source,
            **{name: self.counts[name] for name in names},
            reasons=dict(self.reasons.most_common()),
            first_lines=self.first_lines,
        )


@router.post(
    "/v1/events/bulk",
    responses=documented(400, 401, 403, 413, 415, 422, 500, 503, 507),
    response_model=BulkAnswer,
    openapi_extra={"requestBody": {"required": True, "content": {MEDIA: {"schema": {"type": "string"}}}}},
)
async def post_bulk(
    request: Request,
    sender: Sender,
    after: BackgroundTasks,
    folding: Folder,
    source: Annotated[str, Query(max_length=200, description="Where the events come from")],
    verdicts: Annotated[bool, Query(description="Answer with one verdict for each line, as NDJSON")] = False,
) -> BulkAnswer | StreamingResponse:
    """Log events as in `POST /v1/events`, one JSON object on each line, gzip or not, up to 1 GiB.

    The body is read as it comes and logged 500 lines at a time: each such part is on disk before the next is read.
    A line that cannot be used lies in quarantine with its number. Sending the whole body again is safe.
    """
    name = checked_source(source)
    expect_media(request, MEDIA, "application/ndjson", "application/jsonl", "application/x-jsonlines")
    tally = _Tally(verdicts=verdicts)
    async with AsyncExitStack() as broken_off:  # tasks for afterwards do not run after an error
        broken_off.push_async_callback(run_in_threadpool, _fold_stored, folding, sender)
        broken_off.callback(tally.close)
        try:
            async for chunk in _chunks(request):
                taken = await run_in_threadpool(_take, sender, name, chunk)
                await run_in_threadpool(tally.add, chunk, taken)
        except (UnderstoryError, HTTPException) as error:
            raise _with_progress(error, tally) from None
        broken_off.pop_all()
    after.add_task(folding.follow, sender.workspace)
    if tally.verdicts is None:
        return BulkAnswer(data=tally.receipt(name), as_of=sender.now)
    tally.verdicts.seek(0)
    return StreamingResponse(_sent(tally.verdicts), media_type=MEDIA)


async def _chunks(request: Request) -> AsyncIterator[Chunk]:
    chunker = Chunker()
    async for piece in read_pieces(request, limit=MAX_BULK):
        for chunk in chunker.add(piece):
            yield chunk
    for chunk in chunker.end():
        yield chunk


def _take(sender: Caller, source: str, chunk: Chunk) -> Taken:
    return sender.pipeline.take(sender.workspace, source, chunk.records, now=sender.now)


def _fold_stored(folding: Folding, sender: Caller) -> None:
    with suppress(UnderstoryError):  # the caller is to hear of the first error; the next run folds what this left
        folding.follow(sender.workspace)


def _with_progress(error: UnderstoryError | HTTPException, tally: _Tally) -> UnderstoryError | HTTPException:
    """The same error, saying what is stored already."""
    if not tally.last_line:
        return error
    stored = f"; lines 1 to {tally.last_line} are stored, and sending the whole body again is safe"
    if isinstance(error, HTTPException):
        return HTTPException(error.status_code, error.detail + stored)
    return type(error)(f"{error}{stored}")


def _sent(verdicts: IO[bytes]) -> Iterator[bytes]:
    with verdicts:
        while part := verdicts.read(1 << 16):
            yield part
