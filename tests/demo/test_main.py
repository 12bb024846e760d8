import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.demo.__main__ import CAMPAIGNS_FILE, event_lines, item_lines, main, write_lines
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
        ["--seed", "99"],
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


def test_the_catalogue_and_the_log_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--seed", "3", "--customers", "1", "--items", "-", "--events", "-"])
    said = capsys.readouterr()
    assert said.out.splitlines() == [*item_lines(DemoShop(3)), *event_lines(DemoShop(3, 1))]
    assert said.err.count("\n") == 2


def test_another_seed_leaves_the_tracked_campaigns_alone() -> None:
    before = CAMPAIGNS_FILE.read_bytes()
    with pytest.raises(SystemExit):
        main(["--seed", "99"])
    assert CAMPAIGNS_FILE.read_bytes() == before


def test_a_file_is_whole_or_as_it_was(tmp_path: Path) -> None:
    def broken() -> Iterator[str]:
        yield "first"
        raise ValueError("no second")

    kept = tmp_path / "kept.jsonl"
    kept.write_text("as it was\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no second"):
        write_lines(kept, broken())
    assert kept.read_text(encoding="utf-8") == "as it was\n"
    assert list(tmp_path.iterdir()) == [kept]


def test_every_line_of_the_catalogue_is_a_product() -> None:
    titles = [json.loads(line)["title"] for line in item_lines(DemoShop(3))]
    assert titles == [item.title for item in DemoShop(3).items()]
