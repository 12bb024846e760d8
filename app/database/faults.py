"""What a database driver complains of, as errors that say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError

from app.errors import Busy, StorageFull, UnderstoryError

_SQLITE_BUSY, _SQLITE_LOCKED, _SQLITE_READONLY, _SQLITE_IOERR, _SQLITE_FULL, _SQLITE_CANTOPEN = 5, 6, 8, 10, 13, 14


@contextmanager
def told() -> Iterator[None]:
    """Raise Busy or StorageFull for what a retry or an operator can mend; everything else passes as it is."""
    try:
        yield
    except DBAPIError as error:
        if known := explain(error):
            raise known from error
        raise


def explain(error: DBAPIError) -> UnderstoryError | None:
    """Our error for a driver's, when it is about the disk, the lock or the connection."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _sqlite(int(code) & 0xFF, error.orig)
    if hasattr(error.orig, "sqlstate"):
        return _postgres(getattr(error.orig, "sqlstate", None), error)
    return None


def _sqlite(code: int, fault: Any) -> UnderstoryError | None:
    if code == _SQLITE_FULL:
        return StorageFull("the disk is full and nothing of this was kept: free some space, then send it again")
    if code in (_SQLITE_BUSY, _SQLITE_LOCKED):
        return Busy("another process is writing to this database; nothing was kept of this, try again")
    if code in (_SQLITE_READONLY, _SQLITE_IOERR, _SQLITE_CANTOPEN):
        return StorageFull(
            f"the disk does not take this write ({fault}) and nothing was kept: mend it, then send again"
        )
    return None


def _postgres(state: str | None, error: DBAPIError) -> UnderstoryError | None:
    """Class 53: out of disk, memory or connections; 57 and 08: the server went away; 55P03: waited for the lock."""
    if state == "53100":
        return StorageFull("the database server's disk is full; nothing was kept: free some space, then send it again")
    if state == "25006":
        return StorageFull("the database server takes no writes now (read-only); nothing was kept of this")
    if state == "55P03":
        return Busy("another process is writing to this database; nothing was kept of this, try again")
    if error.connection_invalidated or state is None or state[:2] in ("08", "53", "57"):
        return Busy(f"the database server does not answer; nothing was acknowledged, try again ({error.orig})")
    return None
