"""A shop whose customers can be written to, and campaigns over them, all through the real pipeline."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from app.access.schemas import Workspace
from app.bootstrap import App
from app.events.schemas import IncomingEvent
from app.events.sources.mapping import Parsed
from app.loop.enrolling import Planned
from app.retrieval.schemas import Arm, Audience, Campaign, Channel, Objective, Offer
from app.strategy.running.assigning import share_out
from app.strategy.running.schemas import HandOut, Member
from app.strategy.running.store import RunStore
from app.strategy.schemas import Theme
from tests.factories import ITEMS, START, a_workspace, an_incoming

BEGIN = START + timedelta(days=100)
"""As far as the data of `a_shop_of` reach: when campaigns begin."""
NOW = START + timedelta(days=400)
TEXTS = (Theme(title="For you", draft="Something that you may like."),)


def take(app: App, shop: Workspace, incoming: Iterable[IncomingEvent], *, now: datetime = NOW) -> None:
    """Real events through the real door."""
    records = [Parsed(n, e, None, {"message_id": e.message_id}) for n, e in enumerate(incoming, start=1)]
    report = app.pipeline.ingest(shop, "web", records, now=now)
    assert report.quarantined == report.conflicts == 0, report
    app.pipeline.catch_up(shop)


def name_of(number: int) -> str:
    return f"u{number:04d}"


def consent(number: int, *, day: float = 1, granted: bool = True, channel: str = "sms") -> IncomingEvent:
    properties = {"granted": granted, "purpose": "marketing", "channel": channel}
    return an_incoming("consent", day, identifiers={"user_id": name_of(number)}, properties=properties)


def order(number: int, day: float, minor: int, **changes: object) -> IncomingEvent:
    """An order of customer `number`, so many days after START."""
    return an_incoming(
        "order",
        day,
        identifiers={"user_id": name_of(number)},
        item_id="milk",
        order_id=f"o{number}-{day}",
        amount_minor=minor,
        **changes,
    )


def a_shop_of(app: App, customers: int, *, name: str = "shop") -> Workspace:
    """Customers with a consent and an order each, spread over the days before BEGIN; the newest event is BEGIN."""
    shop = app.pipeline.access.ensure(a_workspace(name))
    app.pipeline.put_items(shop, list(ITEMS.values()))
    incoming = [consent(n) for n in range(customers)]
    incoming += [order(n, 15 + n % 80, 5_000 + 100 * (n % 50)) for n in range(customers)]
    incoming.append(an_incoming("view", 100, identifiers={"user_id": name_of(0)}, item_id="milk"))
    take(app, shop, incoming)
    return shop


def campaign_of(
    campaign_id: str = "spring",
    *,
    arms: Sequence[str] = ("sms-plain",),
    holdout: float = 0.5,
    window_days: int = 14,
    starts_at: datetime = BEGIN,
    objective: Objective = "retain",
    audience: Audience = Audience(),
    offer: Offer | None = None,
) -> Campaign:
    made = [Arm(arm_id=arm_id, channel=Channel.SMS, offer=offer, themes=("For you",)) for arm_id in arms]
    return Campaign(
        campaign_id=campaign_id,
        evidence_kind="randomised",
        title="Spring",
        objective=objective,
        audience=audience,
        eligible_n=0,
        arms=share_out(made, holdout),
        holdout_share=holdout,
        window_days=window_days,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=1),
    )


def customers_of(app: App, shop: Workspace) -> dict[str, str]:
    """user id -> customer_id."""
    found = app.pipeline.identity.customers(shop.workspace_id)
    return {c.identifiers[0].partition(":")[2]: c.customer_id for c in found}


def begin(app: App, shop: Workspace, campaign: Campaign, *, arms: Mapping[str, str] | None = None) -> dict[str, Member]:
    """Start a campaign with everybody; returns user id -> member."""
    everybody = customers_of(app, shop)
    plans = [Planned(customer_id, (arms or {}).get(user)) for user, customer_id in everybody.items()]
    texts = {arm.arm_id: TEXTS for arm in campaign.arms}
    app.pipeline.campaigns.start(shop, campaign=campaign, members=plans, by="Ana", now=NOW, texts=texts)
    return members_of(app, shop, campaign.campaign_id)


def members_of(app: App, shop: Workspace, campaign_id: str = "spring") -> dict[str, Member]:
    """user id -> their place in the campaign."""
    found = RunStore(app.database).members(shop.workspace_id, campaign_id)
    return {member.subject.partition(":")[2]: member for member in found}


def handed_out(app: App, shop: Workspace, campaign_id: str = "spring", **more: int) -> HandOut:
    """What is handed out now, to nobody in particular."""
    return app.pipeline.campaigns.handing.hand_out(shop, campaign_id, lambda _: None, now=NOW, **more)
