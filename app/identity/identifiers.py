"""Raw identifiers -> one normal form each, strongest first, junk left out; phone and ID numbers as keyed hashes.

Full-width digits, spaces, +86 and letter case must not make two customers of one; `anonymous`, `null` and test
phone numbers must not make one customer of many (the values that name nobody are in `rules.yaml`).
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from app.errors import InvalidInput
from app.events.schemas import Identifier, Named
from app.identity.rules import Rules, shipped_rules
from app.privacy.personal_names import personal_kind
from app.privacy.sealing import Sealer, is_sealed
from app.text.normalise import normalise

MAX_VALUE = 200
KEPT = 100_000
"""Normal forms of records that one workspace keeps at hand."""
ALIAS = "alias"
"""An identifier of this type is a former name: it also means the user_id or anonymous id of the same value."""
FORMER = ("user_id", "anonymous")
"""What an alias may have been."""

_TYPE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SAME_TYPE = {
    "open_id": "openid", "union_id": "unionid", "device_id": "device", "anonymous_id": "anonymous",
    "anonymousid": "anonymous", "userid": "user_id", "deviceid": "device",
}  # fmt: skip
"""Other names of known types; those of phone numbers and the like are known by their ends."""
_NO_NUMBERS = frozenset(("user_id", "unionid", "openid", "device", "anonymous", ALIAS))
"""Types whose value is what a login or an app says, be it a phone number."""
_APP = ("appid", "app_id", "openid_app")
"""Names of the app that an openid beside them belongs to; an app is nobody's name."""
_PHONE_NOISE = re.compile(r"[\s().\-/·]")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_WORLDWIDE = re.compile(r"\+[1-9]\d{9,14}")
_CHINA = re.compile(r"(?:\+|00)?86(?=1[3-9]\d{9}$)")
_ABROAD = re.compile(r"^00(?=[1-9]\d{6})")

Raw = Mapping[str, str | int]


def normaliser(sealer: Sealer, rules: Rules) -> Callable[[Raw], Named]:
    """How one workspace reads identifiers; what has been read before is looked up."""

    @lru_cache(maxsize=KEPT)
    def read(raw: tuple[tuple[str, str | int], ...]) -> Named:
        plain = normalise_identifiers(dict(raw), rules)
        hidden = [(i, _hidden(i, sealer)) for i in plain if i.type in rules.sealed]
        if not hidden:
            return Named(plain)
        shown = dict(hidden)
        return Named(
            _sorted({shown.get(i, i) for i in plain}, rules),
            tuple((h.key, i.value) for i, h in hidden if i is not h),
        )

    return lambda raw: read(tuple(raw.items()))


def _hidden(identifier: Identifier, sealer: Sealer) -> Identifier:
    if is_sealed(identifier.value):
        return identifier
    return Identifier(identifier.type, sealer.hide(identifier.type, identifier.value))


def normalise_identifiers(raw: Raw, rules: Rules | None = None) -> tuple[Identifier, ...]:
    """All usable identifiers of a record in their plain normal form, strongest first."""
    rules = rules or shipped_rules()
    typed = [(type_of(kind, str(value), rules), str(value)) for kind, value in raw.items()]
    app = next((value.strip().lower() for kind, value in typed if kind in _APP and value.strip()), "")
    found = {Identifier(k, v) for k, value in typed if k not in _APP and (v := normalise_value(k, value, rules, app))}
    return _sorted(found, rules)


def _sorted(found: set[Identifier], rules: Rules) -> tuple[Identifier, ...]:
    return tuple(sorted(found, key=lambda i: rules.place(i.type, i.value)))


def normalise_type(kind: str) -> str:
    """The known name of a type in lower case; InvalidInput unless it is a plain name: `type:value` reads in one way."""
    name = kind.strip().lower().replace("-", "_")
    if not _TYPE.fullmatch(name):
        raise InvalidInput(f"bad identifier type: {kind[:60]!r} (letters, digits and _ only)")
    return _SAME_TYPE.get(name) or personal_kind(name) or name


def type_of(kind: str, value: str, rules: Rules) -> str:
    """The known name of a type; `phone` whatever the type is called when the value is a mobile number."""
    name = normalise_type(kind)
    if name in _NO_NUMBERS or name in _APP or name in rules.sealed:
        return name
    return "phone" if _is_mobile(value) else name


def _is_mobile(value: str) -> bool:
    """Whether a value can be nothing else; without its + a number from abroad may be any number."""
    if len(value) > MAX_VALUE:
        return False
    text = _PHONE_NOISE.sub("", normalise(value))
    return _MOBILE.fullmatch(_CHINA.sub("", text)) is not None or _WORLDWIDE.fullmatch(text) is not None


def normalise_value(kind: str, value: str, rules: Rules | None = None, app: str = "") -> str | None:
    """The normal form of one value; None for blanks and blocked values. InvalidInput when it is absurdly long."""
    rules = rules or shipped_rules()
    if kind in rules.sealed and is_sealed(value):
        return value
    text = _FORMS.get(kind, str.strip)(value)
    if len(text) > MAX_VALUE:
        raise InvalidInput(f"identifier too long: {kind} has {len(text)} characters (at most {MAX_VALUE})")
    if not text or not text.isprintable() or rules.blocks(kind, text) or rules.blocks(kind, value.strip()):
        return None
    return f"{app}:{text}" if app and kind == "openid" and not text.startswith(f"{app}:") else text


def _phone(value: str) -> str:
    text = normalise(value)
    digits = _PHONE_NOISE.sub("", text)
    return _ABROAD.sub("+", _CHINA.sub("", digits)) or text


def _id_number(value: str) -> str:
    return _PHONE_NOISE.sub("", normalise(value)).upper()


def _openid(value: str) -> str:
    """`App:value` belongs to the app whatever its letter case; the value itself keeps its case."""
    app, colon, name = value.strip().partition(":")
    return f"{app.strip().lower()}:{name.strip()}" if colon else value.strip()


_FORMS: dict[str, Callable[[str], str]] = {
    "phone": _phone,
    "email": normalise,
    "id_number": _id_number,
    "openid": _openid,
}
