import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.factories_acting import a_quiet_shop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quiet")
    a_quiet_shop(folder).database.close()
    return folder


def test_a_plan_is_drafted_confirmed_and_handed_out(command: Run, folder: Path, tmp_path: Path) -> None:
    where = ("--workspace", "shop", "--data", folder)
    code, out, err = command("plan", "orders >= 25", "--budget", "500.50", "--channel", "email=9", "--json", *where)
    assert (code, err) == (0, "")
    drafted = json.loads(out)["plan"]
    assert drafted["given"] <= 9
    assert drafted["wish"]["budget_minor"] == 50_050
    assert drafted["status"] == "draft"
    file = tmp_path / "messages.jsonl"
    code, _, err = command("plan", drafted["plan_id"], "--confirm", "--by", "Li", "--out", file, *where)
    assert (code, err) == (0, "")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == drafted["given"]
    assert {line["channel"] for line in lines} == {"email"}
    code, out, _ = command("plan", drafted["plan_id"], "--lang", "en", *where)
    assert code == 0
    assert "(confirmed)" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plan", "orders >= 1"), "give --budget for a new plan"),
        (("plan", "orders >= 1", "--budget", "much"), "not a number"),
        (("plan", "orders >= 1", "--budget", "-1"), "--budget -1"),
        (("plan", "orders >= 1", "--budget", "0.001"), "smaller than 0.01"),
        (("plan", "orders >= 1", "--budget", "1e400"), "--budget 1e400"),
        (("plan", "orders >=", "--budget", "5", "--lang", "en"), "character 10"),
        (("plan", "orders >= 1", "--budget", "5", "--channel", "fax"), "--channel fax"),
        (("plan", "orders >= 1", "--budget", "5", "--channel", "sms=x"), "--channel sms=x"),
        (("plan", "orders >= 1", "--budget", "5", "--holdout", "1"), "--holdout"),
        (("plan", "orders >= 99999", "--budget", "5"), "nobody is in it"),
    ],
)
def test_what_cannot_be_planned_is_one_line(command: Run, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = command(*arguments, "--workspace", "shop", "--data", folder)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert said in err
