"""How one request to a model server can fail, as far as it matters whether to try again."""

import httpx

from app.errors import ModelUnavailable

RETRY_PAUSE_S = 0.1
"""Before a request is sent a second time to a server that failed at once."""
_ABOUT_THE_QUESTION = (400, 413, 422)
NO_ANSWER = "no answer in time"
"""The label of a call that took all its time."""


class CallFailed(ModelUnavailable):
    """A request brought no answer; the message says what to do, `label` the fault alone: no address, no key."""

    def __init__(
        self,
        message: str,
        *,
        label: str,
        again_in_s: float | None = None,
        slow: bool = False,
        about_question: bool = False,
    ) -> None:
        """`again_in_s`: when the same request may work, None when it will not; `slow`: it took all its time.

        `about_question`: the server refused what was asked, and may well answer something else.
        """
        super().__init__(message)
        self.label, self.again_in_s, self.slow, self.about_question = label, again_in_s, slow, about_question


def place(url: str) -> str:
    """A server's URL as it may be shown: without user and password."""
    return str(httpx.URL(url).copy_with(userinfo=b""))


def refused_with(where: str, status: int, retry_after: str | None) -> CallFailed:
    """The failure that a server states by its status."""
    busy = status == 429
    waits = _seconds(retry_after)
    again = waits if busy or waits is not None else RETRY_PAUSE_S if status >= 500 else None
    return CallFailed(
        f"the model server at {where} {_advice(status)}",
        label=f"HTTP {status}",
        again_in_s=again,
        about_question=status in _ABOUT_THE_QUESTION,
    )


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in seconds; a date is taken as never, because only a short wait is of use."""
    return float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None


def _advice(status: int) -> str:
    if status in (401, 403):
        return f"refused the key ({status}); check UNDERSTORY_LLM_API_KEY"
    if status == 404:
        return "has no such model or path (404); check UNDERSTORY_LLM_MODEL and that the URL ends in /v1"
    if status == 429:
        return "is busy (429); try again later or add capacity"
    if status < 400:
        return f"redirects elsewhere ({status}); we do not follow, give its final URL"
    if status < 500:
        return f"refused the request ({status}); its log says why (context length, unsupported schema)"
    return f"failed ({status}); see its log"
