"""How an answer of the assistant looks in a terminal."""

from rich.console import Console
from rich.table import Table as Grid

from app.assistant.agent import Answered
from app.assistant.schemas import Reply, Table, Understood

_WIDTH = 160


def print_answer(answered: Answered) -> None:
    """What was understood, the answer with its tables, what waits for a yes, and where to go on."""
    reply = answered.reply
    print(f"({said_back(reply.understood)})")
    print(reply.text)
    for table in reply.tables:
        _print_table(table)
    for link in reply.links:
        print(f"  -> {link.text}: {link.path}")
    _print_pending(reply)
    for question in reply.suggestions:
        print(f"  ? {question}")
    provenance = reply.provenance
    told_by = f"{provenance.rung} ({provenance.model})" if provenance.model else provenance.rung
    print(f"[{answered.conversation_id}, told by {told_by}, as of {reply.as_of.isoformat()}]")


def said_back(understood: Understood) -> str:
    """The reading in one line: what is asked for, and the slots that were filled."""
    slots = understood.slots.model_dump(mode="json", exclude_none=True)
    filled = " ".join(f"{name}={value}" for name, value in slots.items())
    return f"{understood.intent} {filled}".rstrip()


def _print_pending(reply: Reply) -> None:
    pending = reply.pending
    if pending is None:
        return
    print(f"  ! {pending.said}")
    hint = "type y to do it, n to leave it" if pending.status == "waiting" else pending.status
    print(f"    {pending.action}: {hint}")


def _print_table(table: Table) -> None:
    grid = Grid(*table.columns, title=table.title, title_justify="left")
    for row in table.rows:
        grid.add_row(*row)
    Console(width=_WIDTH, markup=False, emoji=False).print(grid)
    if table.total > len(table.rows):
        print(f"{len(table.rows)} of {table.total:,}")
