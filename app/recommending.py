"""What to do about one customer: everything believed of them, the past campaigns, one proposal, and its decision."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from app.access.schemas import Workspace
from app.costing import Costing
from app.database.engine import Database
from app.errors import NotFound
from app.events.intake import accept
from app.events.messages import Touch, touches_of
from app.events.schemas import OUR_SOURCE, PASSIVE_KINDS, Event, History, Item
from app.events.store import EventLog
from app.identity.schemas import Customer
from app.identity.store import IdentityStore
from app.ingest import Ingest
from app.narrative.schemas import Claim, Sentence
from app.predict.explain.paths import counts_of, history_of, value_paths
from app.predict.reckoning import Reckoner, Reckoning
from app.predict.response.answers import Answers
from app.predict.schemas import ChurnEstimate, LtvEstimate
from app.profile.fold import consents_of, fold
from app.profile.known import attributes
from app.profile.schemas import Profile, RfmClass
from app.reading import Reader
from app.retrieval.near import POOL
from app.retrieval.schemas import Retrieval
from app.retrieval.search import CampaignSearch
from app.retrieval.situation import Situation, segment_of, situation_of
from app.retrieval.store import KnowledgeBase
from app.schema import Lang
from app.strategy.cases import of_segment
from app.strategy.copywriter import Copywriter
from app.strategy.decisions import decision_event, new_decision_id
from app.strategy.evidence import shown
from app.strategy.gate.contact import contacts_of
from app.strategy.gate.margins import Margins
from app.strategy.gate.offers import Spent
from app.strategy.gate.policy import Policy
from app.strategy.generate import Proposal, propose
from app.strategy.paths import known_lifts
from app.strategy.request import StrategyRequest
from app.strategy.timing import activity_of
from app.strategy.told_paths import CustomerPaths, tell_paths
from app.telling import Teller
from app.text.taxonomy import Taxonomy
from app.views import CustomerReading, Recommendation


class KnownCustomer(NamedTuple):
    """One customer, read."""

    profile: Profile
    """As of the moment that the proposal is for, with consents as they stand now."""
    ltv: LtvEstimate
    churn: ChurnEstimate
    claims: tuple[Claim, ...]
    history: History
    """Up to now; what is later than the profile counts only for what was sent."""
    told: tuple[Sentence, ...] = ()
    spoken: Mapping[str, str] = MappingProxyType({})
    """The claims in prose and one by one, where somebody is to read them."""


class Group(NamedTuple):
    """The customers of one class, among whom a proposal would be measured; nothing of one without an order."""

    purchase_rate: float | None = None
    size: int | None = None


class Shared(NamedTuple):
    """What the requests of one workspace and moment have in common."""

    reckoning: Reckoning
    group: Callable[[RfmClass | None], Group]
    retrieve: Callable[[Situation], Retrieval]
    usual_basket: float
    margins: Margins
    spent: Spent


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
    costing: Costing
    answers: Answers
    policy: Policy
    taxonomy: Taxonomy

    def recommend(
        self, workspace: Workspace, ref: str, *, as_of: datetime, now: datetime, lang: Lang
    ) -> Recommendation:
        """A strategy grounded in past campaigns, or the reason why we should not act. The decision is logged."""
        request = self.request(workspace, ref, as_of=as_of, now=now, lang=lang)
        proposal = propose(request, self.copywriter)
        customer = self.identity.customer(workspace.workspace_id, ref)
        self.record(workspace, customer, proposal, now=now)
        return Recommendation(
            strategy=proposal.strategy,
            decision=proposal.decision,
            retrieval=shown(request.retrieval, proposal.decision.candidates),
        )

    def propose(self, workspace: Workspace, ref: str, *, as_of: datetime, now: datetime, lang: Lang) -> Proposal:
        """The same without a trace: nothing is logged."""
        return propose(self.request(workspace, ref, as_of=as_of, now=now, lang=lang), self.copywriter)

    def record(self, workspace: Workspace, customer: Customer, proposal: Proposal, *, now: datetime) -> None:
        """Log the decision behind a proposal, so that outcomes can join it."""
        event = decision_event(proposal.decision, proposal.strategy, customer.identifiers[0], now=now)
        accepted = accept(event, self.ingester.intake(workspace, OUR_SOURCE, now=now))
        with self.database.write() as connection:
            self.log.append(connection, [accepted])

    def request(self, workspace: Workspace, ref: str, *, as_of: datetime, now: datetime, lang: Lang) -> StrategyRequest:
        """All that a proposal is made from. NotFound when nothing is known of the customer at `as_of`."""
        reading = self.teller.read(workspace, ref, as_of=as_of, lang=lang, ask_model=False)
        customer = self.identity.customer(workspace.workspace_id, ref)
        # Whoever since `as_of` withdrew consent, was put on a list or written to is treated as they stand now.
        today = self.reader.book(workspace, customer, as_of=max(as_of, now))
        if not any(event.occurred_at <= as_of for event in today.history.events):
            raise NotFound(f"nothing is known of {ref!r} at {as_of.isoformat()}; ask for a later moment")
        bonds = self.identity.bonds(workspace.workspace_id, customer.customer_id)
        state = fold(None, today.history.events, self.reader.context(workspace, today))
        standing = {
            "consents": consents_of(state, bonds),
            "attributes": attributes.view(state.attributes, max(as_of, now))[0],
        }
        known = KnownCustomer(
            profile=reading.profile.model_copy(update=standing),
            ltv=reading.ltv,
            churn=reading.churn,
            claims=reading.story.claims,
            history=today.history,
            told=reading.narrative.sentences,
            spoken=reading.spoken,
        )
        return self.request_of(workspace, known, self.shared(workspace, as_of=as_of, now=now), now=now, lang=lang)

    def shared(self, workspace: Workspace, *, as_of: datetime, now: datetime) -> Shared:
        """What the requests of one moment have in common; what is promised by `now` is spent, whenever the data end."""
        reckoning, cases = self.reckoner.at(workspace, as_of), self.knowledge_base.cases(workspace.workspace_id)
        return Shared(
            reckoning=reckoning,
            group=cache(lambda rfm_class: _group(reckoning, rfm_class)),
            retrieve=lambda situation: self.search.search(cases, situation, as_of=as_of, k=POOL),
            usual_basket=_usual_basket(reckoning),
            margins=self.costing.margins(workspace, as_of=as_of),
            spent=self.costing.spent(workspace, as_of=max(as_of, now)),
        )

    def request_of(
        self, workspace: Workspace, known: KnownCustomer, shared: Shared, *, now: datetime, lang: Lang
    ) -> StrategyRequest:
        """The request for a customer of whom everything has been read."""
        profile, claims, as_of = known.profile, known.claims, known.profile.as_of
        topics = item_topics(claims, known.history.items, self.taxonomy)
        group = shared.group(profile.rfm_class)
        situation = situation_of(profile, claims=claims, item_topics=topics)
        return StrategyRequest(
            workspace=workspace,
            profile=profile,
            ltv=known.ltv,
            churn=known.churn,
            claims=claims,
            retrieval=shared.retrieve(situation),
            segment=of_segment(shared.retrieve(segment_of(situation)), least=self.policy.min_group),
            told=known.told,
            spoken=known.spoken,
            purchase_rate=group.purchase_rate,
            answers=self.answers.of(workspace, _own_touches(known.history, as_of), as_of=as_of),
            usual_basket=shared.usual_basket,
            audience_size=group.size,
            item_topics=topics,
            activity=activity_of(_own_moments(known.history.events, as_of), workspace.zone),
            contacts=contacts_of(known.history.events, as_of=as_of, now=now, zone=workspace.zone, policy=self.policy),
            margins=shared.margins,
            spent=shared.spent,
            policy=self.policy,
            taxonomy=self.taxonomy,
            decision_id=new_decision_id(workspace.workspace_id, profile.customer_id, now=now),
            lang=lang,
        )

    def paths(self, workspace: Workspace, reading: CustomerReading, *, lang: Lang) -> CustomerPaths:
        """Expected order value of a read customer with no action, a light touch, a strong offer. Nothing is logged."""
        as_of, claims = reading.as_of, reading.story.claims
        customer = self.identity.customer(workspace.workspace_id, reading.customer_id)
        book = self.reader.book(workspace, customer, as_of=as_of)
        topics = item_topics(claims, book.history.items, self.taxonomy)
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


def _own_touches(history: History, as_of: datetime) -> list[Touch]:
    """What was sent to a customer and what they clicked, up to a moment."""
    return [touch for touch in touches_of(history.events) if touch.at <= as_of]


def _group(reckoning: Reckoning, rfm_class: RfmClass | None) -> Group:
    if rfm_class is None:
        return Group()
    return Group(reckoning.purchase_rate(rfm_class), len(reckoning.cohort.of_class(rfm_class)))


def _usual_basket(reckoning: Reckoning) -> float:
    """Mean order value of all customers, minor units; 0 before the first order."""
    amounts = reckoning.cohort.purchases.amount
    return float(amounts.mean()) if len(amounts) else 0.0


def item_topics(claims: Sequence[Claim], items: Mapping[str, Item], taxonomy: Taxonomy) -> dict[str, str]:
    """item_id -> main topic, of the items that claims speak of."""
    spoken = {claim.item_id: item for claim in claims if (item := items.get(claim.item_id or ""))}
    found = {item.item_id: taxonomy.topics_of_item(item.title, item.category_path) for item in spoken.values()}
    return {item_id: topics[0] for item_id, topics in found.items() if topics}


def _own_moments(events: Sequence[Event], as_of: datetime) -> Iterator[datetime]:
    """When the customer did something; what was done to them does not show their hours."""
    return (e.occurred_at for e in events if e.kind not in PASSIVE_KINDS and e.occurred_at <= as_of)
