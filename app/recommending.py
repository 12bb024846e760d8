"""What to do about one customer: everything believed of them, the past campaigns, one proposal, and its decision."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.access.schemas import Workspace
from app.database.engine import Database
from app.errors import NotFound
from app.events.intake import accept
from app.events.schemas import OUR_SOURCE, PASSIVE_KINDS, Event, EventKind
from app.events.store import EventLog
from app.identity.schemas import Customer
from app.identity.store import IdentityStore
from app.ingest import Ingest
from app.narrative.book import Book
from app.narrative.schemas import Claim
from app.predict.explain.paths import counts_of, history_of, value_paths
from app.predict.reckoning import Reckoner
from app.profile.fold import consents_of, fold
from app.reading import Reader
from app.retrieval.schemas import Retrieval
from app.retrieval.search import POOL, CampaignSearch
from app.retrieval.situation import situation_of
from app.retrieval.store import KnowledgeBase
from app.schema import Lang
from app.strategy.copywriter import Copywriter
from app.strategy.decisions import decision_event, new_decision_id
from app.strategy.generate import Proposal, propose
from app.strategy.paths import known_lifts
from app.strategy.policy import Policy
from app.strategy.request import StrategyRequest
from app.strategy.timing import activity_of
from app.strategy.told_paths import CustomerPaths, tell_paths
from app.telling import Teller
from app.text.taxonomy import Taxonomy
from app.views import CustomerReading, Recommendation


@dataclass(frozen=True, kw_only=True)
class Recommender:
    """Proposals for customers of any workspace."""

    identity: IdentityStore
    reader: Reader
    teller: Teller
    reckoner: Reckoner
    knowledge_base: KnowledgeBase
    search: CampaignSearch
    database: Database
    log: EventLog
    ingester: Ingest
    copywriter: Copywriter
    policy: Policy
    taxonomy: Taxonomy

    def recommend(
        self, workspace: Workspace, ref: str, *, as_of: datetime, now: datetime, lang: Lang
    ) -> Recommendation:
        """A strategy grounded in past campaigns, or the reason why we should not act. The decision is logged."""
        proposal = self.propose(workspace, ref, as_of=as_of, now=now, lang=lang)
        customer = self.identity.customer(workspace.workspace_id, ref)
        self.record(workspace, customer, proposal, now=now)
        return Recommendation(strategy=proposal.strategy, decision=proposal.decision)

    def propose(self, workspace: Workspace, ref: str, *, as_of: datetime, now: datetime, lang: Lang) -> Proposal:
        """The same without a trace: nothing is logged."""
        return propose(self.request(workspace, ref, as_of=as_of, now=now, lang=lang), self.copywriter)

    def record(self, workspace: Workspace, customer: Customer, proposal: Proposal, *, now: datetime) -> None:
        """Log the decision behind a proposal, so that outcomes can join it."""
        event = decision_event(proposal.decision, customer.identifiers[0], now=now)
        accepted = accept(event, self.ingester.intake(workspace, OUR_SOURCE, now=now))
        with self.database.write() as connection:
            self.log.append(connection, [accepted])

    def request(self, workspace: Workspace, ref: str, *, as_of: datetime, now: datetime, lang: Lang) -> StrategyRequest:
        """All that a proposal is made from. NotFound when nothing is known of the customer at `as_of`."""
        reading = self.teller.read(workspace, ref, as_of=as_of, lang=lang, ask_model=False)
        customer = self.identity.customer(workspace.workspace_id, ref)
        # Whoever withdrew consent since `as_of`, or was written to, is treated as they stand now.
        today = self.reader.book(workspace, customer, as_of=max(as_of, now))
        events = [e for e in today.history.events if e.occurred_at <= as_of]
        if not events:
            raise NotFound(f"nothing is known of {ref!r} at {as_of.isoformat()}; ask for a later moment")
        bonds = self.identity.bonds(workspace.workspace_id, customer.customer_id)
        consents = consents_of(fold(None, today.history.events, self.reader.context(workspace, today)), bonds)
        reckoning, rfm_class = self.reckoner.at(workspace, as_of), reading.profile.rfm_class
        topics = _item_topics(reading.story.claims, today)
        return StrategyRequest(
            workspace=workspace,
            profile=reading.profile.model_copy(update={"consents": consents}),
            ltv=reading.ltv,
            churn=reading.churn,
            claims=reading.story.claims,
            retrieval=self._retrieved(workspace, reading, topics),
            purchase_rate=reckoning.purchase_rate(rfm_class),
            audience_size=len(reckoning.cohort.of_class(rfm_class)) if rfm_class else None,
            item_topics=topics,
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

    def paths(self, workspace: Workspace, reading: CustomerReading, *, lang: Lang) -> CustomerPaths:
        """Expected order value of a read customer with no action, a light touch, a strong offer. Nothing is logged."""
        as_of, claims = reading.as_of, reading.story.claims
        customer = self.identity.customer(workspace.workspace_id, reading.customer_id)
        topics = _item_topics(claims, self.reader.book(workspace, customer, as_of=as_of))
        situation = situation_of(reading.profile, claims=claims, item_topics=topics)
        cases = self.knowledge_base.cases(workspace.workspace_id)
        known = known_lifts(self.search.search(cases, situation, as_of=as_of, k=POOL), situation, self.policy)
        reckoning = self.reckoner.at(workspace, as_of)
        cohort, counts = reckoning.cohort, counts_of(reckoning.model.card.parameters)
        history = history_of(cohort.purchases, reading.customer_id, cohort.as_of_day)
        values = value_paths(reading.ltv, counts, history, [found.lift for found in known if found.lift])
        return tell_paths(
            reading.customer_id, values, known, workspace=workspace, policy=self.policy, as_of=as_of, lang=lang
        )

    def _retrieved(self, workspace: Workspace, reading: CustomerReading, topics: Mapping[str, str]) -> Retrieval:
        situation = situation_of(reading.profile, claims=reading.story.claims, item_topics=topics)
        cases = self.knowledge_base.cases(workspace.workspace_id)
        return self.search.search(cases, situation, as_of=reading.as_of)


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
