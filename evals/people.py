"""A labelled world of made-up people and the identifiers by which sources see them: who is who is known.

Each person has a login, a phone number, an openid or two, devices, an e-mail address perhaps, and cookies that are
replaced. They come through several channels, logged in or not. 5 in 100 share a device with another person, 2 in 100
have the number of somebody who gave it up, 1 event in 100 carries a name of nobody. Some events arrive late.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

DAYS = 300
START = datetime(2026, 1, 1, tzinfo=UTC)
SHARED, RECYCLED, JUNK, LATE = 0.05, 0.02, 0.01, 0.03
RESTS = (30, 90)
"""Days for which a number that was given up rests."""
NOBODY = (
    ("user_id", "null"), ("phone", "13800138000"), ("phone", "13888888888"), ("device", "kiosk-01"),
    ("device", "kiosk-02"), ("device", "00000000-0000-0000-0000-000000000000"), ("anonymous", "undefined"),
)  # fmt: skip


_APPS = ("mall", "club")


class Person(NamedTuple):
    """One person's names; days count from START."""

    number: int
    joined: int
    leaves: int
    phone: str
    phone_until: int
    openids: tuple[str, ...]
    email: str | None
    devices: tuple[str, ...]
    tablet: str | None
    cookies: tuple[tuple[int, str], ...]
    """(from which day, value)"""

    @property
    def user_id(self) -> str:
        """The login."""
        return f"u{100_000 + self.number}"

    def cookie(self, day: int) -> str:
        """The browser's cookie."""
        return [value for since, value in self.cookies if since <= day][-1]


class Seen(NamedTuple):
    """One record of a source, and whose it is."""

    source: str
    person: int
    at: datetime
    names: dict[str, str | int]


def people(count: int, seed: int) -> list[Person]:
    """Everybody, with the ties between them."""
    dice = random.Random(f"people {seed}")
    made = [_person(number, dice) for number in range(count)]
    order = dice.sample(range(count), count)
    pairs = round(count * SHARED / 2)
    for one, two in zip(order[: 2 * pairs : 2], order[1 : 2 * pairs : 2], strict=True):
        for number in (one, two):
            made[number] = made[number]._replace(tablet=f"pad-{min(one, two)}")
    rest = order[2 * pairs :]
    for former, heir in zip(*_halves(rest, round(count * RECYCLED)), strict=True):
        given_up = dice.randrange(60, 140)
        joined = given_up + dice.randint(*RESTS)
        early = _person(former, dice, joined=dice.randrange(0, 30))
        made[former] = early._replace(leaves=given_up, phone_until=given_up)
        made[heir] = _person(heir, dice, joined=joined)._replace(phone=made[former].phone)
    return made


def _halves(numbers: list[int], count: int) -> tuple[list[int], list[int]]:
    count = min(count, len(numbers) // 2)
    return numbers[:count], numbers[count : 2 * count]


def _person(number: int, dice: random.Random, joined: int | None = None) -> Person:
    joined = dice.randrange(0, DAYS - 60) if joined is None else joined
    day, cookies = joined, []
    while day < DAYS:
        cookies.append((day, f"anon-{dice.getrandbits(48):012x}"))
        day += dice.randint(20, 120)
    return Person(
        number=number,
        joined=joined,
        leaves=DAYS,
        phone=f"1{dice.choice('35789')}{dice.randrange(10):d}{number:08d}",
        phone_until=DAYS,
        openids=tuple(f"{app}:o{dice.getrandbits(64):016x}" for app in _APPS[: 2 if dice.random() < 0.3 else 1]),
        email=f"p{number}@mail.cn" if dice.random() < 0.6 else None,
        devices=tuple(f"ios-{dice.getrandbits(60):015x}" for _ in range(2 if dice.random() < 0.25 else 1)),
        tablet=None,
        cookies=tuple(cookies),
    )  # fmt: skip


def log(everybody: list[Person], seed: int, *, each: int = 60) -> list[Seen]:
    """What sources send, in order of arrival; about `each` records per person."""
    arrivals: list[tuple[float, int, Seen]] = []
    for person in everybody:
        dice = random.Random(f"log {seed} {person.number}")
        for turn in range(each):
            day = dice.uniform(person.joined, person.leaves)
            seen = _visit(person, day, dice) if turn else Seen("web", person.number, _at(person.joined), _login(person))
            delay = dice.uniform(0.1, 5) if dice.random() < LATE else 0.0
            arrivals.append(((seen.at - START) / timedelta(days=1) + delay, len(arrivals), seen))
    return [seen for _, _, seen in sorted(arrivals)]


def _at(day: float) -> datetime:
    return START + timedelta(days=day)


def _login(person: Person) -> dict[str, str | int]:
    """Everybody registers in the web shop, with a telephone number."""
    return {"user_id": person.user_id, "phone": person.phone, "anonymous": person.cookie(person.joined)}


def _visit(person: Person, day: float, dice: random.Random) -> Seen:
    source, make = dice.choice(_CHANNELS)
    names = {kind: value for kind, value in make(person, int(day), dice).items() if value is not None}
    if dice.random() < JUNK:
        kind, value = dice.choice(NOBODY)
        if kind not in names or kind == "device":
            names[kind] = value
    if not names.keys() - {kind for kind, value in NOBODY if names.get(kind) == value}:
        names["user_id"] = person.user_id
    return Seen(source, person.number, _at(day), names)


def _web(person: Person, day: int, dice: random.Random) -> dict[str, str | int | None]:
    known = dice.random() < 0.8
    return {"anonymous": person.cookie(day), "user_id": person.user_id if known else None}


def _app(person: Person, day: int, dice: random.Random) -> dict[str, str | int | None]:
    device = person.tablet if person.tablet and dice.random() < 0.5 else dice.choice(person.devices)
    return {"device": device, "user_id": person.user_id if dice.random() < 0.8 else None}


def _mini_program(person: Person, day: int, dice: random.Random) -> dict[str, str | int | None]:
    openid = dice.choice(person.openids)
    known, called = dice.random() < 0.4, dice.random() < 0.3 and day < person.phone_until
    return {
        "openid": openid,
        "user_id": person.user_id if known else None,
        "phone": f"+86 {person.phone}" if called else None,
    }


def _desk(person: Person, day: int, dice: random.Random) -> dict[str, str | int | None]:
    if day >= person.phone_until:
        return {"user_id": person.user_id}
    return {"phone": person.phone, "user_id": person.user_id if dice.random() < 0.3 else None}


def _mail(person: Person, day: int, dice: random.Random) -> dict[str, str | int | None]:
    email = person.email.upper() if person.email and dice.random() < 0.3 else person.email
    return {"email": email, "user_id": person.user_id if dice.random() < 0.5 or email is None else None}


_CHANNELS: tuple[tuple[str, Callable[[Person, int, random.Random], dict[str, str | int | None]]], ...] = (
    ("web", _web), ("web", _web), ("app", _app), ("app", _app), ("mini_program", _mini_program), ("desk", _desk),
    ("mail", _mail),
)  # fmt: skip


def junk() -> Iterator[tuple[str, str]]:
    """Names that are nobody's."""
    return iter(NOBODY)
