"""Group commit: one flush to disk acknowledges every writer that waited for the flush before it.

Whoever finds nobody leading leads: takes the writer, runs the works of all who wait one after the other in ONE
transaction, each inside a savepoint of its own, commits once, and hands the lead to whoever has come meanwhile.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import Connection

from app.database.faults import told
from app.errors import Busy, UnderstoryError

T = TypeVar("T")

MOST_WORKS = 64
"""Works in one commit. More would save little, and the first would wait long."""
MOST_WAITING = 256
"""Works that may wait; the next caller is told to come again, so that waiting cannot use up the memory."""
PATIENCE_S = 30.0
"""Seconds that a writer waits for its turn: as long as SQLite waits for another process."""


class GroupCommit:
    """Runs works in shared transactions. Each caller gets its own result or its own exception, never another's."""

    def __init__(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        *,
        most_works: int = MOST_WORKS,
        most_waiting: int = MOST_WAITING,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`write` opens a transaction that commits when its block ends."""
        self._write = write
        self._most_works, self._most_waiting, self._patience_s = most_works, most_waiting, patience_s
        self._mutex = threading.Lock()
        self._waiting: deque[_Ticket[Any]] = deque()
        self._leader: _Ticket[Any] | None = None

    def run(self, work: Callable[[Connection], T]) -> T:
        """The result of `work`, durable when this returns. What `work` raises undoes its own writes only."""
        ticket = _Ticket(work)
        if not self._enter(ticket):
            self._await(ticket)
        if not ticket.settled:
            self._lead(ticket)
        return ticket.outcome()

    @property
    def waiting(self) -> int:
        """Works that wait for a transaction now."""
        return len(self._waiting)

    def _enter(self, ticket: "_Ticket[T]") -> bool:
        """Join the queue; True when the ticket leads at once."""
        with self._mutex:
            if len(self._waiting) >= self._most_waiting:
                raise Busy(f"{len(self._waiting)} writers wait already; nothing was kept of this one, send it again")
            self._waiting.append(ticket)
            if self._leader is None:
                self._leader = ticket
            return self._leader is ticket

    def _await(self, ticket: "_Ticket[T]") -> None:
        """Sleep until the ticket is settled or has the lead; Busy when its turn does not come."""
        if ticket.woken.wait(self._patience_s):
            return
        with self._mutex:
            gone = self._leader is not ticket and ticket in self._waiting
            if gone:
                self._waiting.remove(ticket)
        if gone:
            raise Busy(f"no turn to write within {self._patience_s:g} s; nothing was kept of this, send it again")
        ticket.woken.wait()

    def _lead(self, own: "_Ticket[T]") -> None:
        """Commit a group that begins with our own ticket, tell everyone in it, hand the lead on."""
        taken: list[_Ticket[Any]] = []
        with _Kept() as whole, self._write() as connection:
            taken = self._take()
            if len(taken) == 1:
                own.run_alone(connection)
            else:
                for ticket in taken:
                    ticket.run(connection)
        # Without a transaction nobody was taken: those who waited with us failed with us.
        for ticket in taken or self._take():
            ticket.settle(whole.error, blamed=ticket is own)
        with self._mutex:
            self._leader = self._waiting[0] if self._waiting else None
        if self._leader:
            self._leader.woken.set()

    def _take(self) -> "list[_Ticket[Any]]":
        with self._mutex:
            return [self._waiting.popleft() for _ in range(min(self._most_works, len(self._waiting)))]


class _Kept:
    """Keeps whatever is raised inside, for the caller whose it is."""

    error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        self.error = error
        return True


class _Ticket(Generic[T]):
    """One caller's work on its way into a transaction."""

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self.woken = threading.Event()
        self.settled = False
        self._work = work
        self._own = _Kept()
        self._whole: BaseException | None = None
        self._value: T

    def run(self, connection: Connection) -> None:
        """Do the work. What it raises is kept; only a transaction that is lost as a whole raises here."""
        savepoint = connection.begin_nested()
        with self._own, told():
            self._value = self._work(connection)
        if self._own.error is None:
            savepoint.commit()
        else:
            savepoint.rollback()

    def run_alone(self, connection: Connection) -> None:
        """Do the work in a transaction that is its own: what it raises ends that, so it needs no savepoint."""
        self._value = self._work(connection)

    def settle(self, whole: BaseException | None, *, blamed: bool) -> None:
        """The transaction ended, with the fault `whole` if it failed; wake the caller."""
        self._whole = whole if blamed or whole is None else _shared(whole)
        self.settled = True
        self.woken.set()

    def outcome(self) -> T:
        """What the caller gets."""
        if error := self._own.error or self._whole:
            raise error
        return self._value


def _shared(fault: BaseException) -> UnderstoryError:
    """The fault of a transaction as those meet it who only shared it: an exception object belongs to one thread."""
    told = type(fault)(str(fault)) if isinstance(fault, UnderstoryError) else Busy(f"the commit failed: {fault}")
    told.__cause__ = fault
    return told
