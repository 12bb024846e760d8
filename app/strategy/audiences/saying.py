"""Columns of what is known and said: early signs, attributes, rejections, consents."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from app.identity.schemas import NO_BONDS
from app.privacy.consent import may_contact
from app.profile.known import attributes as attribute_part
from app.profile.known.consents import effective, speakers
from app.profile.schemas import Attribute, Authority, ConsentState, Signal, Tombstone
from app.profile.segments.evaluate import Bools, Column, Numbers, Words
from app.profile.segments.plan import Wanted
from app.profile.signs import engagement
from app.strategy.audiences.cells import numbers_of, words_in
from app.strategy.audiences.crowd import Crowd, Row
from app.text.normalise import normalise

USUAL_PURPOSE = "marketing"


def signs(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """Every sign that stands, of everybody."""
    for place, found in _signals(crowd):
        for signal in found:
            yield place, _sign(signal)


def number_of_signs(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """How many signs stand."""
    for place, number in enumerate(_number_of(crowd, "signal")):
        yield place, {"signals": int(number)}


def has_sign(crowd: Crowd, arguments: tuple[str, ...]) -> Column:
    """Whether one sign stands."""
    owner, table = crowd.entries("signal")
    values = np.zeros(crowd.size)
    values[owner[_called(table.column(Wanted("name")), arguments[0])]] = 1.0
    return Numbers(values)


def attributes(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """Every attribute of everybody, by the best authority on it."""
    for place, (known, _) in _known(crowd):
        for attribute in known:
            yield place, _attribute(attribute)


def number_of_attributes(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """How many attributes are known, and whether anything was corrected or rejected."""
    owner, table = crowd.entries("attribute")
    known, rejected = _number_of(crowd, "attribute"), _number_of(crowd, "rejection")
    corrected = set(owner[_called(table.column(Wanted("authority")), Authority.CORRECTION)].tolist())
    for place in range(crowd.size):
        yield (
            place,
            {"attributes": int(known[place]), "corrected": place in corrected, "rejected": bool(rejected[place])},
        )


def attribute_of(crowd: Crowd, arguments: tuple[str, ...]) -> Column:
    """The value of one attribute."""
    owner, table = crowd.entries("attribute")
    these, said = _called(table.column(Wanted("name")), arguments[0]), words_in(table.column(Wanted("value")))
    codes = np.full(crowd.size, -1, np.int32)
    codes[owner[these]] = said.codes[these]
    return Words(codes, said.names)


def rejections(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """What was rejected."""
    for place, (_, rejected) in _known(crowd):
        for tombstone in rejected:
            yield place, _rejection(tombstone)


def consents(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """What everybody allows, as a whole."""
    for place, states in enumerate(consent_states(crowd)):
        for state in states:
            yield place, _consent(state)


def allowed(crowd: Crowd, arguments: tuple[str, ...]) -> Column:
    """Whether they may be contacted on a channel, for a purpose."""
    channel, purpose = (*arguments, USUAL_PURPOSE)[:2]
    states = consent_states(crowd)
    return numbers_of(may_contact(said, purpose=purpose, channel=channel) for said in states)


def consent_states(crowd: Crowd) -> list[tuple[ConsentState, ...]]:
    """The words that count, customer by customer."""
    return crowd.once(consent_states, lambda: _consent_states(crowd))


def _consent_states(crowd: Crowd) -> list[tuple[ConsentState, ...]]:
    """Who spoke by several identifiers, or kept a refusal after an unmerge, needs the identity graph."""
    said = {place: words for place, (words,) in crowd.each("consents")}
    bonds = crowd.sources.bonds([crowd.ids[place] for place, words in said.items() if len(speakers(words)) > 1])
    return [
        effective(said[place], bonds.get(customer_id, NO_BONDS).until(crowd.as_of))
        for place, customer_id in enumerate(crowd.ids)
    ]


def _signals(crowd: Crowd) -> Iterator[tuple[int, tuple[Signal, ...]]]:
    for place, (engaged, days, bought) in crowd.each("engagement", "days", "purchases"):
        yield place, engagement.view(engaged, days, bought, crowd.as_of, crowd.zone)


def _number_of(crowd: Crowd, listing: str) -> NDArray[np.int64]:
    return np.bincount(crowd.entries(listing).owner, minlength=crowd.size)


def _called(column: Column, name: str) -> Bools:
    """The rows whose word is this one, however it was written."""
    found = words_in(column)
    wanted = np.array([*(normalise(known) == name for known in found.names), False])
    return np.asarray(wanted[found.codes])


def _known(crowd: Crowd) -> Iterator[tuple[int, tuple[tuple[Attribute, ...], tuple[Tombstone, ...]]]]:
    for place, (part,) in crowd.each("attributes"):
        yield place, attribute_part.view(part, crowd.as_of)


def _sign(signal: Signal) -> Row:
    return {
        "name": signal.name,
        "direction": signal.direction,
        "now": signal.now,
        "usual": signal.usual,
        "size": signal.size,
        "since": signal.since,
        "raised": signal.raised_at,
        "detail": signal.detail,
    }


def _attribute(attribute: Attribute) -> Row:
    return {
        "name": attribute.name,
        "value": attribute.value,
        "authority": attribute.authority,
        "source": attribute.source,
        "at": attribute.at,
        "confidence": attribute.confidence,
        "inferred": attribute.inferred,
    }


def _rejection(tombstone: Tombstone) -> Row:
    return {"name": tombstone.name, "value": tombstone.value, "by": tombstone.by, "at": tombstone.at}


def _consent(state: ConsentState) -> Row:
    return {"purpose": state.purpose, "channel": state.channel, "granted": state.granted, "at": state.at}
