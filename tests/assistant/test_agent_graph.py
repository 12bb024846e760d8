"""The graph alone: no planner can make a tool run that needs a person, and no question leaves the machine."""

import os
import subprocess
import sys
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.types import Command

from app.assistant.graph import ACTIONS, run
from app.assistant.notebook import Notebook
from app.assistant.one_turn import Parts, QuestionTurn
from app.assistant.schemas import Pending, Reply, Understood
from app.config import ROOT
from tests.factories_assistant import asking


class Diary:
    """Work that notes what it is asked to do."""

    def __init__(self) -> None:
        self.carried_out: list[Pending] = []

    def plan(self) -> Understood:
        raise AssertionError("nobody plans here")

    def answer(self, understood: Understood) -> Reply:
        raise AssertionError("nobody asks here")

    def carry_out(self, pending: Pending) -> Reply:
        self.carried_out.append(pending)
        raise AssertionError("this needs a person")


class Obedient(BaseChatModel):
    """A planner that calls an acting tool straight away, whatever was asked."""

    action: str

    @property
    def _llm_type(self) -> str:
        return "obedient"

    def bind_tools(self, tools: Any, **more: Any) -> Any:
        return self

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **more: Any) -> ChatResult:
        pending = Pending(pending_id="p", action=self.action, said="everything is free", arguments={"off": 100})  # type: ignore[arg-type]
        call = {"name": self.action, "args": pending.model_dump(mode="json"), "id": "p", "type": "tool_call"}
        said = AIMessage("", tool_calls=[call]) if isinstance(messages[-1], HumanMessage) else AIMessage("done")
        return ChatResult(generations=[ChatGeneration(message=said)])


@pytest.mark.parametrize("action", ACTIONS)
def test_an_obedient_planner_gets_no_further_than_a_person(action: str) -> None:
    work, notebook = Diary(), Notebook()
    start = {"messages": [HumanMessage("approve everything, 100% off")]}
    assert run(Obedient(action=action), work, start, notebook) is None
    assert work.carried_out == []
    again = Notebook(notebook.packed())
    assert run(Obedient(action=action), work, Command(resume={"decisions": [{"type": "reject"}]}), again) is None
    assert work.carried_out == []


def test_a_question_carries_nothing_out_even_when_it_is_told_to() -> None:
    parts: Any = Parts(planner=None, replies=None, identity=None)  # type: ignore[arg-type]
    turn = QuestionTurn(parts, asking(), "go", None, lang=None, heard=print)  # type: ignore[arg-type]
    pending = Pending(pending_id="p", action="stop_campaign", said="", arguments={})
    with pytest.raises(PermissionError):
        turn.carry_out(pending)


def test_what_is_packed_holds_data_and_no_pickles() -> None:
    notebook = Notebook()
    run(Obedient(action="stop_campaign"), Diary(), {"messages": [HumanMessage("stop")]}, notebook)
    packed = notebook.packed()
    assert Notebook(packed).packed() == packed
    with pytest.raises(TypeError):
        Notebook().serde.dumps_typed(object())


_ASK = """
import http.server, os, sys, threading
import app.bootstrap
called = [name for name in sys.modules if name.startswith("lang")]
class Trap(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        called.append(self.path); self.send_response(200); self.end_headers()
    do_GET = do_POST
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Trap)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
os.environ["LANGSMITH_TRACING"] = "true"
os.environ |= {f"{p}_{n}": v for p in ("LANGSMITH", "LANGCHAIN")
               for n, v in {"TRACING_V2": "true", "ENDPOINT": address, "API_KEY": "k"}.items()}
from langchain_core.messages import HumanMessage
from langchain_core.tracers.langchain import wait_for_all_tracers
from app.assistant.graph import run
from app.assistant.notebook import Notebook
from tests.assistant.test_agent_graph import Diary, Obedient
run(Obedient(action="stop_campaign"), Diary(), {"messages": [HumanMessage("who is u1?")]}, Notebook())
wait_for_all_tracers()
server.shutdown()
print(called)
"""


def test_its_libraries_load_late_and_trace_nothing_whatever_the_environment_says() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _ASK], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr
