"""Messages leave once, to who may be written to, and never after a stop was acknowledged."""

import csv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest

from app.access.schemas import Workspace
from app.bootstrap import App, build
from app.cli.handed_file import file_sink
from app.config import Settings
from app.errors import Conflict, InvalidInput
from app.events.schemas import EventKind
from app.events.sources.mapping import Parsed
from app.loop.enrolling import Enrolling
from app.loop.handing_out import HandingOut
from app.reaching import Reaching, Refusal
from app.strategy.running.files import write_messages
from app.strategy.running.schemas import HandOut, Status
from tests.factories import an_incoming
from tests.factories_running import (
    BEGIN,
    NOW,
    a_shop_of,
    begin,
    campaign_of,
    consent,
    handed_out,
    members_of,
    take,
)

ROUNDS = 6


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(data_dir=tmp_path, llm_url=""))
    yield app
    app.database.close()


@pytest.fixture
def shop(app: App) -> Workspace:
    return a_shop_of(app, 40)


def test_everybody_drawn_is_handed_out_once_and_nobody_held_out_is(app: App, shop: Workspace) -> None:
    members = begin(app, shop, campaign_of())
    first, rest = handed_out(app, shop, limit=5), handed_out(app, shop)
    ids = [row.decision_id for row in (*first.rows, *rest.rows)]
    assert len(first.rows) == 5
    assert sorted(ids) == sorted(m.decision_id for m in members.values() if not m.held)
    assert handed_out(app, shop).rows == ()
    assert all(m.handed_at == NOW for m in members_of(app, shop).values() if not m.held)


def test_what_was_handed_out_is_a_contact_in_the_log(app: App, shop: Workspace) -> None:
    begin(app, shop, campaign_of())
    rows = {row.decision_id: row for row in handed_out(app, shop).rows}
    sent = [e for _, e in app.pipeline.log.since("shop", 0, limit=5_000) if e.kind == EventKind.CAMPAIGN_SENT]
    assert {e.decision_id for e in sent} == rows.keys()
    assert {(e.campaign_id, e.arm_id, e.properties["channel"]) for e in sent} == {("spring", "sms-plain", "sms")}


def test_a_consent_withdrawn_a_moment_ago_is_withdrawn(app: App, shop: Workspace) -> None:
    members = begin(app, shop, campaign_of())
    given = next(user for user, member in members.items() if not member.held)
    refusal = consent(int(given[1:]), day=99, granted=False)
    app.pipeline.ingest(shop, "web", [Parsed(1, refusal, None, {"message_id": refusal.message_id})], now=NOW)
    handed = handed_out(app, shop)
    assert handed.withheld == {"consent": 1}
    assert given not in {row.to for row in handed.rows}


def test_a_consent_withdrawn_while_the_messages_were_made_ready_is_withdrawn_too(app: App, shop: Workspace) -> None:
    members = begin(app, shop, campaign_of())
    given = next(user for user, member in members.items() if not member.held)
    parts = app.pipeline

    class Asking(Reaching):
        """The customer changes their mind just after they were asked about."""

        def refusals(self, workspace: Workspace, *asked: Any, **moments: Any) -> dict[str, Refusal]:
            found = super().refusals(workspace, *asked, **moments)
            take(app, workspace, [consent(int(given[1:]), day=99, granted=False)])
            return found

    stores = {"database": app.database, "identity": parts.identity}
    reaching = Asking(**stores, profiles=parts.profiles, follower=parts.follower, policy=parts.policy)
    enrolling = Enrolling(**stores, log=parts.log, reckoner=parts.reckoner)
    handing = HandingOut(**stores, log=parts.log, reaching=reaching, enrolling=enrolling)
    handed = handing.hand_out(shop, "spring", lambda _: None, now=NOW)
    assert handed.withheld == {"consent": 1}
    assert given not in {row.to for row in handed.rows}


def test_who_was_written_to_while_the_messages_were_made_ready_waits_for_the_next_hand_out(
    app: App, shop: Workspace
) -> None:
    for name in ("spring", "summer"):
        begin(app, shop, campaign_of(name))
    parts, other = app.pipeline, list[HandOut]()

    class Asking(Reaching):
        """Another campaign hands its messages out just after these customers were asked about."""

        def refusals(self, workspace: Workspace, *asked: Any, **moments: Any) -> dict[str, Refusal]:
            found = super().refusals(workspace, *asked, **moments)
            other.append(handed_out(app, workspace, "summer"))
            return found

    stores = {"database": app.database, "identity": parts.identity}
    reaching = Asking(**stores, profiles=parts.profiles, follower=parts.follower, policy=parts.policy)
    enrolling = Enrolling(**stores, log=parts.log, reckoner=parts.reckoner)
    handing = HandingOut(**stores, log=parts.log, reaching=reaching, enrolling=enrolling)
    handed = handing.hand_out(shop, "spring", lambda _: None, now=NOW)
    beside, written_to = {row.to for row in other[0].rows}, {row.to for row in handed.rows}
    assert beside
    assert written_to
    assert not beside & written_to
    assert set(handed.withheld) == {"frequency"}


def test_nobody_is_written_to_more_often_than_the_policy_allows(app: App, shop: Workspace) -> None:
    cap = app.pipeline.policy.frequency.limit("sms")
    reached: list[set[str]] = []
    for number in range(cap + 2):
        begin(app, shop, campaign_of(f"c{number}", holdout=0.2))
        reached.append({row.to for row in handed_out(app, shop, f"c{number}").rows})
    counts = {user: sum(user in group for group in reached) for user in set().union(*reached)}
    assert max(counts.values()) == cap
    assert handed_out(app, shop, f"c{cap + 1}").withheld["frequency"] > 0


def test_a_sink_that_fails_means_that_nothing_was_handed_out(app: App, shop: Workspace) -> None:
    begin(app, shop, campaign_of())

    def full(_: HandOut) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        app.pipeline.campaigns.handing.hand_out(shop, "spring", full, now=NOW)
    assert all(member.handed_at is None for member in members_of(app, shop).values())
    assert len(handed_out(app, shop).rows) > 0


def test_a_stopped_campaign_hands_nothing_out_and_stays_stopped(app: App, shop: Workspace) -> None:
    begin(app, shop, campaign_of())
    view = app.pipeline.campaigns.stop(shop, "spring", by="Bo", reason="wrong price", now=NOW)
    assert view.status is Status.STOPPED
    assert view.run.stopped
    assert (view.run.stopped.by, view.run.stopped.reason) == ("Bo", "wrong price")
    with pytest.raises(Conflict, match="was stopped by Bo: wrong price; nothing is handed out"):
        handed_out(app, shop)
    with pytest.raises(Conflict, match="was stopped by Bo"):
        app.pipeline.campaigns.stop(shop, "spring", by="Cy", reason="again", now=NOW)
    with pytest.raises(Conflict):
        begin(app, shop, campaign_of())
    assert app.pipeline.campaigns.show(shop, "spring", now=NOW).status is Status.STOPPED


def test_all_campaigns_stop_at_once_except_those_that_have_ended(app: App, shop: Workspace) -> None:
    for name in ("a", "b", "c"):
        begin(app, shop, campaign_of(name))
    begin(app, shop, campaign_of("old", starts_at=BEGIN - timedelta(days=40)))
    app.pipeline.campaigns.stop(shop, "b", by="Bo", reason="first", now=NOW)
    assert sorted(app.pipeline.campaigns.stop_all(shop, by="Bo", reason="fire", now=NOW)) == ["a", "c"]
    status = {view.run.campaign.campaign_id: view.status for view in app.pipeline.campaigns.every(shop, now=NOW)}
    assert status == {"a": "stopped", "b": "stopped", "c": "stopped", "old": "finished"}
    assert app.pipeline.campaigns.stop_all(shop, by="Bo", reason="fire", now=NOW) == []


def test_one_workspace_does_not_stop_another_s(app: App, shop: Workspace) -> None:
    other = a_shop_of(app, 12, name="other")
    begin(app, other, campaign_of())
    begin(app, shop, campaign_of())
    app.pipeline.campaigns.stop_all(other, by="Bo", reason="fire", now=NOW)
    assert app.pipeline.campaigns.show(shop, "spring", now=NOW).status is Status.RUNNING
    assert {row.campaign_id for row in handed_out(app, shop).rows} == {"spring"}


@pytest.mark.parametrize("everything", [False, True])
def test_nothing_leaves_after_a_stop_was_acknowledged(app: App, shop: Workspace, everything: bool) -> None:
    """Several exports of a few messages each race with one stop; every message that left did so before the stop."""
    for number in range(ROUNDS):
        name = f"race{number}"
        begin(app, shop, campaign_of(name))
        stopped, late, left, barrier = Event(), [], [], Barrier(4)

        def sink(handed: HandOut, stopped: Event = stopped, late: list = late, left: list = left) -> None:  # type: ignore[type-arg]
            (late if stopped.is_set() else left).extend(handed.rows)

        def export(name: str = name, barrier: Barrier = barrier, sink: object = sink) -> bool:
            barrier.wait()
            try:
                for _ in range(20):
                    app.pipeline.campaigns.handing.hand_out(shop, name, sink, now=NOW, limit=1)  # type: ignore[arg-type]
            except Conflict:
                return True
            return False

        def stop(name: str = name, barrier: Barrier = barrier, stopped: Event = stopped) -> None:
            barrier.wait()
            campaigns = app.pipeline.campaigns
            if everything:
                assert campaigns.stop_all(shop, by="Bo", reason="race", now=NOW) == [name]
            else:
                campaigns.stop(shop, name, by="Bo", reason="race", now=NOW)
            stopped.set()

        with ThreadPoolExecutor(4) as pool:
            exports, ended = [pool.submit(export) for _ in range(3)], pool.submit(stop)
            ended.result()
            refused = [future.result() for future in exports]
        assert late == []
        assert all(refused)
        handed = {m.decision_id for m in members_of(app, shop, name).values() if m.handed_at}
        assert handed == {row.decision_id for row in left}


def test_the_file_opens_in_a_spreadsheet_and_runs_nothing(app: App, shop: Workspace) -> None:
    odd = [f"={n}+1" for n in range(9)]
    properties = {"granted": True, "purpose": "marketing", "channel": "sms"}
    take(app, shop, [an_incoming("consent", 98, identifiers={"user_id": name}, properties=properties) for name in odd])
    begin(app, shop, campaign_of(holdout=0.2))
    handed, out = handed_out(app, shop), BytesIO()
    write_messages(out, "csv", handed, "CNY")
    text = out.getvalue().decode("utf-8")
    rows = list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))
    assert text.startswith("\ufeff")
    assert [row["decision_id"] for row in rows] == [row.decision_id for row in handed.rows]
    assert {f"'{name}" for name in odd} & {row["to"] for row in rows}
    assert not any(row["to"].startswith("=") for row in rows)


def test_a_message_goes_to_the_address_that_its_channel_needs(app: App, shop: Workspace) -> None:
    members = begin(app, shop, campaign_of())
    given = next(user for user, member in members.items() if not member.held)
    names = {"user_id": given, "phone": "13912345678"}
    take(app, shop, [an_incoming("view", 99, identifiers=names, item_id="milk")])
    rows = {row.decision_id: row for row in handed_out(app, shop).rows}
    assert rows[members[given].decision_id].to == "13912345678"


def test_an_unknown_kind_of_file_is_refused_before_anything_is_handed_out(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"\.csv or \.jsonl"):
        file_sink(tmp_path / "messages.xlsx", "CNY")
    (tmp_path / "messages.csv").write_text("old")
    with pytest.raises(Conflict, match="there already"):
        file_sink(tmp_path / "messages.csv", "CNY")


def test_what_is_handed_out_at_night_is_meant_for_the_morning(app: App, shop: Workspace) -> None:
    begin(app, shop, campaign_of())
    night = NOW + timedelta(hours=10)
    handed = app.pipeline.campaigns.handing.hand_out(shop, "spring", lambda _: None, now=night)
    moments = {row.send_at.astimezone(shop.zone) for row in handed.rows if row.send_at}
    assert [(moment.date() - NOW.date(), moment.hour) for moment in moments] == [(timedelta(days=1), 8)]
