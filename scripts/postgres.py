"""Run a command beside a private PostgreSQL server: `python scripts/postgres.py COMMAND ...`.

The server is the machine's own PostgreSQL, with a new data folder and a socket that nobody else can open; it flushes
every commit, as in production, and is gone when the command ends. The command finds it as POSTGRES_URL.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

DEBIAN = Path("/usr/lib/postgresql")
NAME = "understory"
START_S, STOP_S = 60, 30
SETTINGS = ("listen_addresses=", "fsync=on", "synchronous_commit=on", "max_connections=200", "log_min_messages=fatal")


def main() -> None:
    """The command's own exit status; 2 with one line when no server can be had."""
    if not sys.argv[1:]:
        _stop("name a command to run: scripts/postgres.py COMMAND ...")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped with us
    with server() as url:
        status = subprocess.run(sys.argv[1:], env=os.environ | {"POSTGRES_URL": url}).returncode
    sys.exit(status)


@contextmanager
def server() -> Iterator[str]:
    """The URL of an empty server that runs while the block does."""
    binaries, owner = _binaries(), _owner()
    folder = Path(tempfile.mkdtemp(prefix="understory-postgres-"))
    if owner:
        shutil.chown(folder, owner, owner)
    data = folder / "data"
    try:
        made = [f"--pgdata={data}", f"--username={NAME}", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        _run([binaries / "initdb", *made], owner)
        with _running([binaries / "postgres", "-D", data, "-k", folder, *(f"-c{s}" for s in SETTINGS)], owner, folder):
            _wait([binaries / "pg_isready", "-h", folder], folder)
            yield f"postgresql://{NAME}@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(command: list[Path | str], owner: str | None, folder: Path) -> Iterator[None]:
    """The server process; a fast shutdown in the end, a hard one when that hangs."""
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, cwd=folder, **_as(owner))
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait(STOP_S)


def _wait(asking: list[Path | str], folder: Path) -> None:
    deadline = time.monotonic() + START_S
    while subprocess.run(asking, capture_output=True).returncode != 0:
        if time.monotonic() > deadline:
            _stop(f"the server does not answer; it said: {(folder / 'server.log').read_text()[-500:]}")
        time.sleep(0.05)


def _run(command: list[Path | str], owner: str | None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", **_as(owner))
    if done.returncode != 0:
        _stop(f"{Path(command[0]).name} failed: {done.stderr.strip()[-500:]}")


def _as(owner: str | None) -> dict[str, object]:
    return {"user": owner, "group": owner, "extra_groups": []} if owner else {}


def _owner() -> str | None:
    """PostgreSQL refuses to run as root; the package's own user does it then."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        _stop("run as root, PostgreSQL needs the user 'postgres': apt-get install postgresql makes it")


def _binaries() -> Path:
    """The newest PostgreSQL from 15 on: Debian's folder, or wherever `postgres` is on the PATH."""
    found = [folder for folder in DEBIAN.glob("*/bin") if (folder / "initdb").exists() and _number(folder) >= 15]
    if found:
        return max(found, key=_number)
    on_path = shutil.which("postgres")
    if on_path is None:
        _stop("no PostgreSQL 15 or newer on this machine: apt-get install postgresql (Debian 12: postgresql-15)")
    return Path(on_path).resolve().parent


def _number(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def _stop(text: str) -> NoReturn:
    print(f"postgres: {' '.join(text.split())}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
