from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from app.database.engine import Database
from app.events.activity import COLUMNS, DayCounts, clock_changes
from app.events.intake import Accepted
from app.events.store import EventLog
from tests.factories import RECEIVED, SHANGHAI, an_accepted, an_order

BERLIN = ZoneInfo("Europe/Berlin")


def counted(
    database: Database, *accepted: Accepted, zone: ZoneInfo = SHANGHAI, until: datetime = RECEIVED
) -> DayCounts:
    log = EventLog(database)
    with database.write() as connection:
        log.append(connection, accepted)
    return log.day_counts("shop", until=until, zone=zone)


def rows(found: DayCounts) -> dict[tuple[str, date], dict[str, int]]:
    return {
        (found.subjects[subject], date(1970, 1, 1) + timedelta(days=day)): {
            name: count for name, count in zip(COLUMNS, counts, strict=True) if count
        }
        for subject, day, counts in zip(found.subject.tolist(), found.day.tolist(), found.counts.tolist(), strict=True)
    }


def at(text: str, kind: str = "view", **changes: object) -> Accepted:
    return an_accepted(kind, occurred_at=text, **changes)


def test_a_day_is_one_row_with_its_kinds_counted(database: Database) -> None:
    found = counted(
        database,
        an_accepted("view", 1), an_accepted("view", 1.01), an_accepted("search", 1.02, text="奶粉"),
        an_order(1.1, 20, "o1"), an_accepted("favourite", 2), an_accepted("view", 1, identifiers={"user_id": "u2"}),
    )  # fmt: skip
    assert rows(found) == {
        ("user_id:u1", date(2026, 1, 2)): {"acts": 4, "presence": 4, "pages": 2, "searches": 1, "orders": 1},
        ("user_id:u1", date(2026, 1, 3)): {"acts": 1, "presence": 1, "wants": 1},
        ("user_id:u2", date(2026, 1, 2)): {"acts": 1, "presence": 1, "pages": 1},
    }


def test_what_is_done_to_a_customer_is_no_act_of_theirs(database: Database) -> None:
    refund = an_accepted("refund", 1, amount_minor=100, order_id="o")
    found = counted(database, an_accepted("campaign_sent", 1, campaign_id="c"), refund)
    assert rows(found) == {("user_id:u1", date(2026, 1, 2)): {"refunds": 1, "messages": 1}}


def test_a_review_is_an_act_and_no_visit_unless_it_carries_one(database: Database) -> None:
    beside, inside = an_accepted("review", 1, text="好"), an_accepted("review", 2, text="好", session_id="s")
    assert [row["acts"] for row in rows(counted(database, beside, inside)).values()] == [1, 1]
    again = EventLog(database).day_counts("shop", until=RECEIVED, zone=SHANGHAI)
    assert sorted(row.get("presence", 0) for row in rows(again).values()) == [0, 1]


def test_kinds_that_nobody_knows_are_acts(database: Database) -> None:
    assert rows(counted(database, an_accepted("wishlist_shared", 1))) == {
        ("user_id:u1", date(2026, 1, 2)): {"acts": 1, "presence": 1}
    }


def test_nothing_after_the_moment_is_counted(database: Database) -> None:
    moment = datetime(2026, 1, 2, 10, tzinfo=UTC)
    found = counted(database, at("2026-01-02T10:00:00Z"), at("2026-01-02T10:00:01Z"), until=moment)
    assert found.counts[:, 0].tolist() == [1]
    assert rows(EventLog(database).day_counts("empty", until=moment, zone=SHANGHAI)) == {}


@pytest.mark.parametrize(
    ("moment", "local_day"),
    [
        ("2026-03-28T22:59:00Z", date(2026, 3, 28)),  # an hour to Greenwich until the clocks go forward
        ("2026-03-28T23:01:00Z", date(2026, 3, 29)),
        ("2026-03-29T21:59:00Z", date(2026, 3, 29)),  # two hours from then on
        ("2026-03-29T22:01:00Z", date(2026, 3, 30)),
        ("2026-10-25T22:59:00Z", date(2026, 10, 25)),  # and one again
        ("2026-10-25T23:01:00Z", date(2026, 10, 26)),
    ],
)
def test_days_are_local_ones_across_changes_of_the_clocks(database: Database, moment: str, local_day: date) -> None:
    found = counted(database, at("2026-01-01T12:00:00Z"), at(moment), zone=BERLIN)
    assert ("user_id:u1", local_day) in rows(found)
    assert len(rows(found)) == 2


def test_changes_of_the_clocks_are_found_to_the_second() -> None:
    found = clock_changes(BERLIN, datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert [since for since, _ in found[1:]] == [
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
    ]
    assert [shift for _, shift in found] == [timedelta(hours=hours) for hours in (1, 2, 1)]


def test_what_is_logged_later_is_added_to_what_was_counted(database: Database) -> None:
    log, fresh = EventLog(database), EventLog(database)
    batches = [
        [an_accepted("view", 1), an_accepted("view", 2)],
        [an_accepted("search", 1.1, text="奶粉"), an_accepted("view", 3, identifiers={"user_id": "u2"})],
        [an_order(0.5, 20, "late")],
    ]
    for batch in batches:
        with database.write() as connection:
            log.append(connection, batch)
        kept, anew = (of.day_counts("shop", until=RECEIVED, zone=SHANGHAI) for of in (log, EventLog(database)))
        assert summed(kept) == summed(anew)
    assert summed(log.day_counts("shop", until=RECEIVED, zone=BERLIN)) == summed(
        fresh.day_counts("shop", until=RECEIVED, zone=BERLIN)
    )
    early = datetime(2026, 1, 2, 6, tzinfo=UTC)
    assert summed(log.day_counts("shop", until=early, zone=SHANGHAI)) == summed(
        fresh.day_counts("shop", until=early, zone=SHANGHAI)
    )


def summed(found: DayCounts) -> dict[tuple[str, int], list[int]]:
    sums: dict[tuple[str, int], list[int]] = {}
    for subject, day, counts in zip(found.subject.tolist(), found.day.tolist(), found.counts, strict=True):
        key = (found.subjects[subject], day)
        sums[key] = (counts + np.array(sums.get(key, [0] * len(COLUMNS)))).tolist()
    return sums
