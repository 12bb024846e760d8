"""A scripted server that speaks the OpenAI chat API over real HTTP on 127.0.0.1, well or badly on purpose."""

import json
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple

Reply = Callable[[BaseHTTPRequestHandler, threading.Event], None]
"""Writes one response; the event is set when the server stops, so that slow replies end."""


class Received(NamedTuple):
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, object]


class OpenAIServer:
    """Answers each request with the next reply of its script; the last one repeats."""

    def __init__(self, *replies: Reply) -> None:
        self.received: list[Received] = []
        self._replies = list(replies)
        self._stopped = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def __enter__(self) -> "OpenAIServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                server.received.append(
                    Received(self.path, {k.lower(): v for k, v in self.headers.items()}, json.loads(body))
                )
                reply = server._replies[min(len(server.received), len(server._replies)) - 1]
                try:
                    reply(self, server._stopped)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client cut the call off, as it should

            def log_request(self, code: object = "-", size: object = "-") -> None:
                """Keep test output quiet."""

        return Handler


def completion(text: str | None, finish_reason: str = "stop") -> dict[str, object]:
    """The body of a chat completion."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "served-model",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }


def says(text: str | None, finish_reason: str = "stop") -> Reply:
    """A well-formed answer."""
    return sends(json.dumps(completion(text, finish_reason), ensure_ascii=False).encode())


def sends(body: bytes, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> Reply:
    """A response with these very bytes."""

    def reply(handler: BaseHTTPRequestHandler, stopped: threading.Event) -> None:
        handler.send_response(status)
        handler.send_header("content-type", "application/json")
        handler.send_header("content-length", str(len(body)))
        for name, value in headers:
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def drips(gap_s: float) -> Reply:
    """A response that never ends: one byte, a pause, one byte ..."""

    def reply(handler: BaseHTTPRequestHandler, stopped: threading.Event) -> None:
        handler.send_response(200)
        handler.send_header("content-type", "application/json")
        handler.end_headers()
        while not stopped.wait(gap_s):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    return reply


def drips_headers(gap_s: float) -> Reply:
    """The same, before the headers are complete."""

    def reply(handler: BaseHTTPRequestHandler, stopped: threading.Event) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
        while not stopped.wait(gap_s):
            handler.wfile.write(b"a")
            handler.wfile.flush()

    return reply


def keeps_silent() -> Reply:
    """Takes the request and never answers."""

    def reply(handler: BaseHTTPRequestHandler, stopped: threading.Event) -> None:
        stopped.wait()

    return reply


def hangs_up() -> Reply:
    """Closes the connection without a word."""

    def reply(handler: BaseHTTPRequestHandler, stopped: threading.Event) -> None:
        handler.close_connection = True

    return reply
