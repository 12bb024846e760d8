"""A real server of embeddings on loopback, with a small embedder behind it, that can be made to answer badly."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from app.text.embedder import Embedder, HashingEmbedder


class EmbeddingService:
    """What the server would say, and what it was asked."""

    def __init__(self, embedder: Embedder | None = None) -> None:
        self.embedder: Embedder = embedder or HashingEmbedder(32)
        self.models = ["small"]
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.status = 200
        self.body: bytes | None = None
        self.url = ""

    def models_answer(self) -> dict[str, Any]:
        return {"object": "list", "data": [{"id": name, "object": "model", "root": "/m"} for name in self.models]}

    def vectors_answer(self, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(request)
        vectors = self.embedder.embed(request["input"])
        rows = [{"object": "embedding", "index": i, "embedding": v.tolist()} for i, v in enumerate(vectors)]
        return {"object": "list", "model": request["model"], "data": rows[::-1], "usage": {"total_tokens": 1}}


@contextmanager
def serving(service: EmbeddingService, port: int = 0) -> Iterator[str]:
    """The URL at which it answers, ending in /v1."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(service))
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield service.url
    finally:
        server.shutdown()
        server.server_close()


def _handler(service: EmbeddingService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(service.models_answer())

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            self._answer(service.vectors_answer(json.loads(self.rfile.read(length))))

        def _answer(self, said: dict[str, Any]) -> None:
            service.keys.append(self.headers.get("authorization"))
            body = service.body if service.body is not None else json.dumps(said).encode()
            self.send_response(service.status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: Any) -> None:
            """Say nothing."""

    return Handler
