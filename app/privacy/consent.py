"""May we contact this customer? Pure: it reads the customer's words on consent and nothing else."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol, TypeVar

EVERY = "all"
"""As a channel or purpose, it stands for every one of them."""

_WAITS_FOR_THEM = "onsite"


class ConsentLike(Protocol):
    """One word of the customer: granted or refused, for a purpose, on a channel."""

    @property
    def purpose(self) -> str:
        """What the contact would be for, e.g. `marketing`."""
        ...

    @property
    def channel(self) -> str:
        """`sms`, `email`, `push`, `wechat`, `onsite`, or `all`."""
        ...

    @property
    def granted(self) -> bool:
        """True for a grant, False for a refusal or withdrawal."""
        ...

    @property
    def at(self) -> datetime:
        """When it was said."""
        ...


Said = TypeVar("Said", bound=ConsentLike)


def may_contact(consents: Iterable[ConsentLike], *, purpose: str, channel: str) -> bool:
    """Whether the latest word on this purpose and channel allows it; silence is a no, except on site.

    sms, email, push and wechat go out to the customer and need a grant. An onsite card waits until they come,
    so it is allowed until they object. `all` counts for every channel and purpose. Of two words at one moment
    the refusal wins.
    """
    word = latest_word(consents, purpose=purpose, channel=channel)
    return channel == _WAITS_FOR_THEM if word is None else word.granted


def latest_word(consents: Iterable[Said], *, purpose: str, channel: str) -> Said | None:
    """The word that decides about a purpose and channel; None where nothing was said of it."""
    words = [c for c in consents if c.purpose in (purpose, EVERY) and c.channel in (channel, EVERY)]
    return max(words, key=lambda c: (c.at, not c.granted), default=None)
