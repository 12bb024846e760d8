from collections.abc import Iterator
from pathlib import Path

import pytest

from app.bootstrap import build
from app.config import Settings
from tests.factories_api import Served


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for a whole module, for questions that must leave nothing behind."""
    app = build(Settings(data_dir=tmp_path_factory.mktemp("shared"), llm_url=""))
    yield Served(app)
    app.database.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    yield Served(app)
    app.database.close()
