"""Messages for a sending tool as CSV or JSON lines."""

from typing import BinaryIO

from app.strategy.audiences.files import write
from app.strategy.audiences.schemas import ExportFormat
from app.strategy.running.schemas import HandOut, HandOutRow

COLUMNS = tuple(HandOutRow.model_fields)


def write_messages(out: BinaryIO, kind: ExportFormat, handed: HandOut, currency: str) -> None:
    """One row a message, with the label that generated text carries and the decision to join outcomes by."""
    write(out, kind, COLUMNS, (row.model_dump(mode="json") for row in handed.rows), currency)
