"""Taking events in: what each record is told, and that a batch is durable as a whole or not there at all."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.config import Settings
from app.errors import InvalidInput
from app.events.quality import EventVerdict
from app.events.schemas import IncomingEvent
from app.events.sources.mapping import Parsed
from app.ingest import Taken
from tests.factories import RECEIVED, a_workspace, an_incoming, an_item

FOREIGN = msgspec.structs.replace(an_item("x", "x"), currency="GBP")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    yield app
    app.database.close()


def a_shop(app: App) -> Workspace:
    return app.pipeline.access.ensure(a_workspace())


def parsed(*incoming: IncomingEvent) -> list[Parsed]:
    return [Parsed(n, e, None, {"message_id": e.message_id}) for n, e in enumerate(incoming)]


def take(app: App, shop: Workspace, *records: Parsed) -> Taken:
    return app.pipeline.take(shop, "web", records, now=RECEIVED)


def test_every_record_is_told_what_became_of_it_in_the_order_of_its_lines(app: App) -> None:
    shop = a_shop(app)
    records = [
        *parsed(
            an_incoming(message_id="a"),
            an_incoming(message_id="a"),
            an_incoming(day=1, message_id="a"),
            an_incoming(message_id="b", identifiers={}),
        ),
        Parsed(4, None, "broken JSON: x", {"raw": "x"}),
        Parsed(5, an_incoming(message_id="c"), None, {}),
    ]
    taken = take(app, shop, *records)
    assert [v.verdict for v in taken.verdicts] == [
        "accepted", "duplicate", "conflict", "quarantined", "quarantined", "accepted",
    ]  # fmt: skip
    assert [v.line for v in taken.verdicts] == list(range(6))
    ids = [v.event_id for v in taken.verdicts]
    assert ids[0] == ids[1] == ids[2] is not None
    assert ids[3] is ids[4] is None
    assert taken.verdicts[4] == EventVerdict(4, "quarantined", "broken JSON: x", None)
    report = taken.report
    assert (report.accepted, report.duplicates, report.conflicts, report.quarantined) == (2, 1, 1, 2)
    assert report.records == len(records)


def test_a_conflict_lies_in_quarantine_with_both_hashes(app: App) -> None:
    shop = a_shop(app)
    take(app, shop, *parsed(an_incoming(message_id="a")))
    taken = take(app, shop, *parsed(an_incoming(day=1, message_id="a")))
    (kept,) = app.pipeline.quarantine.find("shop")
    assert kept.sent_hash != kept.known_hash
    assert kept.sent_hash
    assert kept.known_hash
    assert kept.sent_hash in kept.reason
    assert kept.known_hash in kept.reason
    assert taken.verdicts[0].reason == kept.reason
    assert app.pipeline.log.count("shop") == 1


def test_a_resend_after_a_restart_is_a_duplicate_of_the_same_event(app: App, tmp_path: Path) -> None:
    shop = a_shop(app)
    (first,) = take(app, shop, *parsed(an_incoming(message_id="a"))).verdicts
    again = build(Settings(data_dir=tmp_path, llm_url=""))
    (second,) = take(again, shop, *parsed(an_incoming(message_id="a"))).verdicts
    assert second == first._replace(verdict="duplicate")
    again.database.close()


def test_threads_that_take_together_lose_and_double_nothing(app: App) -> None:
    shop = a_shop(app)

    def send(sender: int) -> list[str]:
        said = []
        for n in range(8):
            mine = an_incoming(day=n, message_id=f"{sender}-{n}", identifiers={"user_id": f"u{sender}"})
            everybody = an_incoming(day=n, message_id=f"all-{n}", identifiers={"user_id": "u0"})
            said += [v.verdict for v in take(app, shop, *parsed(mine, everybody)).verdicts]
            app.pipeline.catch_up(shop)
        return said

    with ThreadPoolExecutor(6) as pool:
        said = [verdict for one in pool.map(send, range(1, 7)) for verdict in one]
    assert (said.count("accepted"), said.count("duplicate")) == (6 * 8 + 8, 5 * 8)
    assert app.pipeline.log.count("shop") == 6 * 8 + 8
    assert app.pipeline.check(shop) == (0, 0)


def test_one_bad_batch_among_those_that_share_a_commit_hurts_no_other(app: App) -> None:
    shop = a_shop(app)

    def send(n: int) -> bool:
        event = an_incoming(day=n, message_id=f"m{n}")
        if n % 3:
            take(app, shop, *parsed(event))
            return True
        with pytest.raises(InvalidInput, match="keeps CNY"):
            app.pipeline.take(shop, "web", parsed(event), now=RECEIVED, items=[FOREIGN])
        return False

    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(send, range(24)))
    assert app.pipeline.log.count("shop") == app.pipeline.log.position("shop") == sum(kept) == 16


def test_our_own_source_is_closed_to_others(app: App) -> None:
    with pytest.raises(InvalidInput, match="Understory's own"):
        app.pipeline.take(a_shop(app), " Understory ", [], now=RECEIVED)
