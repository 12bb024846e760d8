"""Listening on a port and saying so: the few lines between an ASGI app and uvicorn."""

import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import uvicorn
from starlette.types import ASGIApp

from app.access.schemas import Role
from app.bootstrap import App
from app.errors import InvalidInput

LOOPBACK = ("127.0.0.1", "localhost")


def bind(host: str, port: int) -> socket.socket:
    """Take the port before anything else is done. InvalidInput says when it is in use."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        taken = socket.socket(family, kind)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InvalidInput(f"port {port} on {host} is in use: stop what runs there, or choose --port") from None
        raise InvalidInput(f"cannot listen on {host} port {port}: {error.strerror}") from None
    return taken


def run(front: ASGIApp, listener: socket.socket, *, greeting: str) -> None:
    """Serve until interrupted or terminated, then return; print `greeting` once requests are answered."""
    config = uvicorn.Config(front, log_level="warning", access_log=False, server_header=False)
    # uvicorn raises the signal once more when it has shut down; as an exception it lets the caller tidy up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        _Server(config, greeting).run([listener])


@contextmanager
def demo_key(app: App) -> Iterator[str]:
    """An editor's key for the demo workspace that is revoked in the end; empty off loopback or for other workspaces."""
    settings, access = app.settings, app.pipeline.access
    if settings.host not in LOOPBACK or settings.workspace != "demo":
        yield ""
        return
    key = access.issue_key(settings.workspace, Role.EDITOR, now=datetime.now(UTC))
    try:
        yield key
    finally:
        access.revoke_key(key, now=datetime.now(UTC))


def welcome(app: App, key: str) -> str:
    """What to do next, for people."""
    settings = app.settings
    address = f"http://{settings.host}:{settings.port}"
    lines = [f"Understory is ready on {address}, workspace {settings.workspace}"]
    if settings.host in LOOPBACK:
        lines.append(f"  console  {address}/  (open a customer, then click a sentence)")
    else:
        lines.append("  console  off: it has no sign-in yet and is served on 127.0.0.1 only")
    lines.append(f"  API      {address}/docs")
    if key:
        lines += [
            f"  key      {key}  (until this server stops)",
            f"  try      curl -H 'Authorization: Bearer {key}' '{address}/v1/customers?limit=3&lang=en'",
        ]
    else:
        lines.append(f"  key      understory keys create --workspace {settings.workspace}")
    return "\n".join(lines)


class _Server(uvicorn.Server):
    """Says where it is once it answers."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self._greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the greeting."""
        await super().startup(sockets)
        print(self._greeting, flush=True)  # noqa: T201
