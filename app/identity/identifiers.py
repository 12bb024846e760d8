"""Raw identifiers -> one normal form each, strongest first, junk left out.

Full-width digits, spaces, +86 and letter case must not make two customers of one; `anonymous`, `null` and test
phone numbers must not make one customer of many.
"""

import re
from collections.abc import Mapping

from app.errors import InvalidInput
from app.events.schemas import Identifier
from app.text.normalise import normalise

STRENGTH = ("user_id", "unionid", "openid", "phone", "email", "device", "anonymous")
"""Known identifier types, strongest first; other types rank between email and device."""
PERSONAL = frozenset({"user_id"})
"""Types of which one person has one: two different values never merge."""
SHARED = frozenset({"device", "anonymous"})
"""Types that several people may share: they link to one person's cluster and never join two."""
MAX_VALUE = 200

_TYPE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_BLOCKED = re.compile(r"0+|-1|null|none|nil|nan|undefined|unknown|anonymous|guest|test|n/a|-")
_BLOCKED_PHONE = re.compile(r"13800138000|1(\d)\1{9}|123456789\d*")
_PHONE_NOISE = re.compile(r"[\s().\-]")
_CHINA = re.compile(r"(?:\+|00)?86(?=1[3-9]\d{9}$)")


def normalise_identifiers(raw: Mapping[str, str | int]) -> tuple[Identifier, ...]:
    """All usable identifiers of an event, strongest first."""
    typed = [(normalise_type(kind), str(value)) for kind, value in raw.items()]
    found = {Identifier(kind, v) for kind, value in typed if (v := normalise_value(kind, value))}
    return tuple(sorted(found, key=lambda i: (rank(i.type), i.type, i.value)))


def normalise_type(kind: str) -> str:
    """Lower case; InvalidInput unless it is a plain name, so that `type:value` reads in one way only."""
    name = kind.strip().lower()
    if not _TYPE.fullmatch(name):
        raise InvalidInput(f"bad identifier type: {kind[:60]!r} (letters, digits and _ only)")
    return name


def normalise_value(kind: str, value: str) -> str | None:
    """The normal form of one value; None for blanks and blocked values. InvalidInput when it is absurdly long."""
    text = normalise(value) if kind in ("phone", "email") else value.strip()
    if len(text) > MAX_VALUE:
        raise InvalidInput(f"identifier too long: {kind} has {len(text)} characters (at most {MAX_VALUE})")
    if kind == "phone" and not _BLOCKED.fullmatch(text):
        text = _CHINA.sub("", _PHONE_NOISE.sub("", text))
    if not text or not text.isprintable() or _BLOCKED.fullmatch(text.lower()):
        return None
    return None if kind == "phone" and _BLOCKED_PHONE.fullmatch(text) else text


def rank(kind: str) -> int:
    """0 for the strongest type; unknown types rank between e-mail and device."""
    if kind in STRENGTH:
        position = STRENGTH.index(kind)
        return position if position < 5 else position + 1
    return 5
