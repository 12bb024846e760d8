"""What every test shares: no network beyond loopback, and real parts that are small."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from app.bootstrap import App, build, load_demo
from app.config import ROOT, Settings
from app.database.engine import Database
from app.database.migrate import upgrade
from app.text.taxonomy import Taxonomy, load_taxonomy
from tests.databases import SERVER, database_url

# A busy machine is no reason to fail: figures of time live in benches.
hypothesis_settings.register_profile("understory", deadline=None, database=None)
hypothesis_settings.load_profile("understory")

_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: Any) -> None:
    host = address[0] if isinstance(address, tuple) else "unix"
    if host not in ("unix", "127.0.0.1", "::1", "localhost"):
        raise RuntimeError(f"a test tried to reach {host}: tests use no network")
    _connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def no_settings_from_outside() -> None:
    """A developer's .env or environment must not send tests to a real database or model."""
    for name in [n for n in os.environ if n.startswith("UNDERSTORY_")]:
        del os.environ[name]
    Settings.model_config["env_file"] = None


@pytest.fixture(autouse=True, scope="session")
def databases_where_asked(no_settings_from_outside: None) -> Iterator[None]:
    """`make test-postgres` moves the database of every data folder to its server."""
    with pytest.MonkeyPatch.context() as patch:
        if SERVER:
            patch.setattr(
                Settings, "resolved_database_url", lambda self: self.database_url or database_url(self.data_dir)
            )
        yield


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty database with the current schema: a SQLite file, or one on the server of `make test-postgres`."""
    database = Database(database_url(tmp_path))
    upgrade(database)
    yield database
    database.close()


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy(ROOT / "knowledge_base" / "taxonomy.yaml")


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, databases_where_asked: None) -> Iterator[App]:
    """A demo shop of 135 customers behind the real pipeline, made once. Tests read it and leave it as it was."""
    folder = shared_folder(tmp_path_factory) / "demo"
    with made_once(folder):
        app = build(Settings(_env_file=None, data_dir=folder, database_url="", demo_customers=135, llm_url=""))
        load_demo(app, now=datetime(2026, 11, 1, tzinfo=UTC))
    yield app
    app.database.close()


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder of this run that all its processes have in common."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextmanager
def made_once(folder: Path) -> Iterator[None]:
    """One process of a run at a time: who comes first makes what the others find."""
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
