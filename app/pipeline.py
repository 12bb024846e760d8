"""The flow in one file.

    sources -> events -> identity -> profile -> narrative -> predict -> retrieval -> insights -> strategy

Read it top to bottom. Each method is one thing that the product does; the parts are chosen in `bootstrap.py`.
Nothing here reads a clock: `now` and `as_of` come from the caller.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.access.schemas import Workspace
from app.access.store import AccessStore
from app.correcting import Correcting
from app.database.engine import Database
from app.errors import NotFound
from app.events import catalogue
from app.events.cleaning_report import Cleaning
from app.events.intake import Intake, accept
from app.events.quality import IngestReport
from app.events.quarantine import Quarantine
from app.events.schemas import OUR_SOURCE, PASSIVE_KINDS, Event, EventKind, Item
from app.events.source_settings import SourceStore
from app.events.sources.mapping import Parsed
from app.events.store import EventLog
from app.identity.schemas import Customer
from app.identity.store import IdentityStore
from app.ingest import Ingest, Taken
from app.insights.drivers import CustomerExplanation
from app.listing import SortBy, matches, named, row_of, sort_key
from app.merging import Merging
from app.moves import Moves
from app.narrative.book import Book
from app.narrative.schemas import Claim
from app.predict.explain.paths import counts_of, history_of, value_paths
from app.predict.intent.intents import Intents
from app.predict.kept.models import Models
from app.predict.reckoning import Reckoner
from app.profile.fold import consents_of, fold
from app.profile.follow import Lag, ProfileFollower
from app.profile.store import ProfileStore
from app.profile.wants.curves import curves
from app.reading import Reader
from app.rebuilding import Differences, Rebuilding
from app.reflecting import Reflecting
from app.replay import Replay
from app.retrieval.search import POOL, CampaignSearch
from app.retrieval.situation import situation_of
from app.retrieval.store import KnowledgeBase
from app.schema import Lang
from app.strategy.copywriter import Copywriter
from app.strategy.decisions import decision_event, new_decision_id
from app.strategy.generate import propose
from app.strategy.paths import known_lifts
from app.strategy.policy import Policy
from app.strategy.request import StrategyRequest
from app.strategy.schemas import Decision
from app.strategy.timing import activity_of
from app.strategy.told_paths import CustomerPaths, tell_paths
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
    teller: Teller
    copywriter: Copywriter
    policy: Policy
    taxonomy: Taxonomy
    reckoner: Reckoner
    models: Models
    intents: Intents
    reader: Reader
    moves: Moves

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

    def explanation(self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang) -> CustomerExplanation:
        """Why a customer's number is what it is, and what would change it; worked out on demand."""
        reading = self.read_customer(workspace, ref, as_of=as_of, lang=lang, ask_model=False)
        return self.teller.explain(workspace, reading, lang=lang)

    # --- out: retrieval -> strategy ----------------------------------------------------------------------

    def recommend(
        self, workspace: Workspace, ref: str, *, as_of: datetime, now: datetime, lang: Lang
    ) -> Recommendation:
        """A strategy grounded in past campaigns, or the reason why we should not act. The decision is logged."""
        reading = self.read_customer(workspace, ref, as_of=as_of, lang=lang, ask_model=False)
        customer = self.identity.customer(workspace.workspace_id, ref)
        # Whoever withdrew consent since `as_of`, or was written to, is treated as they stand now.
        today = self.book(workspace, customer, as_of=max(as_of, now))
        bonds = self.identity.bonds(workspace.workspace_id, customer.customer_id)
        consents = consents_of(fold(None, today.history.events, self.reader.context(workspace, today)), bonds)
        events = [e for e in today.history.events if e.occurred_at <= as_of]
        if not events:
            raise NotFound(f"nothing is known of {ref!r} at {as_of.isoformat()}; ask for a later moment")
        cases = self.knowledge_base.cases(workspace.workspace_id)
        reckoning, rfm_class = self.reckoner.at(workspace, as_of), reading.profile.rfm_class
        item_topics = _item_topics(reading.story.claims, today)
        situation = situation_of(reading.profile, claims=reading.story.claims, item_topics=item_topics)
        request = StrategyRequest(
            workspace=workspace,
            profile=reading.profile.model_copy(update={"consents": consents}),
            ltv=reading.ltv,
            churn=reading.churn,
            claims=reading.story.claims,
            retrieval=self.search.search(cases, situation, as_of=as_of),
            purchase_rate=reckoning.purchase_rate(rfm_class),
            audience_size=len(reckoning.cohort.of_class(rfm_class)) if rfm_class else None,
            item_topics=item_topics,
            activity=activity_of(_own_moments(events), workspace.zone),
            recent_contacts=max(
                _recent_contacts(today.history.events, moment, days=self.policy.frequency.window_days)
                for moment in (as_of, max(as_of, now))
            ),
            policy=self.policy,
            taxonomy=self.taxonomy,
            decision_id=new_decision_id(workspace.workspace_id, customer.customer_id, now=now),
            lang=lang,
        )
        proposal = propose(request, self.copywriter)
        self._log_decision(workspace, customer, proposal.decision, now=now)
        return Recommendation(strategy=proposal.strategy, decision=proposal.decision)

    def paths(self, workspace: Workspace, ref: str, *, as_of: datetime, lang: Lang) -> CustomerPaths:
        """Expected order value with no action, a light touch, a strong offer. Nothing is logged."""
        reading = self.read_customer(workspace, ref, as_of=as_of, lang=lang, ask_model=False)
        return self.paths_of(workspace, reading, lang=lang)

    def paths_of(self, workspace: Workspace, reading: CustomerReading, *, lang: Lang) -> CustomerPaths:
        """The same for a customer who has been read."""
        as_of, claims = reading.as_of, reading.story.claims
        book = self.book(workspace, self.identity.customer(workspace.workspace_id, reading.customer_id), as_of=as_of)
        situation = situation_of(reading.profile, claims=claims, item_topics=_item_topics(claims, book))
        cases = self.knowledge_base.cases(workspace.workspace_id)
        known = known_lifts(self.search.search(cases, situation, as_of=as_of, k=POOL), situation, self.policy)
        reckoning = self.reckoner.at(workspace, as_of)
        cohort, counts = reckoning.cohort, counts_of(reckoning.model.card.parameters)
        history = history_of(cohort.purchases, reading.customer_id, cohort.as_of_day)
        values = value_paths(reading.ltv, counts, history, [found.lift for found in known if found.lift])
        return tell_paths(
            reading.customer_id, values, known, workspace=workspace, policy=self.policy, as_of=as_of, lang=lang
        )

    def _log_decision(self, workspace: Workspace, customer: Customer, decision: Decision, *, now: datetime) -> None:
        event = decision_event(decision, customer.identifiers[0], now=now)
        accepted = accept(event, self.intake(workspace, OUR_SOURCE, now=now))
        with self.database.write() as connection:
            self.log.append(connection, [accepted])


def _recent_contacts(events: Sequence[Event], as_of: datetime, *, days: int) -> int:
    """Campaign messages that went out in the last `days` days; a card on the site went nowhere."""
    since = as_of - timedelta(days=days)
    sent = [e for e in events if e.kind == EventKind.CAMPAIGN_SENT and since < e.occurred_at <= as_of]
    return sum(e.properties.get("channel") != "onsite" for e in sent)


def _item_topics(claims: Sequence[Claim], book: Book) -> dict[str, str]:
    """item_id -> main topic, of the items that claims speak of."""
    spoken = {claim.item_id: item for claim in claims if (item := book.history.items.get(claim.item_id or ""))}
    found = {item.item_id: book.taxonomy.topics_of_item(item.title, item.category_path) for item in spoken.values()}
    return {item_id: topics[0] for item_id, topics in found.items() if topics}


def _own_moments(events: Sequence[Event]) -> Iterator[datetime]:
    """When the customer did something; what was done to them does not show their hours."""
    return (event.occurred_at for event in events if event.kind not in PASSIVE_KINDS)
