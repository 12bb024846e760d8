"""Profiles for tests: a lapsed customer who likes skincare, unless told otherwise."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from app.profile.schemas import Attribute, Authority, ConsentState, Interest, Profile, RfmClass, RfmSummary, Rhythm
from tests.factories_campaigns import AS_OF

NO_RHYTHM = Rhythm(
    timezone="Asia/Shanghai",
    hours=(0,) * 24,
    weekdays=(0,) * 7,
    usual_hour=None,
    usual_weekday=None,
    visit_gap_days=None,
    purchase_gap_days=None,
)


def consent_of(channel: str, *, granted: bool = True, purpose: str = "marketing") -> ConsentState:
    at = AS_OF - timedelta(days=100)
    return ConsentState(purpose=purpose, channel=channel, granted=granted, event_id=f"e-{channel}", at=at)


def profile_of(
    *,
    topics: tuple[str, ...] = ("skincare", "travel"),
    rfm_class: RfmClass | None = RfmClass.IMPORTANT_WIN_BACK,
    consents: Mapping[str, bool] | None = None,
    traits: Mapping[str, str] | None = None,
    customer_id: str = "cu_1",
    as_of: datetime = AS_OF,
    seen_days_ago: int = 30,
    orders: int = 5,
    average_minor: int = 15_000,
) -> Profile:
    """A profile with these interests, consents (channel -> granted) and traits (name -> value)."""
    seen = as_of - timedelta(days=seen_days_ago)
    said = {"sms": True} if consents is None else consents
    return Profile(
        workspace_id="shop",
        customer_id=customer_id,
        as_of=as_of,
        fold_version=1,
        taxonomy_hash="t",
        identity_version=1,
        events=12,
        first_seen_at=as_of - timedelta(days=400),
        last_seen_at=seen,
        interests=tuple(
            Interest(topic=t, weight=10.0 / (i + 1), share=0.5 / (i + 1), own_share=0.5 / (i + 1), last_event_at=seen)
            for i, t in enumerate(topics)
        ),
        own_weight=1.0,
        segment=None,
        shifts=(),
        signals=(),
        rhythm=NO_RHYTHM,
        prices=None,
        unclassified_share=0.0,
        rfm=_rfm(as_of, orders, average_minor) if rfm_class else None,
        rfm_scores=None,
        rfm_class=rfm_class,
        usual_gap_days=30.0 if rfm_class else None,
        counts={"order": 5},
        consents=tuple(consent_of(channel, granted=granted) for channel, granted in said.items()),
        attributes=tuple(
            Attribute(name=name, value=value, authority=Authority.BEHAVIOUR, source="crm", at=seen, evidence=("e-t",))
            for name, value in (traits or {}).items()
        ),
        tombstones=(),
        history=(),
    )


def _rfm(as_of: datetime, orders: int, average_minor: int) -> RfmSummary:
    return RfmSummary(
        frequency=orders - 1,
        recency=200.0,
        T=300.0,
        monetary_value=float(average_minor),
        orders=orders,
        total=orders * average_minor,
        refunded=0,
        first_order_at=as_of - timedelta(days=300),
        last_order_at=as_of - timedelta(days=100),
    )
