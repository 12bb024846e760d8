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


def test_the_queue_is_shown_and_worked_off(command: Run, folder: Path) -> None:
    where = ("--workspace", "shop", "--data", folder)
    code, out, _ = command("queue", "--team", "service_desk", "--json", *where)
    found = json.loads(out)
    assert code == 0
    first, second = (item["customer_id"] for item in found["items"][:2])
    assert command("queue", "done", first, "--by", "Li", *where)[0] == 0
    code, out, _ = command("queue", "later", second, "--by", "Li", "--reason", "on leave", "--days", "4", *where)
    assert (code, out.split()[1]) == (0, "later")
    code, out, _ = command("queue", "--lang", "en", *where)
    assert code == 0
    assert "1 done, 20 a day" in out
    assert "1 resting" in out
    assert "1 snoozed" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("queue", "--team", "nobody"), "use one of messages, service_desk"),
        (("queue", "--day", "soon"), "use a date"),
        (("queue", "done", "nobody", "--by", "Li"), "no customer 'nobody'"),
        (("queue", "done", "user_id:u000", "--by", "Li"), "not on the queue"),
    ],
)
def test_what_cannot_be_done_is_one_line(command: Run, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = command(*arguments, "--workspace", "shop", "--data", folder)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
