"""An OpenAI-compatible server over real HTTP that can be told to fail, and to be well again."""

import json
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from types import TracebackType
from typing import Final, NamedTuple

from evals.faults.honest import answer

MODEL: Final = "honest-1"
_BREAKS_OFF: Final = struct.pack("ii", 1, 0)


class Turn(NamedTuple):
    """One request to be answered."""

    handler: BaseHTTPRequestHandler
    content: str
    """What an honest model would say."""
    number: int
    """Of the request, counted from 0."""
    over: threading.Event
    """Set when the server ends, so that what hangs ends, too."""

    def send(self, body: bytes, status: int = 200, *, declared: int | None = None, **headers: str) -> None:
        """A response of these bytes; `declared` is the length it claims to have."""
        self.handler.send_response(status)
        self.handler.send_header("content-type", "application/json")
        self.handler.send_header("content-length", str(len(body) if declared is None else declared))
        for name, value in headers.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.wfile.write(body)
        self.handler.wfile.flush()

    def say(self, content: str, *, finish: str = "stop", model: str = MODEL) -> None:
        """A well-formed chat completion."""
        self.send(completion(content, finish=finish, model=model))


Fault = Callable[[Turn], None]


def completion(content: str, *, finish: str = "stop", model: str = MODEL) -> bytes:
    """The body of a chat completion."""
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}
    usage = {"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1000}
    said = {"id": "1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice], "usage": usage}
    return json.dumps(said, ensure_ascii=False).encode()


def _drip(turn: Turn) -> None:
    turn.send(b"", declared=1_000_000)
    while not turn.over.wait(0.1):
        turn.handler.wfile.write(b" ")
        turn.handler.wfile.flush()


def _drip_headers(turn: Turn) -> None:
    turn.handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
    while not turn.over.wait(0.1):
        turn.handler.wfile.write(b"a")
        turn.handler.wfile.flush()


def _reset(turn: Turn) -> None:
    body = completion(turn.content)
    turn.send(body[: len(body) // 2], declared=len(body))
    turn.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _BREAKS_OFF)
    turn.handler.connection.close()


def _truncate(turn: Turn) -> None:
    """Each request loses the end one byte later than the one before."""
    body = completion(turn.content)
    turn.send(body[: turn.number % len(body)], declared=len(body))
    turn.handler.close_connection = True


WELL: Final[dict[str, Fault]] = {
    "well": lambda turn: turn.say(turn.content),
    "think_tags": lambda turn: turn.say(f"<think>\nLet me see {{\n</think>\n\n{turn.content}"),
    "fences": lambda turn: turn.say(f"```json\n{turn.content}\n```"),
    "other_model_name": lambda turn: turn.say(turn.content, model="another-1"),
}
"""Ways of answering that are no faults."""

FAULTS: Final[dict[str, Fault]] = {
    "black_hole": lambda turn: _wait(turn),
    "slow_drip": _drip,
    "slow_headers": _drip_headers,
    "http_500": lambda turn: turn.send(b"{}", 500),
    "http_503_html": lambda turn: turn.send(b"<h1>Bad gateway</h1>", 503),
    "http_429": lambda turn: turn.send(b"{}", 429, retry_after="30"),
    "reset": _reset,
    "truncated": _truncate,
    "empty": lambda turn: turn.say(""),
    "invalid_json": lambda turn: turn.say(turn.content[:-2]),
    "chatter": lambda turn: turn.say(f"Sure! Here it is: {turn.content}"),
    "wrong_schema": lambda turn: turn.say('{"answer": 42}'),
    "whitespace_loop": lambda turn: turn.say("\n" * 20_000, finish="length"),
    "ten_megabytes": lambda turn: turn.say("x" * 10_000_000),
    "not_utf8": lambda turn: turn.send(completion("caf?").replace(b"?", b"\xff\xfe")),
    "html": lambda turn: turn.send(b"<html>It works!</html>"),
    "wrong_model": lambda turn: turn.send(b'{"error": {"message": "no such model", "code": 404}}', 404),
}
"""Ways of failing, by name; `refused` is none of them: then nobody listens (`FaultServer.refusing`)."""


def _wait(turn: Turn) -> None:
    turn.over.wait()


class FaultServer:
    """Answers every request in the way that it was last told; well at first."""

    def __init__(self) -> None:
        """Take a free loopback port."""
        self.received = 0
        self._act, self._over = WELL["well"], threading.Event()
        self._numbers = count()
        self._listen(0)
        self._port = int(self._http.server_address[1])
        self.url = f"http://127.0.0.1:{self._port}/v1"

    def behave(self, fault: str) -> None:
        """Answer in this way from now on; what hangs goes on hanging, as in a network that swallows packets."""
        self._numbers = count()
        refuses = fault == "refused"
        if not refuses:
            self._act = {**WELL, **FAULTS}[fault]
        if refuses and self._listening:
            self._close()
        elif not refuses and not self._listening:
            self._listen(self._port)

    def __enter__(self) -> "FaultServer":
        """It listens already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything that hangs, and listen no more."""
        self._over.set()
        if self._listening:
            self._close()

    def _listen(self, port: int) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._http.daemon_threads = True
        self._listening = True
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def _close(self) -> None:
        self._listening = False
        self._http.shutdown()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                server.received += 1
                act = server._act
                prompt = next(said["content"] for said in asked["messages"] if said["role"] == "user")
                content = answer(prompt, asked.get("response_format", {}).get("json_schema", {}))
                try:
                    act(Turn(self, content, next(server._numbers), server._over))
                except OSError:
                    self.close_connection = True  # the client cut the call off, as it should

            def log_request(self, code: object = "-", size: object = "-") -> None:
                """Keep quiet."""

        return Handler
