"""Markers `[e1]`, `[e2]` ... that stand for evidence, in order of appearance; the same evidence has one marker."""

from collections.abc import Iterable

from app.narrative.schemas import Claim, Marker, QueryRef
from app.schema import Lang

_STOPS = "。."


class Markers:
    """The markers of one narrative."""

    def __init__(self, lang: Lang) -> None:
        """None given out yet."""
        self._gap = "" if lang == "zh" else " "
        self._given: dict[tuple[str, ...] | str, Marker] = {}

    def cited(self, text: str, events: tuple[str, ...], claims: Iterable[Claim] = ()) -> str:
        """A sentence with its markers before its full stop."""
        found = self._for(events, claims)
        bare = text.rstrip(_STOPS)
        stop = text[len(bare) :][-1:] or ("." if self._gap else "。")
        return f"{bare}{self._gap}{found}{stop}" if found else f"{bare}{stop}"

    def all(self) -> tuple[Marker, ...]:
        """All that were given out, in order."""
        return tuple(self._given.values())

    def _for(self, events: tuple[str, ...], claims: Iterable[Claim]) -> str:
        """One marker for what is listed, one for each query."""
        listed, queries = [*events], dict[str, QueryRef]()
        for claim in claims:
            listed += claim.evidence
            if claim.query_ref:
                queries[claim.query_ref.query] = claim.query_ref
        once = tuple(dict.fromkeys(listed))
        found = self._marker(once, once, None) if once else ""
        for text, query in queries.items():
            found += self._marker(text, (), query)
        return found

    def _marker(self, key: tuple[str, ...] | str, events: tuple[str, ...], query: QueryRef | None) -> str:
        given = self._given.get(key)
        if given is None:
            given = self._given[key] = Marker.unchecked(marker=f"e{len(self._given) + 1}", events=events, query=query)
        return f"[{given.marker}]"
