"""Who a Segment or RudderStack message is about, what it says of them, and what they consented to."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app.errors import InvalidInput
from app.privacy.personal_names import own_kind

Fields = Mapping[str, Any]

_CONTEXT = (
    "device", "os", "locale", "timezone", "app", "campaign", "location", "page", "screen", "network", "library",
    "referrer", "userAgent", "consent", "channel",
)  # fmt: skip
"""What is kept of `context`. Identifiers and traits are kept elsewhere, addresses of machines nowhere."""
_IDS_OF_DEVICES = ("id", "advertisingId", "token", "adTrackingEnabled")
_ADDRESS = {"city": "city", "country": "country", "state": "region", "region": "region", "province": "region"}
_EXTERNAL = {
    "userid": "user_id", "user_id": "user_id", "android_id": "device", "ios_id": "device", "android_idfa": "device",
    "ios_idfa": "device", "group_id": "", "ga_client_id": "", "groupid": "",
}  # fmt: skip
"""Types of external ids by their names here; "" names nobody."""
_TYPE = re.compile(r"[a-z][a-z0-9_]{0,39}")
MAX_EXTERNAL = 20
MAX_CATEGORIES = 20


class Consent(NamedTuple):
    """One word of a consent banner."""

    category: str
    granted: bool


def object_of(fields: Fields, name: str) -> Fields:
    """The object in this field; empty when it is absent. InvalidInput when it is something else."""
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInput(f"wrong field: {name} must be an object")
    return value


def inner(fields: Fields, name: str) -> Fields:
    """The object in this field of a context; empty when it is anything else."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def name_of(fields: Fields, *names: str) -> str | None:
    """The first of these fields that holds a name: a text, or a whole number as text."""
    for name in names:
        value = fields.get(name)
        if value is None:  # first, because nearly all of them are absent
            continue
        if isinstance(value, str):
            if stripped := value.strip():
                return stripped
        elif isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        elif isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            return str(int(value))
    return None


def identifiers_of(message: Fields, context: Fields, traits: Fields) -> dict[str, str | int]:
    """Every name by which the message knows its person; a group's id is none of them."""
    found: dict[str, str | int] = dict(_external(context))
    device = inner(context, "device")
    wanted = {
        "user_id": _id(message, "userId"),
        "anonymous": _id(message, "anonymousId"),
        "alias": _id(message, "previousId"),
        "device": name_of(device, "id") or name_of(device, "advertisingId"),
    }
    if traits:
        wanted |= _contacts(traits)
    return found | {kind: value for kind, value in wanted.items() if value is not None}


def _contacts(traits: Fields) -> dict[str, str | None]:
    """Numbers and addresses that are the person's own; under the plainest name first."""
    found: dict[str, str | None] = {}
    named = [(name, kind) for name in traits if (kind := own_kind(name))]
    for name, kind in sorted(named, key=lambda pair: pair[0] != pair[1]):
        found[kind] = found.get(kind) or name_of(traits, name)
    return found


def _id(message: Fields, name: str) -> str | None:
    value = message.get(name)
    if isinstance(value, bool | list | dict):
        raise InvalidInput(f"wrong field: {name} must be a text or a number")
    return name_of(message, name)


def _external(context: Fields) -> Iterator[tuple[str, str]]:
    """RudderStack's `externalId` and Segment's `externalIds`: lists of {type, id}; a type's first id counts."""
    taken: set[str] = set()
    for name in ("externalId", "externalIds"):
        listed = context.get(name)
        for entry in listed[:MAX_EXTERNAL] if isinstance(listed, list) else ():
            if not isinstance(entry, dict) or (value := name_of(entry, "id", "value")) is None:
                continue
            kind = re.sub(r"[^a-z0-9]+", "_", str(entry.get("type", "")).strip().lower())
            kind = _EXTERNAL.get(kind, kind)
            if kind not in taken and _TYPE.fullmatch(kind):
                taken.add(kind)
                yield kind, value


def traits_of(traits: Fields, context: Fields) -> dict[str, Any]:
    """Traits to keep: the person's own, the address taken apart, and device, place and language from the context."""
    device, place = inner(context, "device"), inner(context, "location") or inner(context, "geo")
    beside = {
        "device_type": device.get("type"),
        "device_model": device.get("model"),
        "os": inner(context, "os").get("name"),
        "locale": context.get("locale"),
        "timezone": context.get("timezone"),
        **_address(place),
        **_address(inner(traits, "address")),
    }
    return {name: value for name, value in beside.items() if isinstance(value, str) and value} | kept(traits)


def _address(fields: Fields) -> dict[str, Any]:
    return {name: fields[field] for field, name in _ADDRESS.items() if fields.get(field)}


def kept(fields: Fields) -> dict[str, Any]:
    """The fields without those that are kept as identifiers, and without nulls."""
    return {name: value for name, value in fields.items() if value is not None and not own_kind(name)}


def context_of(context: Fields) -> dict[str, Any]:
    """What is kept of a context."""
    found = {name: context[name] for name in _CONTEXT if context.get(name) not in (None, "", {}, [])}
    if isinstance(device := found.get("device"), dict):
        found["device"] = {name: value for name, value in device.items() if name not in _IDS_OF_DEVICES}
    return found


def consents_of(fields: Fields) -> list[Consent]:
    """The categories of `{"consent": {"categoryPreferences": {"Advertising": true}}}` or of the inner object alone."""
    if "consent" not in fields and "categoryPreferences" not in fields:
        return []
    preferences = inner(inner(fields, "consent") or fields, "categoryPreferences")
    words = [Consent(name.strip().lower(), said) for name, said in preferences.items() if isinstance(said, bool)]
    return sorted(word for word in words if word.category)[:MAX_CATEGORIES]
