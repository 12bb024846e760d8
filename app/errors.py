"""Every error a user can meet. Each carries its HTTP status and a stable problem type; one handler serves them all.

    UnderstoryError
    ├── InvalidInput (422)        the caller can fix it: bad file, mapping, argument, body
    │   └── TooLarge (413)
    ├── Unauthorized (401)        no key, or a revoked one
    ├── Forbidden (403)           the key's role does not allow this
    ├── NotFound (404)
    ├── Conflict (409)            it exists already with other content
    ├── ModelOutputError (502)    a model answered, but nothing usable
    ├── ModelUnavailable (503)    a model did not answer in time
    ├── Busy (503)                the database has no turn for this now; the same request works later
    └── StorageFull (507)         the disk takes no more; nothing was kept

Messages say what to do next. On the command line every one of them is one line and exit code 2.
"""

from typing import ClassVar


class UnderstoryError(Exception):
    """Base of all errors that we raise on purpose."""

    status: ClassVar[int] = 500
    problem: ClassVar[str] = "internal"
    retry_after_s: ClassVar[int] = 0
    """When the same request may work; 0 when it will not by itself."""


class InvalidInput(UnderstoryError):
    """What was sent cannot be used as it is; the message says how to mend it."""

    status, problem = 422, "invalid-input"


class TooLarge(InvalidInput):
    """The body or file exceeds a stated limit."""

    status, problem = 413, "too-large"


class Unauthorized(UnderstoryError):
    """No API key, or one that is unknown or revoked."""

    status, problem = 401, "unauthorized"


class Forbidden(UnderstoryError):
    """The key is valid but its role does not allow this."""

    status, problem = 403, "forbidden"


class NotFound(UnderstoryError):
    """There is no such thing in this workspace."""

    status, problem = 404, "not-found"


class Conflict(UnderstoryError):
    """It exists already, with different content."""

    status, problem = 409, "conflict"


class ModelOutputError(UnderstoryError):
    """A model answered, but the answer failed its schema or was cut off."""

    status, problem = 502, "model-output"


class ModelUnavailable(UnderstoryError):
    """A model could not be reached within its deadline."""

    status, problem = 503, "model-unavailable"


class Busy(UnderstoryError):
    """The database cannot take this now: too many writers, or it does not answer. Nothing was acknowledged."""

    status, problem, retry_after_s = 503, "busy", 1


class StorageFull(UnderstoryError):
    """The disk takes no more. Nothing of the request was kept; it can be sent again once there is room."""

    status, problem, retry_after_s = 507, "storage-full", 30
