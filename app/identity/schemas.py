"""The identity graph: nodes are identifiers, edges are the events that show two of them together."""

from datetime import datetime

from app.schema import Frozen


class Edge(Frozen):
    """Evidence that two identifiers belong to one customer."""

    a: str
    """`type:value` of one identifier."""
    b: str
    rule: str
    """Why they are linked: `same_event`; a blocked one starts with `blocked:`."""
    source: str
    event_id: str
    strength: float
    occurred_at: datetime
    revoked_at: datetime | None = None


class Customer(Frozen):
    """One cluster of identifiers."""

    customer_id: str
    """Ours, stable, given to the cluster's oldest identifier."""
    identifiers: tuple[str, ...]
    """`type:value`, strongest first."""
    aliases: tuple[str, ...] = ()
    """customer_ids that were merged into this one and still answer."""
    identity_version: int = 1

    @property
    def name(self) -> str:
        """The identifier to show people: the strongest one's value."""
        return self.identifiers[0].partition(":")[2]
