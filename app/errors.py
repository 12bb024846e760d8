"""Every error a user can meet. Each carries its HTTP status and a stable problem type; one handler serves them all.

    UnderstoryError
    ├── InvalidInput (422)        the caller can fix it: bad file, mapping, argument, body
    │   └── TooLarge (413)
    ├── Unauthorized (401)        no key, or a revoked one
    ├── Forbidden (403)           the key's role does not allow this
    ├── NotFound (404)
    ├── Conflict (409)            it exists already with other content
    ├── ModelOutputError (502)    a model answered, but nothing usable
    └── ModelUnavailable (503)    a model did not answer in time

Messages say what to do next. On the command line every one of them is one line and exit code 2.
"""

from typing import ClassVar


class UnderstoryError(Exception):
    """Base of all errors that we raise on purpose."""

    status: ClassVar[int] = 500
    problem: ClassVar[str] = "internal"


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
