"""Where a figure comes from: code version, machine, moment, data."""

import hashlib
import os
import platform
import subprocess
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from evals.task import Plain

ROOT = Path(__file__).resolve().parent.parent


def environment(started: datetime, *, seconds: float | None = None) -> dict[str, Plain]:
    """What ran, where and when."""
    found: dict[str, Plain] = {
        "understory": _version("understory"),
        "commit": _commit(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "started_at": started.isoformat(timespec="seconds"),
    }
    return found if seconds is None else found | {"seconds": round(seconds, 1)}


def file_hash(path: Path) -> str:
    """First 16 hex digits of a file's SHA-256."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:16]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
