"""The flow in one file.

    sources -> events -> identity -> profile -> narrative -> predict -> retrieval -> insights -> strategy

Read it top to bottom. Each method is one thing that the product does; the parts are chosen in `bootstrap.py`.
Nothing here reads a clock: `now` and `as_of` come from the caller.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.access.schemas import Workspace
from app.access.store import AccessStore
from app.acting import Acting
from app.audiences import Audiences
from app.briefing import Briefing
from app.correcting import Correcting
from app.database.engine import Database
from app.events import catalogue
from app.events.cleaning_report import Cleaning
from app.events.intake import Intake
from app.events.quality import IngestReport
from app.events.quarantine import Quarantine
from app.events.schemas import Item
from app.events.source_settings import SourceStore
from app.events.sources.mapping import Parsed
from app.events.store import EventLog
from app.explaining import Explaining
from app.exporting import Exporting
from app.identity.schemas import Customer
from app.identity.store import IdentityStore
from app.ingest import Ingest, Taken
from app.insights.ltv.schemas import LtvStory
from app.listing import SortBy, matches, named, row_of, sort_key
from app.llm.rungs import Rungs
from app.loop.campaigning import Campaigns
from app.merging import Merging
from app.moves import Moves
from app.narrative.book import Book
from app.planning import Planning
from app.portraying import Portraying
from app.predict.intent.intents import Intents
from app.predict.kept.models import Models
from app.predict.reckoning import Reckoner
from app.profile.follow import Lag, ProfileFollower
from app.profile.store import ProfileStore
from app.profile.wants.curves import curves
from app.reading import Reader
from app.rebuilding import Differences, Rebuilding
from app.recommending import Recommender
from app.reflecting import Reflecting
from app.replay import Replay
from app.reporting import Reporting
from app.retrieval.search import CampaignSearch
from app.retrieval.store import KnowledgeBase
from app.schema import Lang
from app.strategy.gate.policy import Policy
from app.strategy.told_paths import CustomerPaths
from app.telling import Teller
from app.text.taxonomy import Taxonomy
from app.viewing import next_purchase
from app.views import CustomerList, CustomerReading, InterestCurve, NextPurchase, Recommendation


@dataclass
class Pipeline:
    """The whole flow over one database, with the parts that bootstrap chose."""

    database: Database
    access: AccessStore
    log: EventLog
    quarantine: Quarantine
    identity: IdentityStore
    merging: Merging
    correcting: Correcting
    reflecting: Reflecting
    profiles: ProfileStore
    ingester: Ingest
    sources: SourceStore
    cleaning: Cleaning
    replay: Replay
    follower: ProfileFollower
    rebuilding: Rebuilding
    knowledge_base: KnowledgeBase
    search: CampaignSearch
    rungs: Rungs
    teller: Teller
    explaining: Explaining
    briefing: Briefing
    recommender: Recommender
    policy: Policy
    taxonomy: Taxonomy
    reckoner: Reckoner
    models: Models
    intents: Intents
    reader: Reader
    moves: Moves
    reporting: Reporting
    audiences: Audiences
    portraying: Portraying
    exporting: Exporting
    acting: Acting
    campaigns: Campaigns
    planning: Planning

    # --- in: sources -> events -> identity ---------------------------------------------------------------

    def ingest(
        self,
        workspace: Workspace,
        source: str,
        records: Iterable[Parsed],
        *,
        now: datetime,
        intake: Intake | None = None,
        items: Sequence[Item] = (),
    ) -> IngestReport:
        """Log a whole source in one transaction: all of it is durable when this returns, or none of it is there.

        `items` is the catalogue that came with it, if any.
        """
        return self.take(workspace, source, records, now=now, intake=intake, items=items).report

    def take(
        self,
        workspace: Workspace,
        source: str,
        records: Iterable[Parsed],
        *,
        now: datetime,
        intake: Intake | None = None,
        items: Sequence[Item] = (),
    ) -> Taken:
        """The same, with what became of every single record."""
        return self.ingester.take(workspace, source, records, now=now, intake=intake, items=items)

    def intake(self, workspace: Workspace, source: str, *, now: datetime) -> Intake:
        """How events of a source are read when no mapping says otherwise."""
        return self.ingester.intake(workspace, source, now=now)

    def put_items(self, workspace: Workspace, items: Sequence[Item]) -> int:
        """Load catalogue entries; returns how many are new or different."""
        return self.ingester.put_items(workspace, items)

    def items(self, workspace: Workspace, *, until: datetime, after: str = "", limit: int) -> list[Item]:
        """The catalogue as it stood at `until`, by item id, from behind `after` on."""
        with self.database.read() as connection:
            return catalogue.listed(connection, workspace.workspace_id, until, after=after, limit=limit)

    def lag(self, workspace: Workspace, *, now: datetime | None = None) -> Lag:
        """How far profiles are behind the log, in events and in the age of the oldest that waits."""
        return self.follower.lag(workspace, now=now)

    def catch_up(self, workspace: Workspace) -> int:
        """Fold what has been logged since last time into the profiles; returns the number of events."""
        return self.follower.catch_up(workspace)

    def rebuild(self, workspace: Workspace) -> Differences:
        """Make everything derived anew from the log; returns how much of it had differed."""
        return self.rebuilding.mend(workspace)

    def check(self, workspace: Workspace) -> Differences:
        """Compare everything derived with the log and change nothing."""
        return self.rebuilding.check(workspace)

    # --- the middle: events -> profile -> narrative -> numbers -------------------------------------------

    def clock(self, workspace: Workspace, *, now: datetime) -> datetime:
        """The moment a reader means who names none: as far as the data reach; `now` without any."""
        return self.log.latest(workspace.workspace_id) or now

    def customers(
        self, workspace: Workspace, *, as_of: datetime, order_by: SortBy = "ltv", limit: int = 50, search: str = ""
    ) -> CustomerList:
        """Customers in the order of one number, best first."""
        reckoning = self.reckoner.at(workspace, as_of)
        known = [c for c in self.identity.customers(workspace.workspace_id) if c.customer_id in reckoning.seen]
        exact = self.identity.exact(workspace.workspace_id, search)
        found = [c for c in known if matches(c, search, exact)]
        rows = sorted((row_of(c, reckoning, workspace.currency) for c in found), key=sort_key(order_by))[:limit]
        raw = self.identity.raw(workspace.workspace_id, [row.name for row in rows])
        shown = tuple(named(row, raw) for row in rows)
        return CustomerList(as_of=as_of, total=len(found), rows=shown, model_card=reckoning.model.card)

    def read_customer(
        self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang, ask_model: bool = True
    ) -> CustomerReading:
        """Everything we believe about one customer at one moment, with evidence."""
        return self.teller.read(workspace, ref, as_of=as_of, lang=lang, ask_model=ask_model)

    def book(self, workspace: Workspace, customer: Customer, *, as_of: datetime) -> Book:
        """The evidence of one customer up to `as_of`."""
        return self.reader.book(workspace, customer, as_of=as_of)

    def interest_curves(
        self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang, top: int = 5
    ) -> tuple[InterestCurve, ...]:
        """How the weights of a customer's strongest interests rose and faded, one point a week."""
        customer = self.identity.customer(workspace.workspace_id, ref)
        book = self.book(workspace, customer, as_of=as_of)
        context = self.reader.context(workspace, book)
        found = curves(book.history.events, context, as_of=as_of, step=timedelta(days=7), top=top)
        return tuple(
            InterestCurve(topic=topic, name=self.taxonomy.name(topic, lang), points=points)
            for topic, points in found.items()
        )

    def next_purchase(self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang) -> NextPurchase:
        """What one customer buys next, and when: categories and windows with their probabilities."""
        customer = self.identity.customer(workspace.workspace_id, ref)
        book = self.book(workspace, customer, as_of=as_of)
        churn = self.reckoner.at(workspace, as_of).model.churn(customer.customer_id)
        found = self.intents.of(workspace, book.history, churn, as_of=as_of)
        return next_purchase(customer, found, book, lang)

    def explanation(
        self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang, ask_model: bool = True
    ) -> LtvStory:
        """Why a customer's number is what it is, and what would change it; worked out on demand."""
        return self.explaining.ltv(workspace, ref, as_of=as_of, lang=lang, ask_model=ask_model)

    # --- out: retrieval -> strategy ----------------------------------------------------------------------

    def recommend(
        self, workspace: Workspace, ref: str, *, as_of: datetime, now: datetime, lang: Lang
    ) -> Recommendation:
        """A strategy grounded in past campaigns, or the reason why we should not act. The decision is logged."""
        return self.recommender.recommend(workspace, ref, as_of=as_of, now=now, lang=lang)

    def paths(self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang) -> CustomerPaths:
        """Expected order value with no action, a light touch, a strong offer. Nothing is logged."""
        reading = self.read_customer(workspace, ref, as_of=as_of, lang=lang, ask_model=False)
        return self.paths_of(workspace, reading, lang=lang)

    def paths_of(self, workspace: Workspace, reading: CustomerReading, *, lang: Lang) -> CustomerPaths:
        """The same for a customer who has been read."""
        return self.recommender.paths(workspace, reading, lang=lang)
