"""Reading past campaigns: line-numbered faults, all or nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.errors import InvalidInput
from app.retrieval.knowledge_base import read_cases
from tests.factories_campaigns import case_of

Edit = Callable[[dict[str, Any]], None]


def write(path: Path, *edits: Edit | None) -> Path:
    """One case a line, c1, c2 ...; an edit spoils its line."""
    lines = []
    for number, edit in enumerate(edits, start=1):
        body = json.loads(case_of(f"c{number}", n=50).model_dump_json())
        if edit:
            edit(body)
        lines.append(json.dumps(body, ensure_ascii=False))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def fault(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_cases(path)
    return str(caught.value)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    cases = read_cases(write(tmp_path / "kb.jsonl", None, None))
    assert [case.campaign.campaign_id for case in cases] == ["c1", "c2"]
    assert cases[0] == case_of("c1", n=50)


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    path = write(tmp_path / "kb.jsonl", None)
    path.write_bytes(b"\xef\xbb\xbf\n" + path.read_bytes() + b"\r\n\n")
    assert len(read_cases(path)) == 1


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda b: b["campaign"].update(title=""), "line 2, field campaign.title"),
        (lambda b: b["campaign"].pop("objective"), "line 2, field campaign.objective"),
        (lambda b: b["campaign"]["arms"][0].update(channel="fax"), "line 2, field campaign.arms.0.channel"),
        (lambda b: b["campaign"].update(colour="red"), "line 2, field campaign.colour"),
        (lambda b: b["campaign"].update(ends_at="2020-01-01T00:00:00Z"), "ends_at: must lie after starts_at"),
        (lambda b: b["campaign"].update(starts_at="2020-01-01T00:00:00"), "field campaign.starts_at"),
        (lambda b: b["campaign"].update(campaign_id="c1"), "'c1' stands on line 1 too"),
        (lambda b: b["outcomes"][0].update(campaign_id="other"), "line 2, field outcomes.0.campaign_id"),
        (lambda b: b["outcomes"][0].update(arm_id="z"), "must be one of the campaign's arms: a"),
        (lambda b: b["outcomes"][0].update(treated_conversions=51), "cannot exceed treated_n (50)"),
        (lambda b: b["outcomes"][0].update(control_sumsq=1.0), "control_sumsq: is too small"),
        (lambda b: b["outcomes"].append(b["outcomes"][0]), "one outcome for each arm and segment"),
        (lambda b: b["campaign"]["arms"].append(b["campaign"]["arms"][0]), "an arm_id of its own"),
    ],
)
def test_a_fault_is_named_by_line_and_field(tmp_path: Path, edit: Edit, said: str) -> None:
    message = fault(write(tmp_path / "kb.jsonl", None, edit))
    # Changing the campaign's id also breaks the reference of its outcome; both are told.
    assert said in message
    assert "Nothing was imported" in message
    assert "\n" not in message


def test_a_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "kb.jsonl", None)
    path.write_text(path.read_text(encoding="utf-8") + "{oops\n", encoding="utf-8")
    assert "line 2, field (whole line): Invalid JSON" in fault(path)


def test_many_faults_are_counted(tmp_path: Path) -> None:
    def spoil(body: dict[str, Any]) -> None:
        body["campaign"]["title"] = ""

    assert "; and 2 more" in fault(write(tmp_path / "kb.jsonl", *[spoil] * 5))


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kb.jsonl").write_text("\n", encoding="utf-8")
    assert "holds no case" in fault(tmp_path / "kb.jsonl")


def test_a_missing_file_and_a_wrong_encoding_are_told_apart(tmp_path: Path) -> None:
    assert "cannot read" in fault(tmp_path / "none.jsonl")
    (tmp_path / "gb.jsonl").write_bytes("护肤".encode("gb18030"))
    assert "save it as UTF-8" in fault(tmp_path / "gb.jsonl")
