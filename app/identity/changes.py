"""What a run of events changed in the graph: the rows to write, and the customers to fold anew."""

from app.identity.clusters import Link
from app.identity.schemas import Hold


class Changes:
    """Filled by the graph, read by the store."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.nodes: set[str] = set()
        """Keys of nodes that are new or different."""
        self.links: list[Link] = []
        """New links and refusals."""
        self.revoked: dict[int, Link] = {}
        """Serial -> link that was taken back."""
        self.customers: set[str] = set()
        """customer_ids that were merged, split, or lost or gained somebody's past."""
        self.holds: list[Hold] = []
        self.hubs = False
        """An identifier became a hub: events that show it are read differently from now on."""
