"""Runs a command and ends it, with all that it started, when its owner closes our standard input or dies.

Started as a script in a session of its own (`app/llm/server.py`), so that its process group holds exactly the
command's family: a server killed with -9 leaves no engine behind, and an owner killed with -9 leaves no server.
Standard library only.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

GRACE_S = 5.0
"""Seconds that the command has to end by itself."""


def watch(command: Sequence[str]) -> None:
    """Run `command` until it ends or our owner does; then kill the whole group, ourselves included."""
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    for ends in (child.wait, sys.stdin.buffer.read):  # a read from our owner returns when it closes or dies
        threading.Thread(target=_then, args=(ends, over), daemon=True).start()
    over.wait()
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_S)
    os.killpg(0, signal.SIGKILL)


def _then(ends: Callable[[], object], over: threading.Event) -> None:
    ends()
    over.set()


if __name__ == "__main__":
    watch(sys.argv[1:])
