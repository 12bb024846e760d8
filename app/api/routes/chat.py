"""Ask the assistant, read what was asked before, decide on what waits. A reader's key may ask, an editor's decides."""

from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Query, Request
from pydantic import AfterValidator, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from app.access.schemas import Role
from app.api.answers import READ_PROBLEMS, Answer, fallback_warning, of_story
from app.api.body_schema import takes
from app.api.chat_stream import MEDIA_TYPE, streamed
from app.api.deps import Body, Caller, Folder, Parts, View, Viewing, allowed, plain_text
from app.api.problems import documented
from app.assistant.agent import MAX_MESSAGE, Answered, checked
from app.assistant.asking import Asking
from app.assistant.history import Conversation, Turn
from app.assistant.one_turn import Heard
from app.assistant.schemas import Reply
from app.errors import InvalidInput
from app.schema import Frozen, Lang

router = APIRouter(prefix="/v1/chat", tags=["assistant"], responses=READ_PROBLEMS)

MAX_ROWS = 200
MAX_ID = 60
MAX_REF = 300
T = TypeVar("T", bound=Frozen)
Viewer = Annotated[Caller, Depends(allowed(Role.VIEWER))]
Editor = Annotated[Caller, Depends(allowed(Role.EDITOR))]
ConversationId = Annotated[str, Path(max_length=MAX_ID), AfterValidator(plain_text)]


class Question(Frozen):
    """What is asked."""

    message: Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE)]
    """In Chinese or English."""
    conversation_id: Annotated[str, Field(min_length=1, max_length=MAX_ID)] | None = None
    """Of an earlier answer, to go on; without it a new conversation begins."""
    on_screen: Annotated[str, Field(min_length=1, max_length=MAX_REF)] | None = None
    """The customer that `this` in the message means."""
    lang: Lang | None = None
    """Language of the answer; that of the message when absent."""


class Said(Frozen):
    """What a person says to something that waits."""

    pending_id: Annotated[str, Field(min_length=1, max_length=MAX_ID)]
    decision: Literal["approve", "reject"]


class ChatAnswer(Reply):
    """An answer with its place."""

    conversation_id: str
    turn: int


class Talk(Frozen):
    """A conversation with its turns."""

    conversation: Conversation
    turns: tuple[Turn, ...]


@router.post("", openapi_extra=takes(Question), responses=documented(409), response_model=Answer[ChatAnswer])
async def ask(body: Body, view: Viewing, viewer: Viewer, parts: Parts, request: Request) -> object:
    """Answer a question, and keep both. With `Accept: text/event-stream` the answer comes as events.

    Nothing is created: what would be comes back as `pending` and waits for POST /v1/chat/ID/decisions.
    """
    asked = _read(Question, body, "message, and if you like conversation_id, on_screen and lang")
    message = checked(asked.message)
    asking = _asking(view, viewer, on_screen=asked.on_screen and _plain("on_screen", asked.on_screen))
    lang = asked.lang or (view.lang if "lang" in request.query_params else None)
    if asked.conversation_id:
        await run_in_threadpool(parts.assistant.conversation, view.workspace.workspace_id, asked.conversation_id)

    def work(heard: Heard) -> Answer[ChatAnswer]:
        return _answer(
            parts.assistant.ask(asking, message, conversation_id=asked.conversation_id, lang=lang, heard=heard)
        )

    if MEDIA_TYPE in request.headers.get("accept", ""):
        return StreamingResponse(streamed(request, work), media_type=MEDIA_TYPE)
    return await run_in_threadpool(work, lambda _: None)


@router.get("", dependencies=[Depends(allowed(Role.VIEWER))])
def conversations(
    view: Viewing, parts: Parts, limit: Annotated[int, Query(ge=1, le=MAX_ROWS)] = 50
) -> Answer[tuple[Conversation, ...]]:
    """The workspace's conversations, the one that was last added to first."""
    found = parts.assistant.conversations(view.workspace.workspace_id, limit=limit)
    return Answer(data=found, as_of=view.as_of)


@router.get("/{conversation_id}", dependencies=[Depends(allowed(Role.VIEWER))])
def conversation(conversation_id: ConversationId, view: Viewing, parts: Parts) -> Answer[Talk]:
    """What was asked, answered and decided in one conversation."""
    assistant, workspace_id = parts.assistant, view.workspace.workspace_id
    turns = assistant.turns(workspace_id, conversation_id)
    found = Talk(conversation=assistant.conversation(workspace_id, conversation_id), turns=turns)
    return Answer(data=found, as_of=view.as_of)


@router.delete("/{conversation_id}")
def forget(conversation_id: ConversationId, editor: Editor, parts: Parts) -> Answer[Conversation]:
    """Erase a conversation with all its turns; what waits in it can no longer be approved."""
    gone = parts.assistant.forget(editor.workspace.workspace_id, conversation_id)
    return Answer(data=gone, as_of=editor.now)


@router.post("/{conversation_id}/decisions", status_code=201, responses=documented(409), openapi_extra=takes(Said))
def decide(
    conversation_id: ConversationId,
    body: Body,
    view: Viewing,
    editor: Editor,
    parts: Parts,
    after: BackgroundTasks,
    folding: Folder,
) -> Answer[ChatAnswer]:
    """Do what waits, or leave it undone. 409 when it was decided before."""
    said = _read(Said, body, "pending_id and decision: approve or reject")
    found = parts.assistant.decide(_asking(view, editor), conversation_id, said.pending_id, said.decision)
    after.add_task(folding.follow, editor.workspace)
    return _answer(found)


def _asking(view: View, caller: Caller, *, on_screen: str | None = None) -> Asking:
    return Asking(
        view.workspace, as_of=view.as_of, now=view.now, by=f"key {caller.key_id}", on_screen=on_screen, role=caller.role
    )


def _answer(found: Answered) -> Answer[ChatAnswer]:
    reply = found.reply
    fields = {name: getattr(reply, name) for name in Reply.model_fields}
    return Answer(
        data=ChatAnswer.unchecked(**fields, conversation_id=found.conversation_id, turn=found.turn),
        as_of=reply.as_of,
        provenance=of_story(reply.provenance),
        warnings=(*fallback_warning(reply.provenance.fallback_reason), *reply.warnings),
    )


def _plain(field: str, text: str) -> str:
    try:
        return plain_text(text)
    except ValueError as error:
        raise InvalidInput(f"{field}: {error}") from None


def _read(wanted: type[T], body: object, needed: str) -> T:
    try:
        return wanted.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidInput(f"{where}: {first['msg']}; send {needed}") from None
