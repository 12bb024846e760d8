"""What the graph is made of: nodes, links and clusters, and how a set of links falls into parts.

msgspec structs that the garbage collector does not visit: a node points to its cluster, a cluster names its members
by key, so there are no circles; and a million of them would make every collection slow.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec


class Cluster(msgspec.Struct, gc=False):
    """A customer: the nodes that unrevoked links join."""

    oldest: str
    """Key of the node that arrived first; the customer's id is that node's."""
    born: int
    """Serial of that node."""
    members: list[str]
    counts: dict[str, int]
    """Limited type (openids: type and app) -> members of it."""
    persons: int
    """Members of types that are not shared."""
    links: list["Link"]
    """Live links, and perhaps some that were revoked since."""
    whole: bool = True
    """False when older links are still in the store."""
    apart: bool = False
    """A member was separated from somebody by an unmerge."""


class Node(msgspec.Struct, gc=False):
    """An identifier, or one owner's turn of an identifier that is handed over."""

    key: str
    kind: str
    serial: int
    """Place in the order of arrival."""
    born_event: str
    cluster: Cluster
    founder: bool = False
    """It was a customer's oldest node at the end of some event, so its id was given out."""
    version: int = 1
    """identity_version of the customer whose oldest node it is."""
    partners: int = 0
    """Different identifiers that it was seen with."""
    seen: dict[str, int] | None = None
    """The same by type, for types that can become hubs."""
    hub: bool = False
    """It names nobody any more."""
    apart: tuple[str, ...] = ()
    """Nodes that an unmerge separated it from."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    last_seen: datetime | None = None
    """Of types that are handed over: when its owner was last seen with it, to within a day."""

    @property
    def node_id(self) -> str:
        """The id of ours that the node brings into a cluster; never the same for two nodes."""
        return mint(self.born_event, self.key)


class Link(msgspec.Struct, gc=False):
    """One pair of identifiers: seen together, merged by hand, or refused."""

    serial: int
    a: str
    b: str
    rule: str
    source: str
    event_id: str
    strength: float
    occurred_at: datetime
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_why: str | None = None


def mint(event_id: str, key: str) -> str:
    """A customer id from the event that first showed an identifier; a replay gives it again."""
    name = f"{event_id}\x1f{key}".encode(errors="surrogatepass")
    return f"c_{hashlib.blake2b(name, digest_size=8).hexdigest()}"


def live(links: Iterable[Link]) -> list[Link]:
    """Links that hold, in order of arrival."""
    return sorted((link for link in links if link.revoked_at is None), key=lambda link: link.serial)


class Parts:
    """Disjoint sets of keys."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Every key alone."""
        self._up = {key: key for key in keys}

    def of(self, key: str) -> str:
        """The set of a key, named by one of its members."""
        up = self._up
        while up[key] != key:
            up[key] = key = up[up[key]]
        return key

    def join(self, a: str, b: str) -> None:
        """Make two sets one."""
        self._up[self.of(a)] = self.of(b)

    def groups(self) -> list[list[str]]:
        """All sets, each in the order of the keys given."""
        found: dict[str, list[str]] = {}
        for key in self._up:
            found.setdefault(self.of(key), []).append(key)
        return list(found.values())


def components(keys: Sequence[str], links: Iterable[Link]) -> list[list[str]]:
    """How links that hold join keys."""
    parts = Parts(keys)
    for link in links:
        if link.revoked_at is None:
            parts.join(link.a, link.b)
    return parts.groups()


def reach(start: str, links: Collection[Link], *, above: float) -> set[str]:
    """What hangs together with a key by links stronger than this."""
    near: dict[str, list[str]] = {}
    for link in links:
        if link.strength > above:
            near.setdefault(link.a, []).append(link.b)
            near.setdefault(link.b, []).append(link.a)
    found, ahead = {start}, [start]
    while ahead:
        for key in near.get(ahead.pop(), ()):
            if key not in found:
                found.add(key)
                ahead.append(key)
    return found


def divide(keys: Sequence[str], links: Iterable[Link], a: str, b: str) -> list[Link]:
    """The links to revoke so that a and b fall apart: in order of arrival, each one that would put them together."""
    parts = Parts(keys)
    cut = []
    for link in live(links):
        ends, wanted = {parts.of(link.a), parts.of(link.b)}, {parts.of(a), parts.of(b)}
        if len(ends) == 2 and ends == wanted:
            cut.append(link)
        else:
            parts.join(link.a, link.b)
    return cut
