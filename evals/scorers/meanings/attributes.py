"""Attributes again: who said what, in order, and whose word counts.

A correction beats a verified source, that beats behaviour and what any other source says, that beats an inference; on
one rung the newest word counts.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from math import isfinite
from typing import NamedTuple

from app.narrative.schemas import Claim
from app.privacy.redaction import redact
from app.text.normalise import shorten
from evals.scorers.ledger import Row
from evals.scorers.meanings.known import Found, Known

LADDER = ("correction", "verified", "behaviour", "inference")
_TIES = {"follow": "follows_shop", "referral": "referred_friends", "share": "shared_posts"}
_LONGEST_NAME, _LONGEST_VALUE, _LONGEST_QUOTE = 60, 120, 80
_SUREST = 0.9


class Word(NamedTuple):
    """What one event says of one attribute; a value of None says that nothing is to be said."""

    name: str
    rung: str
    value: str | None
    row: Row

    def lasts(self, moment: datetime) -> bool:
        """Whether it may still be told; an inference may name its days."""
        days = self.row.properties.get("memory_days")
        if self.rung != "inference" or not isinstance(days, int) or days <= 0:
            return True
        return moment <= self.row.at + timedelta(days=days)


def attribute(claim: Claim, known: Known) -> Found | None:
    """The word that counts on the attribute that a claim names, and the events that say it."""
    if known.taxonomy.forbidden_in(f"{claim.name} {claim.detail} {claim.quote or ''}"):
        return None
    words = [word for word in _standing(known) if word.name == claim.name]
    best = next((word for rung in LADDER for word in _newest_first(words, rung) if word.lasts(known.as_of)), None)
    if best is None or best.value is None:
        return None
    inferred = best.rung == "inference"
    return Found(
        None,
        list(_rows_of(best, words, known)),
        newest=True,
        at=best.row.at,
        also={
            "detail": best.value,
            "authority": best.rung,
            "quote": _quote(best.row) if inferred else None,
            "confidence": _confidence(best.row) if inferred else None,
        },
    )


def _newest_first(words: Sequence[Word], rung: str) -> Iterator[Word]:
    return (word for word in reversed(words) if word.rung == rung)


def _rows_of(best: Word, words: Sequence[Word], known: Known) -> Iterator[Row]:
    """Every event that says the same, and what an inference names as its evidence."""
    counted = best.row.kind in ("referral", "share")
    for word in words:
        if word.rung == best.rung and (counted or word.value == best.value):
            yield from _named_by(word.row, known) if word.rung == "inference" else ()
            yield word.row


def _named_by(row: Row, known: Known) -> Iterator[Row]:
    named = row.properties.get("evidence")
    ids = set(map(str, named)) if isinstance(named, list) else set()
    return (other for other in known.rows if other.event_id in ids)


def _standing(known: Known) -> list[Word]:
    """The words that were neither withdrawn nor rejected, oldest first."""
    words: list[Word] = []
    rejected: list[tuple[str, str | None]] = []
    counts = dict.fromkeys(_TIES, 0)
    for row in known.rows:
        if row.kind == "identify":
            words += _traits(row)
        elif row.kind in _TIES:
            counts[row.kind] += 1
            words.append(Word(_TIES[row.kind], "behaviour", _tie(row, counts[row.kind]), row))
        elif row.kind == "inference_recorded":
            word = _said(row, "name", "inference")
            words += [word] if word and word.value is not None and not _buried(word, rejected) else []
        elif row.kind == "correction":
            word = _said(row, "attribute", "correction")
            words = _corrected(words, word, rejected) if word else words
    return words


def _tie(row: Row, times: int) -> str:
    if row.kind != "follow":
        return str(times)
    ended = str(row.properties.get("action", "")).casefold() in ("unfollow", "unfollowed", "remove")
    return "false" if ended else "true"


def _traits(row: Row) -> Iterator[Word]:
    traits, verified = row.properties.get("traits"), row.properties.get("verified")
    for name, given in traits.items() if isinstance(traits, dict) else ():
        value = _plain(given)
        if value is not None:
            sure = verified is True or (isinstance(verified, list) and name in verified)
            yield Word(_name(name), "verified" if sure else "behaviour", value, row)


def _said(row: Row, field: str, rung: str) -> Word | None:
    name, given = row.properties.get(field), row.properties.get("value")
    value = _plain(given)
    if not isinstance(name, str) or not name.strip() or (given is not None and value is None):
        return None
    return Word(_name(name), rung, value, row)


def _corrected(words: list[Word], word: Word, rejected: list[tuple[str, str | None]]) -> list[Word]:
    """The words after a correction: it sets, withdraws an earlier one, or rejects what was inferred."""
    action = word.row.properties.get("action", "set")
    if action == "set":
        return [*words, word]
    if action == "withdraw":
        return [old for old in words if (old.name, old.rung) != (word.name, "correction")]
    if action == "reject":
        rejected.append((word.name, word.value))
        return [old for old in words if old.rung != "inference" or not _buried(old, [(word.name, word.value)])]
    return words


def _buried(word: Word, rejected: Sequence[tuple[str, str | None]]) -> bool:
    return any(word.name == name and (value is None or _same(value, word.value)) for name, value in rejected)


def _same(one: str, other: str | None) -> bool:
    return other is not None and "".join(one.split()).casefold() == "".join(other.split()).casefold()


def _name(name: object) -> str:
    return shorten(redact(str(name)), _LONGEST_NAME)


def _plain(given: object) -> str | None:
    return (shorten(redact(str(given)), _LONGEST_VALUE) or None) if isinstance(given, str | int | float) else None


def _quote(row: Row) -> str | None:
    return shorten(redact(str(row.properties.get("quote") or "")), _LONGEST_QUOTE) or None


def _confidence(row: Row) -> float | None:
    given = row.properties.get("confidence")
    return min(max(float(given), 0.0), _SUREST) if isinstance(given, int | float) and isfinite(given) else None
