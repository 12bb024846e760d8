"""What is on record: who is who and why, what somebody agreed to, what came in and what was wrong with it."""

from datetime import datetime

from app.assistant.asking import Asking
from app.assistant.tools.audience import Audience, Who, audience_of
from app.assistant.tools.counting import OUTGOING
from app.assistant.tools.customer import CustomerRef, person
from app.events.findings import SourceSummary
from app.events.quarantine import ReasonCount
from app.events.quarantine_rows import State
from app.identity.schemas import Edge, IdentityView
from app.pipeline import Pipeline
from app.privacy.consent import may_contact
from app.profile.schemas import ConsentState
from app.retrieval.schemas import Channel
from app.schema import Frozen, Lang
from app.strategy.gate.contact import suppressed
from app.viewing import masked


class AskIdentity(Frozen):
    """One customer; without one the whole shop."""

    customer: CustomerRef | None = None


class ShownEdge(Frozen):
    """One link between two identifiers, masked."""

    a: str
    b: str
    rule: str
    source: str
    occurred_at: datetime
    refused: bool
    revoked: bool


class Identity(Frozen):
    """Who a customer is made of."""

    customer_id: str
    identifiers: tuple[str, ...]
    """Masked where they are contact data."""
    aliases: tuple[str, ...]
    edges: tuple[ShownEdge, ...]
    """Those that hold, then those that were taken back or refused."""


class ShopIdentity(Frozen):
    """How the shop's identifiers come together."""

    customers: int
    identifiers: int
    several: int
    """Customers with more than one identifier."""


class AskConsent(Who):
    """One customer, or a group; with a channel only that one."""

    customer: CustomerRef | None = None


class CustomerConsent(Frozen):
    """What one customer agreed to, and what is stored of them."""

    customer_id: str
    suppressed: bool
    allowed: dict[Channel, bool]
    said: tuple[ConsentState, ...]
    events: int
    identifiers: int
    inferred: int
    """Attributes that are inferences."""


class GroupConsent(Frozen):
    """How many agreed to what."""

    audience: Audience
    customers: int
    agreed: dict[Channel, int]
    none: int
    """Who agreed to no channel at all."""


class CheckData(Frozen):
    """What came in."""


class DataState(Frozen):
    """How fresh and how clean the data are."""

    newest: datetime | None
    last_arrival: datetime | None
    waiting: int
    """Events that are logged and not in the profiles yet."""
    quarantined: int
    """Records that wait for a decision."""
    sources: tuple[SourceSummary, ...]
    reasons: tuple[ReasonCount, ...]
    """Most frequent first."""


def identity_of(pipeline: Pipeline, asking: Asking, lang: Lang, asked: AskIdentity) -> Identity | ShopIdentity:
    """The identifiers that are one customer, and the links that say so."""
    workspace_id = asking.workspace.workspace_id
    if asked.customer is None:
        customers = pipeline.identity.customers(workspace_id)
        return ShopIdentity(
            customers=len(customers),
            identifiers=sum(len(customer.identifiers) for customer in customers),
            several=sum(len(customer.identifiers) > 1 for customer in customers),
        )
    ref = person(pipeline, asking, asked.customer).customer_id
    return _identity(pipeline, workspace_id, pipeline.identity.view(workspace_id, ref))


def _identity(pipeline: Pipeline, workspace_id: str, view: IdentityView) -> Identity:
    keys = {*view.customer.identifiers, *(key for edge in (*view.edges, *view.blocked) for key in (edge.a, edge.b))}
    raw = pipeline.identity.raw(workspace_id, keys)
    held = [edge for edge in view.edges if not edge.revoked_at]
    rest = [*(edge for edge in view.edges if edge.revoked_at), *view.blocked]

    def shown(edge: Edge) -> ShownEdge:
        return ShownEdge(
            a=masked(edge.a, raw), b=masked(edge.b, raw), rule=edge.blocked or edge.rule, source=edge.source,
            occurred_at=edge.occurred_at, refused=bool(edge.blocked), revoked=bool(edge.revoked_at),
        )  # fmt: skip

    return Identity(
        customer_id=view.customer.customer_id,
        identifiers=tuple(masked(key, raw) for key in view.customer.identifiers),
        aliases=view.customer.aliases,
        edges=tuple(map(shown, (*held, *rest))),
    )


def consent_of(pipeline: Pipeline, asking: Asking, lang: Lang, asked: AskConsent) -> CustomerConsent | GroupConsent:
    """What one customer agreed to, or how many of a group agreed to each channel."""
    if asked.customer is not None:
        return _consent(pipeline, asking, lang, asked.customer)
    who = Who.model_validate(asked.model_dump(exclude={"customer", "channel"}))
    audience = audience_of(pipeline, asking, who)
    crowd = pipeline.audiences.crowd(asking.workspace, as_of=asking.as_of)

    def count(expression: str) -> int:
        return int(pipeline.audiences.verdict(asking.workspace, expression, crowd, lang="en").yes.sum())

    nowhere = " and ".join(f"not consent({channel})" for channel in OUTGOING)
    wanted = (asked.channel,) if asked.channel else OUTGOING
    return GroupConsent(
        audience=audience,
        customers=count(audience.expression),
        agreed={channel: count(f"{audience.expression} and consent({channel})") for channel in wanted},
        none=count(f"{audience.expression} and {nowhere}"),
    )


def _consent(pipeline: Pipeline, asking: Asking, lang: Lang, ref: str) -> CustomerConsent:
    customer = person(pipeline, asking, ref)
    reading = pipeline.read_customer(
        asking.workspace, customer.customer_id, as_of=asking.as_of, lang=lang, ask_model=False
    )
    profile, purpose = reading.profile, pipeline.policy.purpose
    return CustomerConsent(
        customer_id=customer.customer_id,
        suppressed=bool(suppressed(profile.attributes, pipeline.policy).value),
        allowed={c: may_contact(profile.consents, purpose=purpose, channel=c) for c in Channel},
        said=profile.consents,
        events=profile.events,
        identifiers=len(customer.identifiers),
        inferred=sum(attribute.inferred for attribute in profile.attributes),
    )


def data_state(pipeline: Pipeline, asking: Asking, lang: Lang, asked: CheckData) -> DataState:
    """How far the data reach, what waits, and what was wrong with each source."""
    sources = tuple(pipeline.cleaning.sources(asking.workspace))
    waiting = pipeline.quarantine.counts(asking.workspace.workspace_id)
    return DataState(
        newest=pipeline.log.latest(asking.workspace.workspace_id),
        last_arrival=max((one.last_arrival for one in sources if one.last_arrival), default=None),
        waiting=pipeline.lag(asking.workspace).events,
        quarantined=sum(one.waiting for one in sources),
        sources=sources,
        reasons=tuple(one for one in waiting if one.state is State.WAITING),
    )
