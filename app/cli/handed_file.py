"""A file of messages, which holds telephone numbers."""

from pathlib import Path

from app.errors import Conflict, InvalidInput
from app.exporting import new_file
from app.loop.handing_out import Sink
from app.strategy.audiences.schemas import ExportFormat
from app.strategy.running.files import write_messages
from app.strategy.running.schemas import HandOut

_KINDS: dict[str, ExportFormat] = {".csv": "csv", ".jsonl": "jsonl"}


def file_sink(path: Path, currency: str) -> Sink:
    """A sink that makes `path`; whole or not at all, and readable by its owner only.

    InvalidInput for another ending than .csv and .jsonl, Conflict when the file is there.
    """
    kind = _KINDS.get(path.suffix)
    if kind is None:
        raise InvalidInput(f"--out {path.name}: name a .csv or .jsonl file")
    if path.exists():
        raise Conflict(f"--out {path}: it is there already, and what it holds was handed out; name another file")

    def write(handed: HandOut) -> None:
        with new_file(path) as file:
            write_messages(file, kind, handed, currency)

    return write
