"""Discounts come from one public price: nobody's device, loyalty, spending power or place changes an offer."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.events.schemas import IncomingEvent
from app.events.sources.mapping import Parsed
from app.profile.schemas import Attribute, Authority, PriceBehaviour, Profile, RfmClass
from app.retrieval.schemas import Case, Channel, Offer, OfferType
from app.retrieval.situation import Situation
from app.schema import Lang
from app.strategy.generate import propose
from app.strategy.schemas import Strategy
from app.strategy.weigh import Terms
from tests.factories import ITEMS, RECEIVED, START, a_workspace, an_incoming
from tests.factories_campaigns import case_of
from tests.factories_profiles import profile_of
from tests.factories_strategy import CHURN, LTV, offering, request_of

COUPON = Offer(type=OfferType.COUPON, amount_minor=2000, threshold_minor=5000)
SHIPPING = Offer(type=OfferType.FREE_SHIPPING, amount_minor=1000, threshold_minor=6900)
CASES = (
    case_of("coupon", lift=4000, n=3000, offer=COUPON),
    case_of("shipping", lift=3500, n=3000, offer=SHIPPING, channel=Channel.EMAIL, seed=7),
    case_of("plain", lift=900, n=3000, channel=Channel.PUSH, seed=9),
)
HIDDEN = ("device", "phone_model", "city", "province", "location", "income", "occupation", "member_since", "vip_level")
LIFECYCLES = (
    (RfmClass.IMPORTANT_KEEP, RfmClass.GENERAL_KEEP),
    (RfmClass.IMPORTANT_WIN_BACK, RfmClass.GENERAL_WIN_BACK),
    (RfmClass.IMPORTANT_VALUE, RfmClass.GENERAL_VALUE),
    (RfmClass.IMPORTANT_DEVELOP, RfmClass.GENERAL_DEVELOP),
)


def terms_of(strategy: Strategy) -> tuple[object, ...]:
    """What the customer gets, on which channel, and what it stands on."""
    return strategy.offer, strategy.channel, strategy.campaigns, strategy.status


def richer(profile: Profile, times: float) -> Profile:
    """The same customer with all amounts `times` as large."""
    assert profile.rfm is not None
    rfm = profile.rfm
    value = None if rfm.monetary_value is None else rfm.monetary_value * times
    seen = PriceBehaviour(
        orders=5,
        discounted_orders=1,
        discount_share=0.2,
        basket_low=round(100 * times),
        basket_median=round(200 * times),
        basket_high=round(300 * times),
    )
    changed = rfm.model_copy(update={"total": round(rfm.total * times), "monetary_value": value})
    return profile.model_copy(update={"rfm": changed, "prices": seen})


def attribute(name: str, value: str) -> Attribute:
    at = START
    return Attribute(name=name, value=value, authority=Authority.VERIFIED, source="crm", at=at, evidence=("e1",))


@given(
    times=st.floats(0.01, 100),
    tenure_days=st.integers(0, 5000),
    traits=st.dictionaries(st.sampled_from(HIDDEN), st.text(min_size=1, max_size=20), max_size=5),
    classes=st.sampled_from(LIFECYCLES),
    value=st.floats(0, 10**8),
    cases=st.sampled_from([CASES, CASES[:1], ()]),
)
def test_flips_of_wealth_loyalty_device_and_place_leave_the_whole_proposal_s_terms(
    times: float, tenure_days: int, traits: dict[str, str], classes: tuple[RfmClass, RfmClass], value: float,
    cases: tuple[Case, ...],
) -> None:  # fmt: skip
    poor = richer(profile_of(rfm_class=classes[1], consents={"all": True}), 1.0)
    assert poor.rfm is not None
    rich = richer(poor.model_copy(update={"rfm_class": classes[0]}), times)
    assert rich.rfm is not None
    flipped = rich.model_copy(
        update={
            "first_seen_at": poor.as_of - timedelta(days=tenure_days),
            "rfm": rich.rfm.model_copy(update={"T": float(tenure_days)}),
            "attributes": tuple(attribute(name, said) for name, said in traits.items()),
        }
    )
    before = offering(request_of(cases, profile=poor))
    ltv = LTV.model_copy(update={"value": value, "median": value, "q90": 2 * value})
    after = offering(request_of(cases, profile=flipped, ltv=ltv, churn=CHURN))
    assert terms_of(propose(before).strategy) == terms_of(propose(after).strategy)
    assert propose(before).decision.chosen == propose(after).decision.chosen


@pytest.mark.parametrize("consents", [{"sms": True}, {"email": True}, {"push": True}, {}])
def test_the_channel_differs_by_consent_alone(consents: dict[str, bool]) -> None:
    poor = profile_of(consents=consents)
    rich = richer(poor, 10).model_copy(update={"rfm_class": RfmClass.GENERAL_WIN_BACK})
    one, other = (propose(request_of(CASES, profile=p)).strategy for p in (poor, rich))
    assert terms_of(one) == terms_of(other)
    assert one.channel in (Channel.ONSITE, *(Channel(name) for name in consents))


def test_the_types_that_an_offer_is_chosen_by_hold_nothing_of_wealth_loyalty_device_or_place() -> None:
    """A new field here needs a reason that a customer could be told."""
    known = {
        "text",
        "topics",
        "lifecycle",
        "stage",
        "price_band",
        "objective",
        "carted",
        "carted_topics",
        "has_ordered",
    }
    assert set(Situation.model_fields) <= known | {"lang"}
    assert {field.name for field in fields(Terms)} <= {"margin", "reach", "response"}


# --- the same from raw events to the answer --------------------------------------------------------------------

DAYS = (0.0, 25.0, 51.0, 74.0, 100.0)
TWINS = ("base", "rich", "old", "fancy", "rural")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    app = build(Settings(data_dir=tmp_path_factory.mktemp("fair"), llm_url=""))
    yield app
    app.database.close()


@pytest.fixture(scope="module")
def shop(app: App) -> Workspace:
    """Five customers who did the same, but for what they paid, since when they are known, on what and where."""
    shop = app.pipeline.access.ensure(a_workspace())
    app.pipeline.put_items(shop, list(ITEMS.values()))
    events = [event for n in range(30) for event in orders(f"other{n}", 50.0 + n, first=n)]
    for twin in TWINS:
        events += orders(twin, 1000.0 if twin == "rich" else 100.0)
        events.append(said(twin, 1, "consent", properties={"purpose": "marketing", "channel": "all", "granted": True}))
    events.append(said("old", -900, "view", item_id="milk"))
    events.append(said("fancy", 2, "identify", properties={"traits": {"device": "iPhone 17 Pro", "income": "high"}}))
    events.append(said("rural", 2, "identify", properties={"traits": {"city": "a small town", "device": "old phone"}}))
    records = [Parsed(n, event, None, {"id": event.message_id}) for n, event in enumerate(events, 1)]
    assert app.pipeline.ingest(shop, "web", records, now=RECEIVED).accepted == len(events)
    app.pipeline.catch_up(shop)
    app.pipeline.knowledge_base.import_cases(shop.workspace_id, PAST, approved_by="ann", now=RECEIVED)
    return shop


def said(who: str, day: float, kind: str, **changes: object) -> IncomingEvent:
    return an_incoming(kind, day, identifiers={"user_id": who}, **changes)


def orders(who: str, yuan: float, first: float = 0.0) -> list[IncomingEvent]:
    return [
        said(who, first + day, "order", item_id="milk", order_id=f"{who}{day}", amount_minor=round(yuan * 100))
        for day in DAYS
    ]


OFFERED = (
    (7000, COUPON, Channel.SMS), (6000, SHIPPING, Channel.EMAIL), (0, None, Channel.SMS), (0, None, Channel.EMAIL),
    (0, None, Channel.PUSH), (0, None, Channel.WECHAT),
)  # fmt: skip
PAST = tuple(
    case_of(f"c{n}", lift=lift, n=5000, topics=(), rfm_classes=(), offer=offer, themes=(), channel=channel, seed=n)
    for n, (lift, offer, channel) in enumerate(OFFERED)
)


def asked(app: App, shop: Workspace, who: str, lang: Lang) -> Strategy:
    """The answer itself: raw events, search, choice, gate and words."""
    now = datetime(2026, 6, 1, 4, tzinfo=UTC)
    return app.pipeline.recommend(shop, who, as_of=now, now=now, lang=lang).strategy


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("twin", TWINS[1:])
def test_twins_get_the_same_offer_from_raw_events_to_the_answer(
    app: App, shop: Workspace, twin: str, lang: Lang
) -> None:
    base = asked(app, shop, "base", lang)
    assert base.offer is not None
    assert terms_of(asked(app, shop, twin, lang)) == terms_of(base)
