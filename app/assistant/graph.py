"""The agent's graph: plan one tool call, run the tool, end with what it said; a person stands before each creation.

    question -> plan -> reading tool -> end
                             |
                             +- something would be created -> [a person] -> acting tool -> end

The same graph runs with and without a language model: its chat model is the planner. It is imported by `agent.py`
when the first question comes, because its libraries take a second to load.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, get_args

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain.agents.middleware.human_in_the_loop import InterruptOnConfig
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.types import Command
from langsmith.run_helpers import tracing_context

from app.assistant.history import Decision
from app.assistant.notebook import Notebook
from app.assistant.schemas import Intent, Pending, Reply, Understood

ACTIONS: tuple[str, ...] = get_args(Pending.model_fields["action"].annotation)
"""The tools that create something: none of them runs before a person has said yes."""
_CONFIG: RunnableConfig = {"configurable": {"thread_id": "turn"}, "recursion_limit": 16}


class Work(Protocol):
    """What the steps of one run do; `one_turn.py` does it."""

    def plan(self) -> Understood:
        """What the question asks for."""
        ...

    def answer(self, understood: Understood) -> Reply:
        """The answer; nothing is created. What would be is its `pending`."""
        ...

    def carry_out(self, pending: Pending) -> Reply:
        """Do what a person has approved."""
        ...


class PlannerModel(BaseChatModel):
    """The graph's chat model: it calls the tool that the plan names, then what the answer proposes, then ends."""

    work: Any
    """A `Work`; protocols cannot be validated."""

    @property
    def _llm_type(self) -> str:
        return "planner"

    def bind_tools(self, tools: Sequence[Any], **more: Any) -> Runnable[LanguageModelInput, AIMessage]:
        """The planner knows its tools."""
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **more: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next(messages[-1]))])

    def _next(self, last: BaseMessage) -> AIMessage:
        if isinstance(last, HumanMessage):
            understood: Understood = self.work.plan()
            return _call(understood.intent, understood.model_dump(mode="json"), "plan")
        proposed = reply_in(last)
        if proposed and proposed.pending and last.name not in ACTIONS:
            pending = proposed.pending
            return _call(pending.action, pending.model_dump(mode="json"), pending.pending_id)
        return AIMessage(last.text)


def begin(work: Work, question: str, notebook: Notebook) -> Reply:
    """Run a question until it is answered; a run that needs a person stops there, after the answer that says so."""
    reply = run(PlannerModel(work=work), work, {"messages": [HumanMessage(question)]}, notebook)
    if reply is None:
        raise RuntimeError("the agent ended without an answer")
    return reply


def resume(work: Work, decision: Decision, notebook: Notebook) -> Reply | None:
    """Go on from where a run stopped, with what the person said; no reply where that was no."""
    return run(PlannerModel(work=work), work, Command(resume={"decisions": [{"type": decision}]}), notebook)


def run(model: BaseChatModel, work: Work, start: Any, notebook: Notebook) -> Reply | None:
    """What the last tool said before the run ended, or stopped for a person; None when none ran."""
    agent = create_agent(
        model,
        _tools(work),
        middleware=[HumanInTheLoopMiddleware(dict.fromkeys(ACTIONS, _A_PERSON))],
        checkpointer=notebook,
    )
    reply = None
    with tracing_context(enabled=False):  # whatever the environment says, no question leaves this machine
        for update in agent.stream(start, _CONFIG, stream_mode="updates", durability="exit"):
            reply = next(_replies(update), reply)
    return reply


_A_PERSON = InterruptOnConfig(allowed_decisions=["approve", "reject"])


def _tools(work: Work) -> list[BaseTool]:
    def answer(**fields: Any) -> tuple[str, object]:
        return _said(work.answer(Understood(**fields)))

    def act(**fields: Any) -> tuple[str, object]:
        return _said(work.carry_out(Pending(**fields)))

    reading = [_tool(intent, "Reads, and creates nothing.", Understood, answer) for intent in Intent]
    return [*reading, *(_tool(name, "Needs a person's yes.", Pending, act) for name in ACTIONS)]


def _tool(name: str, description: str, takes: type[Understood] | type[Pending], work: Any) -> BaseTool:
    return StructuredTool.from_function(
        work, name=name, description=description, args_schema=takes, response_format="content_and_artifact"
    )


def _said(reply: Reply) -> tuple[str, object]:
    """A reply as a message's text, and whole, as plain data."""
    return reply.text, reply.model_dump(mode="json")


def _call(name: str, arguments: dict[str, Any], call_id: str) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": call_id, "type": "tool_call"}])


def _replies(update: dict[str, Any]) -> Iterator[Reply]:
    for message in (update.get("tools") or {}).get("messages", ()):
        found = reply_in(message)
        if found:
            yield found


def reply_in(message: BaseMessage) -> Reply | None:
    """The reply that a tool's message carries; none where a person said no."""
    if isinstance(message, ToolMessage) and message.artifact is not None:
        return Reply.model_validate(message.artifact)
    return None
