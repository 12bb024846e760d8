import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from app.bootstrap import App
from app.cli.main import main


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def understory(demo: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command as its entry point runs it, on the demo shop."""

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["understory", *arguments, "--data", str(demo.settings.data_dir)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    return run


def the_best(understory: Run) -> str:
    ref: str = json.loads(understory("customers", "--limit", "1", "--json").stdout)["rows"][0]["customer_id"]
    return ref


def test_paths_are_told_with_their_sources_day_by_day(understory: Run) -> None:
    told = understory("paths", the_best(understory), "--lang", "en").stdout
    assert told.startswith("Left alone, this customer is expected to spend CN¥")
    assert "Light touch: " in told
    assert "simulated data" in told
    assert re.search(r"│ 90 +│", told)
    in_chinese = understory("paths", the_best(understory), "--lang", "zh").stdout
    assert "轻触达：" in in_chinese
    assert "Light touch" not in in_chinese


def test_json_holds_the_same_paths_and_a_report_is_one_page_that_loads_nothing(understory: Run, tmp_path: Path) -> None:
    page = tmp_path / "paths.html"
    done = understory("paths", the_best(understory), "--lang", "zh", "--json", "--report", str(page))
    found = json.loads(done.stdout)
    html = page.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["paths.html"]
    assert html.count("<svg") == 1
    assert html.count("<polygon") == sum(bool(path["gains"]) for path in found["values"]["paths"])
    assert not re.search(r"(src|href)=|<script|url\(", html)
    assert all(ground["said"] in html for ground in found["grounds"])


@pytest.mark.parametrize(
    "arguments", [("nobody",), ("{best}", "--as-of", "soon"), ("{best}", "--report", "{folder}/no/x.html")]
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(
    understory: Run, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    names = {"best": the_best(understory), "folder": str(tmp_path)}
    done = understory("paths", *(a.format(**names) for a in arguments))
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
