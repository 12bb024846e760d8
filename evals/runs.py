"""What a run leaves behind: a folder with samples.jsonl, summary.json and report.html."""

from datetime import datetime
from pathlib import Path

import msgspec

from app.errors import InvalidInput
from evals.report import render
from evals.task import Sample, Summary, TaskResult, summary

RUNS = Path(__file__).resolve().parent / "runs"
"""Where runs go unless told otherwise; git ignores it."""

SAMPLES, SUMMARY, REPORT = "samples.jsonl", "summary.json", "report.html"


def folder_for(task: str, now: datetime) -> Path:
    """The default folder of a run that starts now."""
    return RUNS / f"{task}-{now:%Y%m%dT%H%M%S%f}"


def as_json(value: Summary | Sample) -> bytes:
    """One line of JSON. NaN becomes null."""
    return msgspec.json.encode(value)


def make_room(folder: Path) -> None:
    """Make the folder before the work begins; InvalidInput where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"--out {folder}: {error.strerror}; name a folder that can be written") from None


def save(result: TaskResult, purpose: str, folder: Path) -> None:
    """Write all three files."""
    make_room(folder)
    with (folder / SAMPLES).open("wb") as lines:
        for sample in result.samples:
            lines.write(as_json(sample) + b"\n")
    (folder / SUMMARY).write_bytes(msgspec.json.format(as_json(summary(result)), indent=1))
    (folder / REPORT).write_text(render(result, purpose), encoding="utf-8")


def load_summary(path: Path) -> Summary:
    """The summary of a run's folder, or of a file that holds what `--json` printed."""
    file = path / SUMMARY if path.is_dir() else path
    try:
        return msgspec.json.decode(file.read_bytes(), type=Summary)
    except OSError:
        raise InvalidInput(f"{path}: no run here; give a folder under evals/runs or a saved --json file") from None
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{file}: not the summary of a run ({error})") from None


def load_samples(path: Path) -> list[Sample]:
    """The samples of a run's folder; none for a lone summary file."""
    file = path / SAMPLES
    if not file.is_file():
        return []
    with file.open("rb") as lines:
        return [msgspec.json.decode(line, type=Sample) for line in lines]
