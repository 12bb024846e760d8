"""Serve API and console on one port: settings -> bootstrap -> one ASGI app -> uvicorn. `python serve.py --help`."""

import argparse
import sys
from datetime import UTC, datetime
from typing import NoReturn

from pydantic import ValidationError

from app.config import Settings
from app.errors import InvalidInput, UnderstoryError


def main() -> None:
    """Run until interrupted. What the user can mend is one line on stderr and exit 2, before any heavy import."""
    try:
        settings = read_settings()
        from app.api.app import Fronts, create_app
        from app.api.server import LOOPBACK, bind, demo_key, run, welcome
        from app.bootstrap import build, load_demo
        from app.console.app import create_console

        listener = bind(settings.host, settings.port)
        app = build(settings)
        if settings.workspace == "demo":
            load_demo(app, now=datetime.now(UTC), progress=lambda line: print(f"understory: {line}", flush=True))
        app.pipeline.access.workspace(settings.workspace)
        api = create_app(app)
        # The console has no sign-in yet, so nobody beyond this machine may reach it.
        front = Fronts(api, create_console(app)) if settings.host in LOOPBACK else api
        with demo_key(app) as key:
            run(front, listener, greeting=welcome(app, key))
    except UnderstoryError as error:
        print(f"understory: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)


def read_settings() -> Settings:
    """Command line over environment over defaults."""
    parser = _OneLineErrors(description="Serve the Understory API and console.", argument_default=argparse.SUPPRESS)
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", help="port to listen on (default 8000)")
    parser.add_argument("--data", dest="data_dir", metavar="DIR", help="data folder (default data)")
    parser.add_argument("--workspace", metavar="NAME", help="workspace that the console shows (default demo)")
    parser.add_argument("--llm", dest="llm_url", metavar="URL", help="base URL of an OpenAI-compatible server")
    parser.add_argument("--llm-model", metavar="NAME", help="name of the served model")
    try:
        return Settings(**vars(parser.parse_args()))
    except ValidationError as error:
        fault = error.errors()[0]
        raise InvalidInput(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}") from None


class _OneLineErrors(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InvalidInput(f"{message}; see `python serve.py --help`")


if __name__ == "__main__":
    main()
