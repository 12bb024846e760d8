"""Columns of presence: when they came, how often, at what hours."""

from collections.abc import Iterator

from app.profile import history, rhythm
from app.profile.segments.evaluate import Column
from app.profile.segments.fields import shipped_names
from app.strategy.audiences.cells import Cell, numbers_of
from app.strategy.audiences.crowd import Crowd, Row

WEEKDAYS = tuple(shipped_names()["weekday"])
"""Monday first."""


def presence(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """First and last acts, and how many events there are."""
    today = crowd.as_of.astimezone(crowd.zone).toordinal()
    for place, (first, last, events, topical, untopical) in crowd.each(
        "first_at", "last_at", "events", "topical", "untopical"
    ):
        judged = topical + untopical
        yield (
            place,
            {
                "first_seen": first,
                "last_seen": last,
                "days_since_seen": None if last is None else today - last.astimezone(crowd.zone).toordinal(),
                "events": events,
                "unclassified_share": untopical / judged if judged else 0.0,
            },
        )


def habits(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """Visits by hour and weekday, and the days between them."""
    zone = str(crowd.zone)
    for place, (rhythms, bought) in crowd.each("rhythm", "purchases"):
        found = rhythm.view(rhythms, bought.gaps, zone)
        weekday = found.usual_weekday
        yield (
            place,
            {
                "visits": sum(found.hours),
                "usual_hour": found.usual_hour,
                "usual_weekday": None if weekday is None else WEEKDAYS[weekday],
                "visit_gap": found.visit_gap_days,
                "purchase_gap": found.purchase_gap_days,
            },
        )


def counted(crowd: Crowd, arguments: tuple[str, ...]) -> Column:
    """Events of one kind."""
    (kind,) = arguments
    values: list[Cell] = [None] * crowd.size
    for place, (counts,) in crowd.each("counts"):
        values[place] = counts.get(kind, 0)
    return numbers_of(values)


def at_hour(crowd: Crowd, arguments: tuple[str, ...]) -> Column:
    """Visits that began in one local hour."""
    hour = int(arguments[0])
    return _visits(crowd, [24 * day + hour for day in range(len(WEEKDAYS))])


def on_weekday(crowd: Crowd, arguments: tuple[str, ...]) -> Column:
    """Visits that began on one weekday."""
    day = WEEKDAYS.index(arguments[0])
    return _visits(crowd, range(24 * day, 24 * day + 24))


def updates(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """How the profiles came to be as they are."""
    for place, (part,) in crowd.each("history"):
        for update in history.view(part, crowd.as_of):
            yield (
                place,
                {
                    "mode": update.mode,
                    "at": update.at,
                    "events": update.events,
                    "score": update.score,
                    "threshold": update.threshold,
                },
            )


def reflections(crowd: Crowd) -> Iterator[tuple[int, Row]]:
    """When profiles were last reflected upon."""
    for place, (part,) in crowd.each("history"):
        yield place, {"reflected": history.reflected_at(part)}


def _visits(crowd: Crowd, slots: "list[int] | range") -> Column:
    values: list[Cell] = [None] * crowd.size
    for place, (rhythms,) in crowd.each("rhythm"):
        values[place] = sum(rhythms.grid.get(slot, 0) for slot in slots)
    return numbers_of(values)
