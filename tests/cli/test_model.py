import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.access.schemas import Workspace
from app.bootstrap import build
from app.config import Settings
from app.llm.chat_model import About, Completion, Message, Question, Sampling
from app.llm.kept_answers import Asker
from app.llm.usage import Usage
from tests.cli.conftest import Run

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose model was asked twice today, once about a customer whose answer is kept."""
    folder = tmp_path_factory.mktemp("asked")
    app = build(Settings(data_dir=folder, llm_url=""))
    app.pipeline.access.ensure(Workspace(workspace_id="shop"))
    books = app.pipeline.rungs.books
    used = Usage(
        day=NOW.date(), model="m-1", calls=2, failed=1, prompt_tokens=1500, completion_tokens=70, cost_micros=1_200_000
    )
    books.usage.count("shop", used)
    question = Question((Message("user", "hello"),), None, Sampling())
    answer = Completion("{}", "stop", "m-1")
    books.answers.keep(question, answer, Asker("large", "m-1"), About("shop", "c_1"), now=NOW)
    app.database.close()
    return folder


def test_use_is_shown_by_day_and_model_with_its_cost(command: Run, folder: Path) -> None:
    where = ("--workspace", "shop", "--data", folder)
    code, out, _ = command("model", "usage", *where)
    assert code == 0
    assert out.splitlines()[1].split() == [str(NOW.date()), "m-1", "2", "1", "1,500", "70", "1.2"]
    found = json.loads(command("model", "usage", "--json", *where)[1])
    assert found["used"][0]["prompt_tokens"] == 1500


def test_a_budget_is_set_shown_and_taken_back(command: Run, folder: Path) -> None:
    where = ("--workspace", "shop", "--data", folder)
    assert "no limit" in command("model", "budget", *where)[1]
    assert "100,000 tokens and a cost of 2.5 a day" in command(
        "model", "budget", "--tokens", "100000", "--cost", "2.50", *where
    )[1]  # fmt: skip
    assert command("model", "budget", "--cost", "none", *where)[1].endswith("models may use 100,000 tokens a day\n")
    assert "no limit" in command("model", "budget", "--usual", *where)[1]


def test_kept_answers_about_a_subject_are_erased(command: Run, folder: Path) -> None:
    where = ("--workspace", "shop", "--data", folder)
    assert command("model", "forget", "c_1", *where)[1] == "1 kept answers about c_1 are erased\n"
    assert command("model", "forget", "c_1", *where)[1] == "0 kept answers about c_1 are erased\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tokens", "many"), "whole number of tokens"),
        (("--tokens", "-1"), "whole number of tokens"),
        (("--cost", "NaN"), "an amount a day"),
        (("--cost", "-2"), "an amount a day"),
    ],
)
def test_a_limit_that_is_none_is_one_line(command: Run, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = command("model", "budget", *arguments, "--workspace", "shop", "--data", folder)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
