"""The ladder: large model, small model, composer. Each rung that cannot answer says why, and the next one is asked.

All rungs share one deadline, so a slow large model never makes a reader wait twice. The composer always answers.
"""

import time
from collections.abc import Callable, Iterable
from typing import Generic, Literal, NamedTuple, TypeVar

from app.errors import ModelOutputError, ModelUnavailable
from app.llm.chat_model import ChatModel, Sampling
from app.llm.structured import Asked
from app.schema import Frozen

Rung = Literal["large", "small", "composer"]
"""Who spoke: a large model, a small model, or the deterministic composer."""

T = TypeVar("T")


class Origin(Frozen):
    """Who answered, how a model was asked, and what that cost; stored and shown with every answer."""

    rung: Rung
    model: str | None = None
    prompt_fingerprint: str | None = None
    fallback_reason: str | None = None
    """Why a lower rung spoke than the one that is configured."""
    sampling: Sampling | None = None
    """How the answer was drawn; None when no model spoke."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    ms: float = 0.0
    kept: bool = False
    """The same question was answered before: nothing was asked now, the cost is that of then."""


class Said(NamedTuple, Generic[T]):
    """What one rung made of its model's answer."""

    value: T
    asked: Asked
    dropped: tuple[str, ...] = ()
    """Why parts of the answer were left out."""
    unfit: str | None = None
    """Why too little of it is left to be used: then the next rung speaks."""


class Step(NamedTuple, Generic[T]):
    """One rung with a model; without one it is passed over."""

    rung: Rung
    model: ChatModel | None
    say: Callable[[ChatModel, float], Said[T]]
    """Asks the model, given the milliseconds of the deadline that the rungs above have used."""


class Descent(NamedTuple, Generic[T]):
    """The answer of the highest rung that had one."""

    value: T
    origin: Origin
    dropped: tuple[str, ...] = ()


def descend(steps: Iterable[Step[T]], compose: Callable[[], T]) -> Descent[T]:
    """The first usable answer of `steps`, highest first, or what `compose` says. No model can make this fail."""
    fallen, dropped, started = list[str](), list[str](), time.monotonic()
    for step in steps:
        if step.model is None:
            continue
        try:
            said = step.say(step.model, (time.monotonic() - started) * 1000)
        except (ModelUnavailable, ModelOutputError) as error:
            fallen.append(str(error))
            continue
        dropped += said.dropped
        if said.unfit is None:
            return Descent(said.value, _origin(step.rung, said.asked, fallen), tuple(dropped))
        fallen.append(said.unfit)
    return Descent(compose(), Origin(rung="composer", fallback_reason=_joined(fallen)), tuple(dropped))


def _origin(rung: Rung, asked: Asked, fallen: Iterable[str]) -> Origin:
    return Origin(
        rung=rung,
        model=asked.model,
        prompt_fingerprint=asked.prompt_fingerprint,
        fallback_reason=_joined(fallen),
        sampling=asked.sampling,
        prompt_tokens=asked.prompt_tokens,
        completion_tokens=asked.completion_tokens,
        ms=asked.ms,
        kept=asked.kept,
    )


def _joined(reasons: Iterable[str]) -> str | None:
    return "; ".join(dict.fromkeys(reasons)) or None
