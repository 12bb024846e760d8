"""`understory kb`: import, list, approve, export, as a user types it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.access.schemas import Workspace
from app.bootstrap import build
from app.config import Settings
from app.retrieval.knowledge_base import written
from app.retrieval.schemas import Case, Titles
from tests.cli.conftest import Run
from tests.factories_campaigns import case_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
A, B = case_of("a", n=40), case_of("b", n=40, seed=5)
BILINGUAL = Case(
    campaign=A.campaign.model_copy(update={"titles": Titles(zh="护肤召回", en="Skincare again")}), outcomes=A.outcomes
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with two empty workspaces, and a file of two cases."""
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    for name in ("shop", "demo"):
        app.pipeline.access.ensure(Workspace(workspace_id=name))
    app.database.close()
    (tmp_path / "kb.csv").write_bytes(written([BILINGUAL, B], "csv"))
    return tmp_path


def in_shop(folder: Path) -> tuple[str, ...]:
    return ("-w", "shop", "--data", str(folder))


def listed(command: Run, folder: Path, *more: str) -> list[str]:
    found = json.loads(command("kb", "list", "--json", *more, *in_shop(folder))[1])["campaigns"]
    return [f"{entry['case']['campaign']['campaign_id']} {entry['version']['state']}" for entry in found]


def test_imported_cases_wait_until_somebody_approves_them(command: Run, folder: Path) -> None:
    code, out, _ = command("kb", "import", folder / "kb.csv", *in_shop(folder))
    assert (code, "2 new, 0 changed, 0 unchanged; 2 outcomes" in out) == (0, True)
    assert "2 wait for a person's approval" in out
    assert listed(command, folder) == ["a pending", "b pending"]
    assert command("kb", "approve", "a", "--by", "li", *in_shop(folder))[1] == "1 approved, 0 were so already\n"
    assert command("kb", "reject", "b", "--by", "li", "--note", "old", *in_shop(folder))[0] == 0
    assert listed(command, folder) == ["a approved", "b rejected"]
    assert command("kb", "list", "--pending", *in_shop(folder))[1] == "nothing waits for an approval\n"
    again = command("kb", "import", folder / "kb.csv", *in_shop(folder))[1]
    assert again == "0 new, 0 changed, 2 unchanged; 2 outcomes\n"


def test_a_title_is_shown_in_the_readers_language(command: Run, folder: Path) -> None:
    command("kb", "import", folder / "kb.csv", *in_shop(folder))
    assert "护肤召回" in command("kb", "show", "a", *in_shop(folder))[1]
    shown = command("kb", "show", "a", "--lang", "en", *in_shop(folder))[1]
    assert "Skincare again  (version 1, pending)" in shown
    assert "90% interval" in shown


def test_history_tells_versions_and_decisions(command: Run, folder: Path) -> None:
    command("kb", "import", folder / "kb.csv", "--approved-by", "li", *in_shop(folder))
    (folder / "new.jsonl").write_bytes(written([case_of("a", n=41)], "jsonl"))
    command("kb", "import", folder / "new.jsonl", "--by", "zhao", *in_shop(folder))
    _, out, _ = command("kb", "history", "a", *in_shop(folder))
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == ["version", "approved", "version"]
    assert (" by li" in lines[1], " by zhao" in lines[2], "pending" in lines[2]) == (True, True, True)
    old = json.loads(command("kb", "show", "a", "--version", "1", "--json", *in_shop(folder))[1])
    assert (old["version"]["version"], old["case"]["outcomes"][0]["treated_n"]) == (1, 40)


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_an_export_can_be_imported_elsewhere(command: Run, folder: Path, ending: str) -> None:
    command("kb", "import", folder / "kb.csv", "--approved-by", "li", *in_shop(folder))
    file = folder / f"out.{ending}"
    assert command("kb", "export", file, *in_shop(folder))[1] == f"2 campaigns written to {file}\n"
    back = command("kb", "import", file, *in_shop(folder))[1]
    assert back.startswith("0 new, 0 changed, 2 unchanged")


def test_what_the_demo_exports_stays_in_the_demo(command: Run, folder: Path) -> None:
    demo = ("-w", "demo", "--data", str(folder))
    command("kb", "import", folder / "kb.csv", "--approved-by", "li", *demo)
    command("kb", "export", folder / "out.jsonl", *demo)
    code, out, err = command("kb", "import", folder / "out.jsonl", *in_shop(folder))
    assert (code, out, "was exported from the demo shop" in err) == (2, "", True)
    assert listed(command, folder) == []


def test_an_empty_knowledge_base_says_what_to_do(command: Run, folder: Path) -> None:
    _, out, _ = command("kb", "list", *in_shop(folder))
    assert out.startswith("no past outcomes yet: bring campaigns in")
    assert "first test with a\nholdout" in out


def test_outcomes_come_from_a_sending_tools_report(command: Run, folder: Path) -> None:
    command("kb", "import", folder / "kb.csv", *in_shop(folder))
    rows = "".join(f"u{n},{'实验组' if n % 2 else '对照组'},{n}.50\n" for n in range(10))
    (folder / "report.csv").write_text("会员ID,分组,支付金额\n" + rows, encoding="utf-8-sig")
    code, out, _ = command("kb", "outcomes", folder / "report.csv", "--campaign", "a", *in_shop(folder))
    assert (code, "read 10 rows (分组 as group, 会员ID as recipient, 支付金额 as revenue)" in out) == (0, True)
    assert "0 new, 1 changed" in out
    found = json.loads(command("kb", "show", "a", "--json", *in_shop(folder))[1])["outcomes"][0]
    assert (found["outcome"]["treated_sum"], found["outcome"]["control_sum"]) == (2_750, 2_250)
    assert found["lift"]["mean"] == 100.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("import", "{folder}/none.csv"), "no such file"),
        (("import", "{folder}/kb.csv", "--format", "jsonl"), "line 1, field (whole line): Invalid JSON"),
        (("import", "{folder}/kb.txt"), "unknown file type '.txt'"),
        (("approve", "a"), "say who decides: --by NAME"),
        (("approve", "z", "--by", "li"), "no campaign 'z' in this workspace"),
        (("show", "z"), "no campaign 'z'"),
        (("show", "z", "--as-of", "2026-01-01"), "campaign 'z' was not approved at 2026-01-01T15:59:59"),
        (("history", "z"), "no campaign 'z'"),
        (("export", "{folder}/out.xlsx"), "unknown file type '.xlsx'"),
        (("export", "{folder}/none/out.csv"), "No such file or directory"),
        (("outcomes", "{folder}/kb.csv", "--campaign", "z"), "no campaign 'z'"),
        (("outcomes", "{folder}/kb.csv", "--campaign", "z", "--map", "a"), "not of the form --map COLUMN=FIELD"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    command: Run, folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = command("kb", *(a.format(folder=folder) for a in arguments), *in_shop(folder))
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1
