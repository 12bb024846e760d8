"""Questions read by a served model's planner, in a workspace of their own that holds nothing."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from app.access.schemas import Workspace
from app.assistant.asking import Asking
from app.assistant.planner import Planner
from app.assistant.router import Router
from app.assistant.schemas import Understood
from app.bootstrap import PROMPTS
from app.config import Settings
from app.database.engine import Database
from app.database.migrate import upgrade
from app.llm.chat_model import About
from app.llm.prompts import PromptLibrary
from app.llm.vllm import OpenAICompatibleModel
from app.strategy.audiences.store import SegmentStore
from app.text.taxonomy import Taxonomy

WORKSPACE = Workspace(workspace_id="evals")
PATIENCE_S = 120.0
"""For one answer: the figures are about answers, not about deadlines on a busy machine."""


@contextmanager
def planner(base_url: str, model: str, router: Router, taxonomy: Taxonomy) -> Iterator[Planner]:
    """The planner over a model that speaks the OpenAI protocol at `base_url`."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Settings(data_dir=Path(folder), database_url="").resolved_database_url())
        try:
            upgrade(database)
            served = OpenAICompatibleModel(base_url, model, timeout_s=PATIENCE_S)
            yield Planner(router, taxonomy, SegmentStore(database), PromptLibrary(PROMPTS), served)
        finally:
            database.close()


def reader(planned: Planner, as_of: datetime) -> Callable[[str], Understood]:
    """How a question is read at a moment."""
    asking = Asking(WORKSPACE, as_of, as_of, by="evals")
    about = About(WORKSPACE.workspace_id, "conversation:evals")
    return lambda text: planned.understand(text, asking, about, lang=None)
