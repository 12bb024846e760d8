"""Columns of all customers say what their single profiles say, for every field, in a real shop."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import numpy as np
import pytest

from app.bootstrap import App
from app.database.types import to_micros
from app.privacy.consent import may_contact
from app.profile.schemas import Interest, Profile, lifecycle_of
from app.profile.segments.evaluate import Numbers
from app.profile.segments.fields import catalogue
from app.profile.segments.plan import Wanted
from app.profile.stages import price_band_of, stage_of
from app.strategy.audiences.cells import told
from app.strategy.audiences.crowd import Crowd
from app.strategy.audiences.present import WEEKDAYS
from app.strategy.audiences.readers import READERS
from tests.test_reflecting import NOW

Told = Mapping[str, object]
CUSTOMERS = 8


def crowd_at(demo: App, as_of: datetime) -> Crowd:
    return demo.pipeline.audiences.crowd(demo.pipeline.access.workspace("demo"), as_of=as_of)


@pytest.fixture(scope="module")
def latest(demo: App) -> datetime:
    return demo.pipeline.clock(demo.pipeline.access.workspace("demo"), now=NOW)


def profiles(demo: App, crowd: Crowd, *, every: int) -> Iterator[Profile]:
    shop, reader = demo.pipeline.access.workspace("demo"), demo.pipeline.reader
    for customer_id in crowd.ids[::every]:
        customer = reader.customer(shop, customer_id)
        book = reader.book(shop, customer, as_of=crowd.as_of)
        yield reader.view(shop, customer, reader.state(shop, customer, book), as_of=crowd.as_of)


def plain(profile: Profile) -> Told:
    """What the profile says of some fields, by field."""
    rfm, prices, scores, rhythm = profile.rfm, profile.prices, profile.rfm_scores, profile.rhythm
    newest = max(profile.shifts, key=lambda shift: (shift.since, shift.noticed_at), default=None)
    days = None if rfm is None else rfm.T - rfm.recency
    return {
        "rfm": profile.rfm_class,
        "lifecycle": profile.rfm_class and lifecycle_of(profile.rfm_class),
        "recency_score": scores and scores.recency,
        "frequency_score": scores and scores.frequency,
        "monetary_score": scores and scores.monetary,
        "orders": rfm.orders if rfm else 0,
        "spend": rfm.total if rfm else 0,
        "last_order": rfm and rfm.last_order_at,
        "days_since_order": days,
        "usual_gap": profile.usual_gap_days,
        "stage": stage_of(rfm.orders if rfm else 0, days or 0.0, profile.usual_gap_days),
        "discount_share": prices and prices.discount_share,
        "price_band": prices and price_band_of(prices.discount_share),
        "basket": prices and prices.basket_median,
        "first_seen": profile.first_seen_at,
        "last_seen": profile.last_seen_at,
        "events": profile.events,
        "unclassified_share": profile.unclassified_share,
        "visits": sum(rhythm.hours),
        "usual_hour": rhythm.usual_hour,
        "usual_weekday": None if rhythm.usual_weekday is None else WEEKDAYS[rhythm.usual_weekday],
        "visit_gap": rhythm.visit_gap_days,
        "top_interest": profile.interests[0].topic if profile.interests else None,
        "own_weight": profile.own_weight,
        "taste": profile.segment,
        "shifts": len([shift for shift in profile.shifts if shift.noticed_at <= profile.as_of]),
        "shift.to": newest and newest.to_topic,
        "shift.since": newest and newest.since,
        "signals": len(profile.signals),
        "attributes": len(profile.attributes),
        "rejected": bool(profile.tombstones),
        "customer": profile.customer_id,
    }


def asked(profile: Profile) -> Iterator[tuple[Wanted, object]]:
    """The same of fields with an argument."""
    shares: dict[str, Interest] = {interest.topic: interest for interest in profile.interests}
    for topic in (*shares, "garden"):
        found = shares.get(topic)
        yield Wanted("interest", (topic,)), found.share if found else 0.0
        yield Wanted("interest_weight", (topic,)), found.weight if found else 0.0
    for channel in ("sms", "email", "onsite"):
        granted = may_contact(profile.consents, purpose="marketing", channel=channel)
        yield Wanted("consent", (channel,)), granted
    for attribute in profile.attributes:
        yield Wanted("attribute", (attribute.name,)), attribute.value
    for hour in (9, 21):
        yield Wanted("visits_at", (str(hour),)), profile.rhythm.hours[hour]
    yield Wanted("visits_on", ("sunday",)), profile.rhythm.weekdays[6]
    yield Wanted("count", ("view",)), profile.counts.get("view", 0)
    yield Wanted("signal", ("rarer_visits",)), any(s.name == "rarer_visits" for s in profile.signals)


def value_at(crowd: Crowd, wanted: Wanted, place: int) -> object:
    column = crowd.column(wanted)
    if isinstance(column, Numbers):
        return None if np.isnan(column.values[place]) else float(column.values[place])
    return told(column)[place]


def comparable(value: object) -> object:
    if isinstance(value, datetime):
        return float(to_micros(value))
    # Many are read at once in single precision: the same to six digits.
    return pytest.approx(float(value), rel=1e-6) if isinstance(value, bool | int | float) else value


@pytest.mark.parametrize("days_back", [0, 60])
def test_columns_say_what_profiles_say(demo: App, latest: datetime, days_back: int) -> None:
    crowd = crowd_at(demo, latest - timedelta(days=days_back))
    seen = 0
    for profile in profiles(demo, crowd, every=crowd.size // CUSTOMERS):
        place, seen = crowd.place[profile.customer_id], seen + 1
        said = {Wanted(name): value for name, value in plain(profile).items()} | dict(asked(profile))
        for wanted, value in said.items():
            assert value_at(crowd, wanted, place) == comparable(value), (profile.customer_id, wanted)
    assert seen >= CUSTOMERS


def test_every_field_of_the_table_has_a_reader_and_a_value_for_everybody(demo: App, latest: datetime) -> None:
    crowd, known = crowd_at(demo, latest), catalogue()
    fields = known.fields
    assert READERS.fields.keys() | READERS.asked.keys() == fields.keys()
    assert READERS.lists.keys() == known.lists.keys()
    for name in READERS.fields:
        column = crowd.column(Wanted(name))
        values = column.values if isinstance(column, Numbers) else column.codes
        assert isinstance(column, Numbers) is (fields[name].type != "word"), name
        assert len(values) == crowd.size
    for listing, group in known.lists.items():
        entries = crowd.entries(listing)
        assert entries.table.size == len(entries.owner)
        for field in group.fields.values():
            entries.table.column(Wanted(field.name))


def test_estimates_are_those_of_the_customer_list(demo: App, latest: datetime) -> None:
    crowd, shop = crowd_at(demo, latest), demo.pipeline.access.workspace("demo")
    for row in demo.pipeline.customers(shop, as_of=latest, limit=20).rows:
        place = crowd.place[row.customer_id]
        assert value_at(crowd, Wanted("ltv"), place) == comparable(row.ltv.value)
        assert value_at(crowd, Wanted("churn_risk"), place) == comparable(row.churn.churn_risk)
        assert value_at(crowd, Wanted("rfm"), place) == row.rfm_class


def test_a_moment_before_anybody_came_has_nobody(demo: App, latest: datetime) -> None:
    assert crowd_at(demo, latest - timedelta(days=4_000)).size == 0


@pytest.mark.parametrize(
    "expression",
    [
        "orders >= 2 and (interest(pets) > 0.1 or rfm = 重要价值)",
        "rfm in (重要价值, 一般挽留) and any shift(since >= 200d ago) and not signal(rarer_visits)",
        "not (spend > 100 and shift.kind = shift) and top_interest is known",
    ],
)
def test_what_is_read_for_few_only_changes_no_answer(demo: App, latest: datetime, expression: str) -> None:
    audiences, shop = demo.pipeline.audiences, demo.pipeline.access.workspace("demo")
    crowd = crowd_at(demo, latest)
    large = Crowd(
        crowd.ids, as_of=latest, zone=crowd.zone, taxonomy=crowd.taxonomy, sources=crowd.sources, how=READERS,
        soon_read=0,
    )  # fmt: skip
    assert large.is_dear("shift")
    found = audiences.verdict(shop, expression, large, lang="en")
    wanted = audiences.verdict(shop, expression, crowd, lang="en")
    assert 0 < wanted.yes.sum() < crowd.size
    assert (found.yes == wanted.yes).all()
    assert (found.no == wanted.no).all()
    assert large.is_dear("shift")
