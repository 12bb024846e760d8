"""Bind each figure of a sentence to what it is said of, so that two true figures cannot change places.

What a figure is said of is read the same way from a sentence and from the plain sentences of its claims: words of
exclusive groups near it ("before" against "now", "on average" against "in all"), and what only one of the claims names.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from app.insights.content import content, everyday_content, units
from app.insights.intervals import misread
from app.insights.lexicon import lexicon
from app.insights.quantities import Figure, PartialDate, Quantity, marked, same
from app.narrative.schemas import Predicate

_PARTS = re.compile(r"[,;!?，；。)）]|\.(?:\s|\Z)|\b(?:and|but|while|whereas|then)\b|而|但|同时|然后|其次")
_ROLES: Mapping[Predicate, Mapping[str, str]] = {
    Predicate.FIRST_ORDER: {"which": "first"},
    Predicate.LAST_ORDER: {"which": "last"},
    Predicate.LARGEST_ORDER: {"which": "largest"},
    Predicate.ORDER_VALUE: {"amount": "total"},
    Predicate.AVERAGE_ORDER_VALUE: {"amount": "average"},
    Predicate.USUAL_GAP: {"span": "gap", "pace": "purchase"},
    Predicate.VISIT_GAP: {"span": "gap", "pace": "visit"},
    Predicate.DAYS_SINCE_LAST_ORDER: {"span": "since", "which": "last"},
    Predicate.TOPIC_SHARE: {"share": "spend"},
    Predicate.INTEREST: {"share": "interest"},
    Predicate.DISCOUNT_SHARE: {"share": "discount"},
    Predicate.LTV: {"period": "future"},
    Predicate.NO_PURCHASE: {"chance": "no_purchase", "period": "future"},
    Predicate.CHURN_RISK: {"chance": "leaving", "period": "future"},
}
"""What the figures of some claims are, whatever words their plain sentences use."""


_STRICT = frozenset({"average", "other", "first", "last", "largest"})
"""Readings that a figure may have only where its claim has them, too."""


class Ground(NamedTuple):
    """One claim as figures are bound to it: its plain sentence and what it is."""

    plain: str
    predicate: Predicate | None = None


class Bound(NamedTuple):
    """A figure and what is said of it."""

    figure: Figure
    roles: Mapping[str, str]
    """Group -> which of the group's readings."""
    owners: frozenset[int]
    """The claims whose own words stand nearest; empty when none do."""
    near: bool
    """Whether those words stand in the same part of the sentence."""


class _Known(NamedTuple):
    """A figure of the claims, and which of them may say it."""

    bound: Bound
    claims: frozenset[int]
    fixed: Mapping[str, str]
    """The roles that it has by its claim's predicate."""


def misplaced(said: str, grounds: Sequence[Ground], tellings: Sequence[str] = ()) -> str | None:
    """Why the figures and names of `said` are not where its claims, or what we tell of them, have them."""
    own = _own_words([ground.plain for ground in grounds])
    plain = list(_known(grounds))
    known = [*plain, *_told(tellings, own, plain)]
    for one in _bound(said, own):
        like = [other for other in known if _equal(one.figure, other.bound.figure)]
        if like and not any(_fits(one, other, grounds) for other in like):
            return f"{_shown(one.figure)} is of something else in its claims"
    texts = [*(ground.plain for ground in grounds), *tellings]
    if not fractions(said) <= frozenset().union(*map(fractions, texts)):
        return "it turns a part and its whole round"
    contrasts = _contrasts(texts)
    if any(pair[::-1] in contrasts for pair in _contrasts([said]) - contrasts):
        return "it turns a comparison round"
    shifts = [ground.plain for ground in grounds if ground.predicate is Predicate.INTEREST_SHIFT]
    if shifts and _turned_round(said, [*shifts, *tellings]):
        return "it turns a change round"
    return misread(said, texts)


def _known(grounds: Sequence[Ground]) -> Iterator[_Known]:
    for number, ground in enumerate(grounds):
        more = _ROLES.get(ground.predicate, {}) if ground.predicate else {}
        for one in _bound(ground.plain, ()):
            yield _Known(one._replace(roles={**one.roles, **more}), frozenset({number}), more)


def _told(tellings: Sequence[str], own: Sequence[frozenset[str]], known: Sequence[_Known]) -> Iterator[_Known]:
    """The figures of our own sentences; one that a single claim has keeps what it is there."""
    everybody = frozenset(range(len(own)))
    for telling in tellings:
        for one in _bound(telling, own):
            alike = [other for other in known if one.figure == other.bound.figure]
            claims = frozenset().union(*(other.claims for other in alike))
            near = one.owners if one.near else frozenset()
            if len(alike) == 1:
                roles = {**alike[0].bound.roles, **one.roles, **alike[0].fixed}
                yield _Known(one._replace(roles=roles), claims | one.owners, {})
            else:
                yield _Known(one, near or claims or everybody, {})


def _fits(said: Bound, known: _Known, grounds: Sequence[Ground]) -> bool:
    roles = known.bound.roles
    if any(roles.get(group, None if role in _STRICT else role) != role for group, role in said.roles.items()):
        return False
    if not said.owners or known.claims & said.owners:
        return True
    kin = {grounds[owner].predicate for owner in said.owners}
    return not said.near and not any(grounds[claim].predicate in kin for claim in known.claims)


def _equal(said: Figure, known: Figure) -> bool:
    if isinstance(said, PartialDate) and isinstance(known, PartialDate):
        return said.within(known)
    return isinstance(said, Quantity) and isinstance(known, Quantity) and same(said, known)


def _shown(figure: Figure) -> str:
    if isinstance(figure, PartialDate):
        return "date " + "-".join("?" if part is None else str(part) for part in figure)
    return f"number {figure.value:f}{'%' if figure.unit == 'percent' else ''}"


def _own_words(plain: Sequence[str]) -> tuple[frozenset[str], ...]:
    """Of each claim the words that not all of them have."""
    words = [content(text) - everyday_content() | _signs(text) for text in plain]
    common = frozenset.intersection(*words) if words else frozenset()
    return tuple(mine - common for mine in words)


def _signs(text: str) -> frozenset[str]:
    """The characters that stand for quotations."""
    return frozenset(_QUOTED.findall(text))


_QUOTED = re.compile("[\uf000-\uf8ff]")


def _bound(text: str, own: Sequence[frozenset[str]]) -> Iterator[Bound]:
    """Every figure of a text with the roles and owners that its part of the sentence gives it."""
    plain, figures = marked(text)
    last: frozenset[int] = frozenset()
    for part in _parts(plain):
        named = _named(part, own)
        for match in _FIGURE.finditer(part):
            owners = _nearest(named, match.start())
            yield Bound(figures[match[0]], _roles(part, match.start()), owners or last, bool(owners))
        last = named[-1][1] if named else last


def _parts(plain: str) -> Iterator[str]:
    start = 0
    for end in [match.end() for match in _PARTS.finditer(plain)] + [len(plain)]:
        yield plain[start:end]
        start = end


def _named(part: str, own: Sequence[frozenset[str]]) -> list[tuple[int, frozenset[int]]]:
    """Where a part of a sentence uses words that only one claim has, and which claim."""
    if not any(own):
        return []
    found = [(unit.start, unit.text) for unit in units(part)]
    found += [(match.start(), match[0]) for match in _QUOTED.finditer(part)]
    owned = ((at, frozenset(n for n, words in enumerate(own) if text in words)) for at, text in sorted(found))
    return [(at, owners) for at, owners in owned if owners]


def _nearest(named: Sequence[tuple[int, frozenset[int]]], at: int) -> frozenset[int]:
    """The owner of the last such word before a figure, else of the first one after it."""
    before = [owners for start, owners in named if start < at]
    if before:
        return before[-1]
    return named[0][1] if named else frozenset()


def _roles(part: str, at: int) -> dict[str, str]:
    found = ((group, _role(readings, part, at, group)) for group, readings in lexicon().roles.items())
    roles = {group: role for group, role in found if role}
    return roles | {"when": "now"} if _FROM_TO.search(part[:at]) else roles


_FROM_TO = re.compile(
    r"(?:\bfrom|从)[^\ue000-\uefff]*[\ue000-\uefff][^\ue000-\uefff]{0,12}?(?:\bto|到|至|变为)\W{0,4}\Z"
)
"""What stands before the second figure of "from 4 to 1"."""


_FIGURE = re.compile("[\ue000-\uefff]")


def _role(readings: Mapping[str, re.Pattern[str]], part: str, at: int, group: str) -> str | None:
    """The reading whose word stands nearest before a figure; else the first one after it, where that may be."""
    found = [(match.start(), match.end(), name) for name, words in readings.items() for match in words.finditer(part)]
    before = [(end, name) for _, end, name in found if end <= at]
    if before:
        return max(before)[1]
    if group.endswith("_before"):
        return None
    after = [(start, name) for start, end, name in found if start > at and not _FIGURE.match(part, end)]
    return min(after)[1] if after else None


def fractions(text: str) -> frozenset[tuple[Figure, Figure]]:
    """Part and whole of every "3 of 5", and of every 5 次中 3 次."""
    plain, figures = marked(text)
    english = {(figures[match[1]], figures[match[2]]) for match in _OF.finditer(plain)}
    return frozenset(english | {(figures[match[2]], figures[match[1]]) for match in _IN.finditer(plain)})


_OF = re.compile(r"([\ue000-\uefff]) (?:out )?of (?:the )?(?:first )?([\ue000-\uefff])")
_IN = re.compile(r"([\ue000-\uefff])次(?:有主题的)?(?:来访)?[中里](?:只?有|是|占了?)?([\ue000-\uefff])次")


def _contrasts(texts: Sequence[str]) -> frozenset[tuple[Figure, Figure]]:
    """Both sides of every "34% against 31%", in this order."""
    read = [marked(text) for text in texts]
    return frozenset((found[m[1]], found[m[2]]) for plain, found in read for m in _CONTRAST.finditer(plain))


_CONTRAST = re.compile(
    r"([\ue000-\uefff])[^;.\ue000-\uefff]{0,12}?(?:against|compared with|than|比)"
    r"[^;.\ue000-\uefff]{0,6}?([\ue000-\uefff])"
)


def _turned_round(said: str, grounds: Sequence[str]) -> bool:
    """Whether a word that only ever stands where a change comes from stands where it goes to, or the reverse."""
    known, found = _ways(grounds), _ways([said])
    return bool(found.start & (known.end - known.start) or found.end & (known.start - known.end))


class _Ways(NamedTuple):
    """The content of what changes come from, and of what they go to."""

    start: frozenset[str]
    end: frozenset[str]


def _ways(texts: Sequence[str]) -> _Ways:
    found = [match for text in texts for match in _WAY.finditer(marked(text)[0])]
    return _Ways(*(frozenset().union(*(content(match[way]) for match in found)) for way in _Ways._fields))


_WAY = re.compile(
    r"(?:\bfrom|从|:|,|\A)\s?(?P<start>[^,;:，；：。\ue000-\uefff]{1,40}?)\s?"
    r"(?:\bto\b|→|转向了?|转到了?|转到过|让位给了?|到)\s?(?P<end>[^,;:.，；：。\ue000-\uefff]{1,24})"
)
