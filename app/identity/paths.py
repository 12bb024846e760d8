"""The way from one identifier to another, and the links without which a customer would fall apart. Pure."""

from collections import deque
from collections.abc import Sequence

from app.identity.clusters import Link, Parts


def strongest_path(links: Sequence[Link], a: str, b: str) -> list[Link] | None:
    """The way whose weakest link is strongest, of equals the shortest; None when there is none."""
    parts = Parts({a, b}.union(*((link.a, link.b) for link in links)))
    used: list[Link] = []
    for link in sorted(links, key=lambda link: (-link.strength, link.serial)):
        if parts.of(a) == parts.of(b) and link.strength < used[-1].strength:
            break
        parts.join(link.a, link.b)
        used.append(link)
    return _shortest(used, a, b)


def _shortest(links: Sequence[Link], a: str, b: str) -> list[Link] | None:
    near = _near(links)
    came: dict[str, Link | None] = {a: None}
    ahead = deque([a])
    while ahead and b not in came:
        key = ahead.popleft()
        for link in near.get(key, ()):
            other = link.b if link.a == key else link.a
            if other not in came:
                came[other] = link
                ahead.append(other)
    return _walked_back(came, b) if b in came else None


def _walked_back(came: dict[str, Link | None], end: str) -> list[Link]:
    way = []
    while (link := came[end]) is not None:
        way.append(link)
        end = link.b if link.a == end else link.a
    return way[::-1]


def bridges(links: Sequence[Link]) -> set[int]:
    """Serials of the links whose loss would split what hangs together (Tarjan's low numbers, without recursion)."""
    near = _near(links)
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    found: set[int] = set()
    for start in near:
        if start in order:
            continue
        order[start] = low[start] = len(order)
        stack: list[tuple[str, int, list[Link]]] = [(start, 0, list(near[start]))]
        while stack:
            key, came_by, rest = stack[-1]
            if rest:
                link = rest.pop()
                other = link.b if link.a == key else link.a
                if link.serial == came_by:
                    continue
                if other in order:
                    low[key] = min(low[key], order[other])
                else:
                    order[other] = low[other] = len(order)
                    stack.append((other, link.serial, list(near[other])))
                continue
            stack.pop()
            if stack:
                before = stack[-1][0]
                low[before] = min(low[before], low[key])
                if low[key] > order[before]:
                    found.add(came_by)
    return found


def _near(links: Sequence[Link]) -> dict[str, list[Link]]:
    near: dict[str, list[Link]] = {}
    for link in links:
        near.setdefault(link.a, []).append(link)
        near.setdefault(link.b, []).append(link)
    return near
