"""What the user is told who names a PostgreSQL server that cannot be used; no server is needed for it."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.config import ROOT
from app.database.engine import Database
from app.errors import Busy, InvalidInput


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_every_way_to_write_the_scheme_means_the_same_driver(scheme: str) -> None:
    database = Database(f"{scheme}://someone@127.0.0.1:1/shop?options=-csearch_path%3Dmine")
    assert database.engine.url.drivername == "postgresql+psycopg"
    assert database.engine.dialect.paramstyle == "format"
    assert database.kind == "postgresql"
    database.close()


@pytest.mark.parametrize("url", ["mysql://root@localhost/shop", "shop.db", "postgresql://host:port/shop"])
def test_a_url_that_we_cannot_use_is_told_with_an_example(url: str) -> None:
    with pytest.raises(InvalidInput, match="postgresql://USER:PASSWORD@HOST:PORT/NAME"):
        Database(url)


def test_a_server_that_does_not_run_is_one_line_without_the_password(tmp_path: Path) -> None:
    address = "postgresql://someone:secret@127.0.0.1:1/shop"
    done = cli("customers", "--data", str(tmp_path), UNDERSTORY_DATABASE_URL=address)
    assert done.returncode == 2
    assert "server does not answer" in done.stderr
    assert "secret" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_missing_driver_is_told_with_the_command_that_installs_it(tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ModuleNotFoundError('as where it is not installed', name='psycopg')")
    address = "postgresql://someone@127.0.0.1:1/shop"
    paths = f"{tmp_path}:{ROOT}"
    done = cli("customers", "--data", str(tmp_path), UNDERSTORY_DATABASE_URL=address, PYTHONPATH=paths)
    assert done.returncode == 2
    assert done.stderr == "understory: PostgreSQL needs its driver: pip install 'understory[postgres]'\n"


def test_a_write_to_a_server_that_is_gone_can_be_tried_again() -> None:
    database = Database("postgresql://someone@127.0.0.1:1/shop")
    with pytest.raises(Busy, match="nothing was acknowledged"):
        database.commit_together(lambda connection: connection.exec_driver_sql("SELECT 1"))
    database.close()


def cli(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT, env=environment | {"PATH": "/usr/bin"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
