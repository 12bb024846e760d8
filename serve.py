"""Serve API and console on one port: settings -> bootstrap -> one ASGI app -> uvicorn. `python serve.py --help`.

With `--llm cpu` a vLLM server of our own runs beside it; the composer answers whenever that one does not.
"""

import argparse
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import NamedTuple, NoReturn

from pydantic import ValidationError

from app.config import SMALL_MODEL, TINY_MODEL, VLLM_PYTHON, Settings
from app.errors import InvalidInput, UnderstoryError
from app.llm.failures import place
from app.llm.server import ServerChild, free_port, read_mark, vllm_command

OURS = "cpu"
"""The word in place of a URL that asks for a model server of our own."""


class Start(NamedTuple):
    """What is to be served, and the model server to run beside it."""

    settings: Settings
    server: ServerChild | None = None


def main() -> None:
    """Run until interrupted. What the user can mend is one line on stderr and exit 2, before any heavy import."""
    try:
        serve(*read_start())
    except UnderstoryError as error:
        print(f"understory: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)


def serve(settings: Settings, server: ServerChild | None) -> None:
    """Wire the product and answer requests until interrupted; the model server comes up meanwhile."""
    from app.api.app import Fronts, create_app
    from app.api.server import LOOPBACK, bind, demo_key, run, welcome
    from app.bootstrap import build, load_demo
    from app.console.app import create_console
    from app.jobs.learning import learning
    from app.jobs.reflections import reflecting
    from app.jobs.warming import warm

    listener = bind(settings.host, settings.port)
    with server or nullcontext():
        app = build(settings)
        if settings.workspace == "demo":
            load_demo(app, now=datetime.now(UTC), progress=say)
        shown = app.pipeline.access.workspace(settings.workspace)
        api = create_app(app)

        def get_ready() -> None:
            api.state.folding.follow_all()
            warm(app.pipeline, shown, now=_now())

        Thread(target=get_ready, daemon=True).start()
        # The console has no sign-in yet, so nobody beyond this machine may reach it.
        front = Fronts(api, create_console(app)) if settings.host in LOOPBACK else api
        with demo_key(app) as key, reflecting(app.pipeline, _now), learning(app.pipeline, _now):
            run(front, listener, greeting=f"{welcome(app, key)}\n  model    {_rungs(settings, server)}")


def _now() -> datetime:
    return datetime.now(UTC)


def say(line: str) -> None:
    """Progress for a person."""
    print(f"understory: {line}", flush=True)


def read_start() -> Start:
    """Command line over environment over defaults."""
    given = vars(_parser().parse_args())
    llm, model = given.pop("llm", None), given.pop("llm_model", None)
    if llm == OURS:
        return _with_own_server(_settings(given), Path(model) if model else None)
    if llm == "none":
        given = {"llm_url": "", "small_llm_url": "", **given}
    elif llm:
        given["llm_url"] = llm
    return Start(_settings(given | ({"llm_model": model} if model else {})))


def _with_own_server(settings: Settings, folder: Path | None) -> Start:
    """Settings that name a vLLM child on a free port, as the rung that its model is made for."""
    folder = folder or (SMALL_MODEL if (SMALL_MODEL / "config.json").exists() else TINY_MODEL)
    mark, port = read_mark(folder), free_port()
    command = vllm_command(VLLM_PYTHON, folder, mark.name, port)
    server = ServerChild(command, port, log=settings.data_dir / "vllm.log", say=say)
    prefix = "small_llm" if mark.rung == "small" else "llm"
    return Start(settings.model_copy(update={f"{prefix}_url": server.url, f"{prefix}_model": mark.name}), server)


def _rungs(settings: Settings, server: ServerChild | None) -> str:
    """Who will speak, for people."""
    named = {
        "large": (settings.llm_url, settings.llm_model),
        "small": (settings.small_llm_url, settings.small_llm_model),
    }
    rungs = [f"{rung} rung {model} at {place(url)}" for rung, (url, model) in named.items() if url]
    if not rungs:
        return "none: the composer tells everything (--llm cpu, or --llm URL --llm-model NAME)"
    return ", ".join(rungs) + ("; starting, the composer answers until it is ready" if server else "")


def _settings(given: dict[str, str]) -> Settings:
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        fault = error.errors()[0]
        raise InvalidInput(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from None


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineErrors(description="Serve the Understory API and console.", argument_default=argparse.SUPPRESS)
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on (default 8000)")
    parser.add_argument("--data", dest="data_dir", metavar="DIR", help="data folder (default data)")
    parser.add_argument("--workspace", metavar="NAME", help="workspace that the console shows (default demo)")
    parser.add_argument(
        "--llm",
        metavar="cpu|URL|none",
        help="cpu: start and watch a vLLM of our own; URL: an OpenAI-compatible server that runs; default none",
    )
    parser.add_argument(
        "--llm-model",
        metavar="DIR|NAME",
        help="with cpu a model folder (default the shipped one, else .models/tiny), with a URL the served name",
    )
    parser.add_argument(
        "--small-llm", dest="small_llm_url", metavar="URL", help="server of a small model, which only chooses"
    )
    parser.add_argument("--small-llm-model", metavar="NAME", help="its served name")
    parser.add_argument(
        "--embedder",
        metavar="DIR|URL",
        help="what past campaigns are found by: a folder with a sentence-transformers model, or the URL of an "
        "OpenAI-compatible server of embeddings; default the shipped one",
    )
    parser.add_argument("--embedder-model", metavar="NAME", help="name of the served embedding model, of several")
    return parser


class _OneLineErrors(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"{message}; see `python serve.py --help`")


if __name__ == "__main__":
    main()
