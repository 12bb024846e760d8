"""The log as a whole: chains, positions, what is kept at hand, and what several writers do to each other."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from app.database.engine import Database
from app.events.intake import Accepted, accept
from app.events.schemas import EventKind, Member
from app.events.store import EventLog, Head, Verdict
from tests.factories import RECEIVED, START, an_accepted, an_incoming, an_intake

FOREVER = START + timedelta(days=9_999)
U1, U2 = Member("user_id:u1"), Member("user_id:u2")


def put(database: Database, log: EventLog, *batch: Accepted) -> list[Verdict]:
    with database.write() as connection:
        appended = log.append(connection, batch)
    log.committed("shop", appended)
    return [logged.verdict for logged in appended.logged]


def a_view(n: int, who: str = "u1", workspace: str = "shop", source: str = "web") -> Accepted:
    incoming = an_incoming("view", n / 10, identifiers={"user_id": who}, message_id=f"{who}-{n}")
    return accept(incoming, an_intake(source, workspace))


def test_positions_are_given_per_workspace_one_after_the_other(database: Database) -> None:
    log = EventLog(database)
    put(database, log, a_view(0), a_view(1, "u2"), a_view(0))
    with database.write() as connection:
        log.append(connection, [a_view(0, workspace="other")])
    put(database, log, a_view(2))
    assert [position for position, _ in log.since("shop", 0, limit=9)] == [1, 2, 3]
    assert [position for position, _ in log.since("other", 0, limit=9)] == [1]
    assert [event.message_id for _, event in log.since("shop", 2, limit=9)] == ["u1-2"]
    assert log.count("shop") == log.position("shop") == 3


def test_each_history_is_found_along_its_own_chain(database: Database) -> None:
    log, dice = EventLog(database), random.Random(3)
    whose = [dice.choice(("u1", "u2", "u3")) for _ in range(120)]
    batch = [a_view(n, who) for n, who in enumerate(whose)]
    start = 0
    while start < len(batch):
        size = dice.randrange(1, 9)
        put(database, log, *batch[start : start + size])
        start += size
    for who in ("u1", "u2", "u3"):
        found = log.history("shop", [Member(f"user_id:{who}")], until=FOREVER).events
        assert [e.message_id for e in found] == [f"{who}-{n}" for n, other in enumerate(whose) if other == who]
    assert len(log.history("shop", [U1, U2, Member("user_id:u3")], until=FOREVER).events) == len(whose)
    assert log.sizes("shop", ["user_id:u1", "user_id:nobody"]) == {"user_id:u1": whose.count("u1")}


def test_a_history_can_end_at_a_log_position_and_begin_after_a_moment(database: Database) -> None:
    log = EventLog(database)
    put(database, log, *(a_view(n) for n in (5, 1, 9, 3)))
    at = START + timedelta(days=0.3)
    assert [e.message_id for e in log.history("shop", [U1], until=FOREVER, position=3).events] == [
        "u1-1", "u1-5", "u1-9",
    ]  # fmt: skip
    assert [e.message_id for e in log.history("shop", [U1], until=FOREVER, after=at).events] == ["u1-5", "u1-9"]


def test_an_identifier_counts_for_the_time_in_which_it_is_theirs(database: Database) -> None:
    log = EventLog(database)
    put(database, log, *(a_view(n) for n in range(10)))
    middle = START + timedelta(days=0.5)
    before, after = Member(U1.key, None, middle), Member(U1.key, middle)
    assert len(log.history("shop", [before], until=FOREVER).events) == 5
    assert next(e.message_id for e in log.history("shop", [after], until=FOREVER).events) == "u1-5"


def test_a_resend_is_a_duplicate_for_ever_also_after_a_restart(database: Database) -> None:
    put(database, EventLog(database), *(a_view(n) for n in range(3)))
    put(database, EventLog(database), *(a_view(n) for n in range(3, 900)))
    assert put(database, EventLog(database), a_view(0)) == [Verdict.DUPLICATE]


def test_one_message_id_of_two_sources_is_two_events(database: Database) -> None:
    log = EventLog(database)
    assert put(database, log, a_view(1), a_view(1, source="app")) == [Verdict.ACCEPTED, Verdict.ACCEPTED]


def test_a_resend_with_another_clock_correction_is_a_duplicate(database: Database) -> None:
    log = EventLog(database)
    first = an_accepted(message_id="m", clock_correction_ms=1_000)
    assert first.event.occurred_at == START + timedelta(seconds=1)
    assert put(database, log, first) == [Verdict.ACCEPTED]
    assert put(database, log, an_accepted(message_id="m", clock_correction_ms=-70_000)) == [Verdict.DUPLICATE]


def test_what_was_undone_leaves_no_wrong_chain_behind(database: Database) -> None:
    log = EventLog(database)
    put(database, log, a_view(0))
    try:
        with database.write() as connection:
            log.append(connection, [a_view(1), a_view(2)])
            raise RuntimeError("power cut")
    except RuntimeError:
        pass
    put(database, log, a_view(3), a_view(4, "u2"))
    put(database, log, a_view(5))
    assert [e.message_id for e in log.history("shop", [U1], until=FOREVER).events] == ["u1-0", "u1-3", "u1-5"]


def test_two_processes_that_write_in_turn_keep_the_chains_whole(database: Database) -> None:
    here, there = EventLog(database), EventLog(database)
    for n in range(12):
        put(database, here if n % 3 else there, a_view(n))
    assert len(here.history("shop", [U1], until=FOREVER).events) == 12


def test_threads_that_write_together_lose_and_double_nothing(database: Database) -> None:
    log = EventLog(database)

    def send(sender: int) -> None:
        for n in range(10):
            batch = [a_view(n, f"u{sender}"), a_view(n, "shared"), a_view(100 * sender + n, "shared")]
            appended = database.commit_together(lambda connection, batch=batch: log.append(connection, batch))
            log.committed("shop", appended)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(send, range(1, 7)))
    assert log.count("shop") == log.position("shop") == 6 * 10 + 10 + 6 * 10
    assert len(log.history("shop", [Member("user_id:shared")], until=FOREVER).events) == 10 + 6 * 10


def test_events_about_the_graph_are_nobody_s_history(database: Database) -> None:
    log = EventLog(database)
    merge = accept(an_incoming(EventKind.MERGE, 3, message_id="merge"), an_intake("understory"))
    put(database, log, a_view(0), merge)
    assert merge.event.subject == ""
    assert [e.kind for e in log.history("shop", [U1], until=FOREVER).events] == ["view"]
    assert log.head("shop") == Head(2, 2, 2, START)
    assert log.subjects("shop", until=FOREVER) == {"user_id:u1"}


def test_unknown_kinds_are_logged_as_they_came(database: Database) -> None:
    log = EventLog(database)
    put(database, log, an_accepted("wishlist_shared", properties={"list": ["a", {"b": 1}]}))
    ((_, event),) = log.since("shop", 0, limit=9)
    assert (event.kind, event.properties) == ("wishlist_shared", {"list": ["a", {"b": 1}]})
    assert event.received_at == RECEIVED


def test_reading_a_long_log_holds_a_bounded_part_of_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.events.store._ROWS", 10)
    log = EventLog(database)
    put(database, log, *(a_view(n) for n in range(35)))
    assert [e.message_id for e in log.up_to("shop", 33)] == [f"u1-{n}" for n in range(33)]
