from pathlib import Path

import pytest

from app.demo.__main__ import event_lines, main
from app.demo.shop import DemoShop


@pytest.mark.parametrize(
    "arguments",
    [
        ["--customers", "0"],
        ["--customers", "many"],
        ["--customers", "1000000000"],
        ["--seed", "-1"],
        ["--wording", "C"],
        ["--customers", "1", "--events", "no/such/folder/log.jsonl"],
    ],
)
def test_what_cannot_be_used_is_answered_with_one_line_and_status_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("python -m app.demo: ")


def test_the_log_is_written_as_it_streams(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--seed", "3", "--customers", "2", "--events", str(tmp_path / "log.jsonl")])
    written = (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert written == list(event_lines(DemoShop(3, 2)))
    assert capsys.readouterr().out.startswith(f"{len(written)} events -> ")
