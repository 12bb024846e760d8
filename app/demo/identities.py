"""By which identifiers the shop's sources know a customer, from which day until which.

Login ids and openids stay, phones, devices and browsers change hands or are replaced. Nobody holds two values of one
kind at once, apart from a tablet that a household shares: that is decided in `ties.py`.
"""

from dataclasses import dataclass
from typing import NamedTuple

from app.demo.dice import Dice
from app.demo.habits import IdentityHabits

IDENTITIES_PLACE = 8
MALL_APP, CLUB_APP = "wxmall", "wxclub"
"""The shop's two mini-programs; an openid belongs to one of them."""


class Held(NamedTuple):
    """An identifier's value with the first day on which it is the customer's."""

    first: int
    value: str


class Place(NamedTuple):
    """A browser, a telephone or a mini-program: a surface and what it knows of somebody not logged in."""

    surface: str
    kind: str
    value: str

    def stranger(self) -> dict[str, str | int]:
        """The identifiers of somebody not logged in."""
        return {self.kind: self.value}


@dataclass(frozen=True, slots=True)
class Names:
    """All identifiers of one customer. Days count from the shop's first."""

    user_id: str
    phone: str
    devices: tuple[Held, ...]
    browsers: tuple[Held, ...]
    """Cookies: a browser that forgets them is somebody new."""
    openid: str
    club_openid: str | None
    """Of the second mini-program, for those who use it too."""
    handle: str | None
    """On a social network, for those who follow the shop there."""
    tablet: str | None = None
    """A device of the household, used by two customers."""
    phone_given_up: int | None = None
    """First day on which the number is no longer theirs."""

    def phone_on(self, day: int) -> str | None:
        """The number on which they can be reached."""
        return self.phone if self.phone_given_up is None or day < self.phone_given_up else None

    def device_on(self, day: int) -> str:
        """The telephone that they carry."""
        return _held_on(self.devices, day)

    def browser_on(self, day: int) -> str:
        """The cookie that their browser holds."""
        return _held_on(self.browsers, day)


def _held_on(values: tuple[Held, ...], day: int) -> str:
    for first, value in reversed(values):
        if first <= day:
            return value
    return values[0].value


def draw_names(seed: int, index: int, joined: int, days: int, habits: IdentityHabits) -> Names:
    """Identifiers that no two customers share; phone numbers count up within an obviously made-up block."""
    dice = Dice(seed, IDENTITIES_PLACE, index)
    block, within = divmod(index, 10_000)
    return Names(
        user_id=f"u{100_001 + index}",
        phone=f"139{block:04d}{(within * 7919 + 1234) % 10_000:04d}",
        devices=_draw_devices(joined, days, habits, dice),
        browsers=tuple(_draw_browsers(joined, days, habits, dice)),
        openid=f"{MALL_APP}:o6_{dice.code(24)}",
        club_openid=f"{CLUB_APP}:o6_{dice.code(24)}" if dice.chance(habits.second_app) else None,
        handle=f"wb_{dice.code(10)}" if dice.chance(habits.social) else None,
    )


def _draw_devices(joined: int, days: int, habits: IdentityHabits, dice: Dice) -> tuple[Held, ...]:
    first = Held(joined, _device(dice))
    if joined + 1 >= days or not dice.chance(habits.new_device):
        return (first,)
    return first, Held(dice.whole(joined + 1, days - 1), _device(dice))


def _device(dice: Dice) -> str:
    return f"{dice.pick(('ios', 'and'))}-{dice.code(16)}"


def _draw_browsers(joined: int, days: int, habits: IdentityHabits, dice: Dice) -> list[Held]:
    day, browsers = joined, list[Held]()
    while day < days:
        browsers.append(Held(day, f"anon-{dice.code(12)}"))
        day += dice.whole(*habits.cookie_days)
    return browsers
