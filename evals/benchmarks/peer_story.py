"""What a story from a template over the whole history costs: the peer of `narrative.render`.

It has no state and reads every event: the figures of the first lines are computed from them, the same kinds of figures
that ours tells, and each event gets one sentence with relative time, titles, redacted words and money. The template
is compiled beforehand, topics come from the same matcher as ours, and both know the same texts and items.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from operator import neg
from statistics import fmean, median, quantiles
from typing import NamedTuple

from jinja2 import Environment, StrictUndefined, Template

from app.events.schemas import Event, History
from app.privacy.redaction import redact
from app.profile.seen import Context, topics_of

_DAY = timedelta(days=1)
_WINDOW = 90 * _DAY
_RECENT = 45 * _DAY
_TEMPLATE = """\
{% macro ago(at) %}{% set days = (as_of - at).days -%}
{% if days < 1 %}today{% elif days < 2 %}yesterday{% elif days < 14 %}{{ days }} days ago
{%- elif days < 60 %}{{ days // 7 }} weeks ago{% else %}{{ days // 30 }} months ago{% endif %}{% endmacro -%}
{% macro when(at) %}{% set hour = at.astimezone(zone).hour -%}
{{ ago(at)|capitalize }}, {% if hour < 6 %}at night{% elif hour < 12 %}in the morning
{%- elif hour < 18 %}in the afternoon{% else %}in the evening{% endif %}{% endmacro -%}
{% macro title(event) %}{{ items[event.item_id].title if event.item_id in items else "something" }}{% endmacro -%}
{% macro money(minor) %}CNY {{ "%.2f"|format(minor / 100) }}{% endmacro -%}
{% macro quote(event) %}"{{ texts[event.text_ref]|redact }}"{% endmacro -%}
Known since {{ ago(head.first_at) }}, last seen {{ ago(head.last_at) }}; {{ head.events }} events.
{% if head.orders %}{{ head.orders.number }} orders worth {{ money(head.orders.total) }}, on average {{
money(head.orders.average) }}, from {{ money(head.orders.low) }} to {{ money(head.orders.high) }}; the first {{
ago(head.orders.first_at) }}, the last {{ ago(head.orders.last_at) }}, the dearest {{ money(head.orders.largest) }}
{%- if head.orders.gap %}, usually every {{ head.orders.gap }} days{% endif %}. In the last 90 days {{
head.orders.recent }}, in those before {{ head.orders.earlier }}.{% endif %}
Interests: {% for topic, weight in head.interests %}{{ topic }} ({{ "%.1f"|format(weight) }}){{
", " if not loop.last }}{% endfor %}.
{% for topic, share in head.spent %}{{ "%.0f"|format(100 * share) }}% of it for {{ topic }}. {% endfor %}
{% for before, after, at in head.shifts %}From {{ before }} to {{ after }} {{ ago(at) }}. {% endfor %}
{% for topic, now, then in head.moved %}{{ topic }}: {{ now }} times, {{ then }} before. {% endfor %}
Usually there at {{ head.hour }} o'clock, on weekday {{ head.weekday }}, every {{ head.visit_gap }} days.
{% for name, now, usual in head.signs %}{{ name }}: {{ "%.1f"|format(now) }}, usually {{
"%.1f"|format(usual) }}. {% endfor %}
{% for event in events -%}
{{ when(event.occurred_at) }}, they
{%- if event.kind == "search" %} searched for {{ quote(event) }}
{%- elif event.kind == "view" %} looked at {{ title(event) }} for {{ event.properties.dwell_s }} seconds
{%- elif event.kind == "media" %} zoomed into {{ title(event) }}
{%- elif event.kind == "cart_add" %} put {{ title(event) }} in the cart
{%- elif event.kind == "order" %} bought {{ title(event) }} for {{ money(event.money.amount_minor) }}
{%- elif event.kind == "review" %} reviewed {{ title(event) }} ({{ event.properties.rating }} of 5): {{ quote(event) }}
{%- elif event.kind == "support_message" %} asked the support desk: {{ quote(event) }}
{%- elif event.kind == "session" %} came by {{ event.properties.surface }}
{%- else %} did something ({{ event.kind }}){% endif %}.
{% endfor %}"""


@cache
def _compiled() -> Template:
    surroundings = Environment(undefined=StrictUndefined)
    surroundings.filters["redact"] = redact
    return surroundings.from_string(_TEMPLATE)


class Orders(NamedTuple):
    """Figures of all orders; amounts in minor units."""

    number: int
    total: int
    average: float
    low: float
    high: float
    largest: int
    first_at: datetime
    last_at: datetime
    gap: float | None
    recent: int
    earlier: int


class Head(NamedTuple):
    """Figures of the first lines."""

    first_at: datetime
    last_at: datetime
    events: int
    orders: Orders | None
    interests: list[tuple[str, float]]
    spent: list[tuple[str, float]]
    moved: list[tuple[str, int, int]]
    """(topic, dealings in the last window, in the one before)."""
    shifts: list[tuple[str, str, datetime]]
    hour: int
    weekday: int
    visit_gap: float | None
    signs: list[tuple[str, float, float]]
    """(name, mean of late, mean before)."""


def story(history: History, context: Context, as_of: datetime) -> str:
    """The whole story of a customer."""
    found = head(history.events, context, as_of)
    return _compiled().render(
        as_of=as_of, head=found, events=history.events, items=history.items, texts=history.texts, zone=context.zone
    )


def head(events: Sequence[Event], context: Context, as_of: datetime) -> Head:
    """All that is computed from the events."""
    starts = list({event.session_id: event for event in reversed(events) if event.session_id}.values())
    came = [event.occurred_at.astimezone(context.zone) for event in starts]
    topical = [(event, topics[0]) for event in events if (topics := topics_of(event, context))]
    return Head(
        first_at=events[0].occurred_at,
        last_at=events[-1].occurred_at,
        events=len(events),
        orders=_orders(events, context, as_of),
        interests=_interests(topical, context, as_of)[:4],
        spent=_spent(topical)[:2],
        moved=_moved(topical, as_of)[:2],
        shifts=_shifts(topical, as_of)[-3:],
        hour=Counter(moment.hour for moment in came).most_common(1)[0][0],
        weekday=Counter(moment.weekday() for moment in came).most_common(1)[0][0],
        visit_gap=_gap({moment.toordinal() for moment in came}),
        signs=list(_signs(events, as_of)),
    )


def _orders(events: Sequence[Event], context: Context, as_of: datetime) -> Orders | None:
    worth: dict[str, int] = {}
    at: dict[str, datetime] = {}
    for event in events:
        if event.kind == "order":
            order = event.order_id or event.event_id
            worth[order] = worth.get(order, 0) + (event.money.amount_minor if event.money else 0)
            at.setdefault(order, event.occurred_at)
    if not worth:
        return None
    edges = quantiles(worth.values(), n=4) if len(worth) > 1 else [*worth.values()]
    return Orders(
        number=len(worth), total=sum(worth.values()), average=fmean(worth.values()), low=edges[0], high=edges[-1],
        largest=max(worth.values()), first_at=min(at.values()), last_at=max(at.values()),
        gap=_gap({moment.astimezone(context.zone).toordinal() for moment in at.values()}),
        recent=sum(moment > as_of - _WINDOW for moment in at.values()),
        earlier=sum(as_of - 2 * _WINDOW < moment <= as_of - _WINDOW for moment in at.values()),
    )  # fmt: skip


def _gap(days: set[int]) -> float | None:
    return median(b - a for a, b in pairwise(sorted(days))) if len(days) > 1 else None


_Topical = Sequence[tuple[Event, str]]


def _interests(topical: _Topical, context: Context, as_of: datetime) -> list[tuple[str, float]]:
    weights: dict[str, float] = {}
    for event, topic in topical:
        age = (as_of - event.occurred_at) / _DAY
        impact = context.taxonomy.impact(event.kind)
        weights[topic] = weights.get(topic, 0.0) + impact * 2 ** (-age / context.taxonomy.half_life_days(topic))
    return sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))


def _spent(topical: _Topical) -> list[tuple[str, float]]:
    spent: Counter[str] = Counter()
    for event, topic in topical:
        if event.money:
            spent[topic] += event.money.amount_minor
    return [(topic, value / spent.total()) for topic, value in spent.most_common()]


def _moved(topical: _Topical, as_of: datetime) -> list[tuple[str, int, int]]:
    now = Counter(topic for event, topic in topical if event.occurred_at > as_of - _WINDOW)
    then = Counter(topic for event, topic in topical if as_of - 2 * _WINDOW < event.occurred_at <= as_of - _WINDOW)
    both = [(topic, now[topic], then[topic]) for topic in now.keys() | then.keys()]
    return sorted(both, key=lambda row: (-abs(row[1] - row[2]), row[0]))


def _shifts(topical: _Topical, as_of: datetime) -> list[tuple[str, str, datetime]]:
    """Changes of the topic that was dealt with most in 30 days against the 30 before, looked at once a week."""
    days = [(as_of - event.occurred_at) // _DAY for event, _ in topical]
    topics = [topic for _, topic in topical]
    found: list[tuple[str, str, datetime]] = []
    last: tuple[str, str] | None = None
    for back in range(max(days, default=0) - 60, -1, -7):
        edges = [bisect_left(days, -day, key=neg) for day in (back + 60, back + 30, back)]
        then, now = (Counter(topics[a:b]).most_common(1) for a, b in pairwise(edges))
        pair = (then[0][0], now[0][0]) if then and now and then[0][0] != now[0][0] else None
        if pair and pair != last:
            found.append((*pair, as_of - (back + 30) * _DAY))
        last = pair
    return found


def _signs(events: Sequence[Event], as_of: datetime) -> list[tuple[str, float, float]]:
    """Means of the last stretch beside those of all before it."""
    measures: dict[str, Callable[[Sequence[Event]], float]] = {
        "dwell": lambda of: fmean(e.properties["dwell_s"] for e in of if e.kind == "view"),
        "pages per visit": lambda of: sum(e.kind == "view" for e in of) / len({e.session_id for e in of}),
        "searches per visit": lambda of: sum(e.kind == "search" for e in of) / len({e.session_id for e in of}),
        "rating": lambda of: fmean([e.properties["rating"] for e in of if "rating" in e.properties] or [0.0]),
    }
    late = [event for event in events if event.occurred_at > as_of - _RECENT]
    before = [event for event in events if event.occurred_at <= as_of - _RECENT]
    if not all(any(e.kind == "view" for e in of) for of in (late, before)):
        return []
    return [(name, measure(late), measure(before)) for name, measure in measures.items()]
