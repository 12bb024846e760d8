"""What is really so in the demo shop, for evaluations only. Product code never imports this module."""

from datetime import date, timedelta
from functools import lru_cache

from app.demo.calendar import Calendar
from app.demo.catalogue import products
from app.demo.habits import IdentityHabits
from app.demo.identities import Held, Names
from app.demo.parameters import Cause, Manner, PhaseSpec
from app.demo.personas import NO_ARC, Stage
from app.demo.plans import Plan
from app.demo.shop import DemoShop
from app.demo.uplift import TrueResponse
from app.events.schemas import Identifier
from app.retrieval.schemas import Arm, Channel, Offer
from app.schema import Frozen

_CALM = PhaseSpec()


class Shift(Frozen):
    """The latest change of what a customer wants most."""

    from_topic: str
    to_topic: str
    on: date


class LifeEvent(Frozen):
    """Something that changed what a customer wants, or whether they stay."""

    what: str
    on: date


class InterestStage(Frozen):
    """A stretch of days, both included, with the shares of interest by topic."""

    since: date
    until: date
    topics: dict[str, float]


class OwnedIdentifier(Frozen):
    """A name that belongs to a customer on these days, both included; `key` is its normal form `type:value`."""

    key: str
    since: date
    until: date


class CustomerTruth(Frozen):
    """One customer as they are at the log's end, or were when they left."""

    index: int
    identifier: str
    """`user_id:...`, to which all their identifiers belong."""
    identifiers: tuple[OwnedIdentifier, ...]
    """All names by which sources may know them; some may never have been used."""
    shares_device_with: int | None
    """The customer of this log whose tablet it is as well."""
    phone_formerly_of: int | None
    """The customer of this log whose phone number it was before."""
    persona: str
    household: str
    """Whom they live with in the end; a child is born on the day that `life_events` says."""
    arc: str
    """What they lived through; none when they left before it began, or it never would have."""
    noise: str | None
    """How they live who were never meant to have an arc."""
    joined_on: date
    arc_started_on: date | None
    """None without an arc."""
    life_events: tuple[LifeEvent, ...]
    topic: str
    """What they want most."""
    interests: dict[str, float]
    """Share of interest by topic."""
    interests_over_time: tuple[InterestStage, ...]
    """From joining until the log ends or they leave; the last stage holds `interests`."""
    shift: Shift | None
    churned_on: date | None
    """The day after which they never order by themselves."""
    churn_reason: Manner | None
    """How they left."""
    churn_cause: Cause | None
    """Why they left."""
    won_back_on: date | None
    """The day on which a message made them order again all the same."""
    price_sensitivity: float


class IdentityTruth(Frozen):
    """Whose every identifier is, in their normal form `type:value`."""

    owners: dict[str, tuple[tuple[int, OwnedIdentifier], ...]]
    """Key -> (customer, when), earliest first; a key that is not here names nobody."""
    junk: frozenset[str]
    """Keys that name nobody, as sources write them; a store's tablet among them."""

    def owners_on(self, key: str, day: date) -> tuple[int, ...]:
        """The customers whose name this was on a local day; two for a shared device."""
        return tuple(who for who, held in self.owners.get(key, ()) if held.since <= day <= held.until)


def truth(shop: DemoShop) -> tuple[CustomerTruth, ...]:
    """The truth of every customer in the shop's log, in order of their number."""
    return tuple(_truth_of(shop, index) for index in range(shop.customers))


def identity_truth(shop: DemoShop) -> IdentityTruth:
    """Who is who in the shop's log."""
    owners: dict[str, list[tuple[int, OwnedIdentifier]]] = {}
    for index in range(shop.customers):
        for held in _identifiers(shop.plan_of(index), shop.calendar):
            owners.setdefault(held.key, []).append((index, held))
    by_time = {key: tuple(sorted(held, key=lambda pair: pair[1].since)) for key, held in owners.items()}
    return IdentityTruth(owners=by_time, junk=_junk(shop.parameters.identities))


def true_response(shop: DemoShop, index: int, on: date, channel: Channel, offer: Offer | None, theme: str) -> float:
    """Chance of one order more, less that of one put off, when a customer gets a message about a topic on a day.

    Raises ValueError, one line, for a customer or a topic that the shop does not have, and for a day on which they
    are not there to be written to.
    """
    _check_question(shop, index, on, theme)
    arm = Arm(arm_id="truth", channel=channel, offer=offer, themes=(theme,), timing="", propensity=1.0)
    day = (on - shop.calendar.midnight.date()).days
    return _responses(shop).uplift(shop.plan_of(index), day, arm, theme).orders


def _check_question(shop: DemoShop, index: int, on: date, theme: str) -> None:
    if not 0 <= index < shop.customers:
        raise ValueError(f"customer {index} is not in the log: 0 to {shop.customers - 1}")
    topics = {product.topic for product in products(shop.seed)}
    if theme not in topics:
        raise ValueError(f"{theme!r} is no topic of the shop: {', '.join(sorted(topics))}")
    joined = _date(shop.calendar, shop.plan_of(index).customer.joined)
    last = _date(shop.calendar, shop.calendar.days - 1)
    if not joined <= on <= last:
        raise ValueError(f"customer {index} can be written to from {joined} to {last}, not on {on}")


@lru_cache(maxsize=2)
def _responses(shop: DemoShop) -> TrueResponse:
    return TrueResponse(shop)


def _truth_of(shop: DemoShop, index: int) -> CustomerTruth:
    plan, calendar = shop.plan_of(index), shop.calendar
    customer, leaving, ties = plan.customer, plan.leaving, shop.neighbours.ties(index)
    lived, now = _lived(plan, calendar), customer.stage_at(_last_day(plan, calendar))
    started = next((stage.first for stage in lived if stage.phase != _CALM), None)
    return CustomerTruth(
        index=customer.index,
        identifier=Identifier("user_id", customer.names.user_id).key,
        identifiers=tuple(_identifiers(plan, calendar)),
        shares_device_with=_in_log(ties.tablets.get(index), shop),
        phone_formerly_of=_in_log(ties.numbers.get(index), shop),
        persona=customer.persona,
        household=customer.household if started is None else customer.household_later or customer.household,
        arc=NO_ARC if started is None else customer.arc,
        noise=customer.noise,
        joined_on=_date(calendar, customer.joined),
        arc_started_on=_day_or_none(calendar, started),
        life_events=_life_events(lived, customer.joined, calendar),
        topic=now.top,
        interests=now.topics,
        interests_over_time=_interests_over_time(plan, lived, calendar),
        shift=_latest_shift(lived, calendar),
        churned_on=None if leaving is None else _date(calendar, leaving.day),
        churn_reason=None if leaving is None else leaving.reason,
        churn_cause=None if leaving is None else customer.grievance,
        won_back_on=_day_or_none(calendar, shop.won_back_on(index)),
        price_sensitivity=customer.sensitivity,
    )


def _in_log(index: int | None, shop: DemoShop) -> int | None:
    return index if index is not None and index < shop.customers else None


def _last_day(plan: Plan, calendar: Calendar) -> int:
    return calendar.days - 1 if plan.leaving is None else plan.leaving.day


def _lived(plan: Plan, calendar: Calendar) -> tuple[Stage, ...]:
    """The stages that the customer went through between joining and leaving."""
    joined, last_day = plan.customer.joined, _last_day(plan, calendar)
    return tuple(stage for stage in plan.customer.stages if joined < stage.last and stage.first <= last_day)


def _life_events(lived: tuple[Stage, ...], joined: int, calendar: Calendar) -> tuple[LifeEvent, ...]:
    found = [(stage.phase.event, max(joined, stage.first)) for stage in lived]
    return tuple(LifeEvent(what=what, on=_date(calendar, day)) for what, day in found if what is not None)


def _interests_over_time(plan: Plan, lived: tuple[Stage, ...], calendar: Calendar) -> tuple[InterestStage, ...]:
    joined, last_day = plan.customer.joined, _last_day(plan, calendar)
    return tuple(
        InterestStage(
            since=_date(calendar, max(joined, stage.first)),
            until=_date(calendar, min(last_day, stage.last - 1)),
            topics=stage.topics,
        )
        for stage in lived
    )


def _latest_shift(lived: tuple[Stage, ...], calendar: Calendar) -> Shift | None:
    for before, after in zip(reversed(lived[:-1]), reversed(lived[1:]), strict=True):
        if before.top != after.top:
            return Shift(from_topic=before.top, to_topic=after.top, on=_date(calendar, after.first))
    return None


def _identifiers(plan: Plan, calendar: Calendar) -> list[OwnedIdentifier]:
    """Strongest first; what is kept is kept until the log ends."""
    names, joined, last = plan.customer.names, plan.customer.joined, calendar.days - 1
    kept: list[tuple[str, str | None]] = [
        ("user_id", names.user_id),
        ("openid", names.openid),
        ("openid", names.club_openid),
        ("social", names.handle),
        ("device", names.tablet),
    ]
    spans = [(kind, value, joined, last) for kind, value in kept if value is not None]
    spans.append(("phone", names.phone, joined, _phone_until(names, last)))
    spans += [("device", *span) for span in _in_turn(names.devices, last)]
    spans += [("anonymous", *span) for span in _in_turn(names.browsers, last)]
    return [
        OwnedIdentifier(key=f"{kind}:{value}", since=_date(calendar, first), until=_date(calendar, until))
        for kind, value, first, until in spans
    ]


def _phone_until(names: Names, last: int) -> int:
    return last if names.phone_given_up is None else names.phone_given_up - 1


def _in_turn(values: tuple[Held, ...], last: int) -> list[tuple[str, int, int]]:
    """Each value with its first and last day; the day of a change belongs to both."""
    ends = [held.first for held in values[1:]] + [last]
    return [(held.value, held.first, end) for held, end in zip(values, ends, strict=True)]


def _junk(habits: IdentityHabits) -> frozenset[str]:
    named = [pair for names in habits.junk_names.values() for junk in names for pair in junk.items()]
    tablets = [("device", tablet) for tablet in habits.store_tablets]
    return frozenset(Identifier(kind, value).key for kind, value in named + tablets)


def _day_or_none(calendar: Calendar, day: int | None) -> date | None:
    return None if day is None else _date(calendar, day)


def _date(calendar: Calendar, day: int) -> date:
    return calendar.midnight.date() + timedelta(days=day)
