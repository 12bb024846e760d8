"""The queue over a real shop: who is on it, who waits, and what operators say of them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from app.acting import Acting
from app.bootstrap import App
from app.errors import Conflict, InvalidInput
from app.events.schemas import EventKind
from app.recording import Recorder, Saying
from app.strategy.acting.rule import Level
from app.strategy.acting.schemas import Hold, Queue, Verdict
from tests.factories_acting import LAST, NOW, a_quiet_shop, an_event, tell


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One shop for all; a test that writes takes somebody whom no other one speaks of."""
    app = a_quiet_shop(tmp_path_factory.mktemp("quiet"))
    yield app
    app.database.close()


def queue_of(app: App, **changes: Any) -> Queue:
    shop = app.pipeline.access.workspace("shop")
    return app.pipeline.acting.queue(shop, **{"as_of": LAST, "lang": "en", **changes})


def acting_with(app: App, per_day: int) -> Acting:
    """The same shop with shorter days."""
    pipeline, rule = app.pipeline, app.pipeline.policy.acting
    teams = tuple(team.model_copy(update={"per_day": per_day}) for team in rule.teams)
    policy = pipeline.policy.model_copy(update={"acting": rule.model_copy(update={"teams": teams})})
    return Acting(
        database=app.database,
        reckoner=pipeline.reckoner,
        identity=pipeline.identity,
        profiles=pipeline.profiles,
        recorder=Recorder(database=app.database, log=pipeline.log, identity=pipeline.identity),
        policy=policy,
    )


def waits(app: App, customer_id: str) -> tuple[Hold, str]:
    found = next(item for item in queue_of(app).waiting if item.customer_id == customer_id)
    return found.hold, found.hold_reason


def test_everybody_on_the_queue_is_above_the_threshold_of_their_value(app: App) -> None:
    found = queue_of(app)
    assert {item.level for item in found.items} == {Level.LIGHT, Level.STRONG}
    assert all(item.churn_risk >= item.threshold and item.channels for item in found.items)
    gains = [item.gain_minor for item in found.items]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] >= 0


def test_the_median_is_that_of_the_buyers_and_its_thresholds_are_the_declared_ones(app: App) -> None:
    shop = app.pipeline.access.workspace("shop")
    estimates = app.pipeline.reckoner.at(shop, LAST).model.all()
    day = app.pipeline.acting.day(shop, as_of=LAST)
    assert day.curve.median_value == np.median(estimates.value[estimates.known])
    assert [float(at[0]) for at in day.curve.thresholds(day.curve.median_value)] == [0.6, 0.8]


def test_everybody_is_counted_once(app: App) -> None:
    found, shop = queue_of(app), app.pipeline.access.workspace("shop")
    seen = app.pipeline.reckoner.at(shop, LAST).seen
    counted = len(found.items) + sum(found.held.values()) + found.below + sum(found.unknown.values())
    assert counted == len(seen)
    assert found.held[Hold.NO_CONSENT] > 0


def test_the_same_question_has_the_same_answer(app: App) -> None:
    assert queue_of(app) == queue_of(app)


def test_a_team_sees_its_own_day(app: App) -> None:
    found = queue_of(app, team="service_desk")
    assert [team.team for team in found.teams] == ["service_desk"]
    assert {item.level for item in (*found.items, *found.waiting)} == {Level.STRONG}
    with pytest.raises(InvalidInput, match="messages, service_desk"):
        queue_of(app, team="nobody")


def test_where_the_data_end_a_contact_made_since_counts_and_a_look_back_does_not_see_it(app: App) -> None:
    item = next(i for i in queue_of(app).items if i.level is Level.LIGHT)
    recorder = Recorder(database=app.database, log=app.pipeline.log, identity=app.pipeline.identity)
    customer = app.pipeline.identity.customers("shop", [item.customer_id])[0]
    sent = Saying(EventKind.CAMPAIGN_SENT, "sent-since", {"channel": "email", "contact": "light"})
    recorder.write(app.pipeline.access.workspace("shop"), customer, [sent], at=NOW, now=NOW)
    assert waits(app, item.customer_id)[0] is Hold.RESTING
    earlier = queue_of(app, as_of=LAST - timedelta(hours=1))
    resting = [w.customer_id for w in earlier.waiting if w.hold is Hold.RESTING]
    assert item.customer_id not in resting


def test_a_full_day_keeps_the_largest_gains_and_says_who_waits(app: App) -> None:
    shop = app.pipeline.access.workspace("shop")
    whole, short = queue_of(app), acting_with(app, 2).queue(shop, as_of=LAST, lang="en")
    for level in (Level.LIGHT, Level.STRONG):
        best = [item.customer_id for item in whole.items if item.level is level][:2]
        assert [item.customer_id for item in short.items if item.level is level] == best
    assert [team.queued for team in short.teams] == [2, 2]
    assert short.held[Hold.CAPACITY] == sum(team.waiting for team in short.teams) > 0
    waiting = next(item for item in short.waiting if item.hold is Hold.CAPACITY)
    assert waiting.hold_reason.startswith("The day of ")


def test_whoever_was_contacted_rests_and_takes_up_the_day_also_after_a_rebuild(app: App) -> None:
    shop, acting = app.pipeline.access.workspace("shop"), app.pipeline.acting
    first = queue_of(app, team="service_desk").items[0]
    done = acting.done(shop, first.customer_id, by="Li", now=NOW)
    assert (done.verdict, done.level, done.team) == (Verdict.DONE, Level.STRONG, "service_desk")
    assert done.until >= LAST + timedelta(days=21)
    for _ in range(2):
        found = queue_of(app, team="service_desk")
        assert found.teams[0].done == 1
        assert waits(app, first.customer_id)[0] is Hold.RESTING
        app.pipeline.rebuild(shop)
    with pytest.raises(Conflict, match="left alone until"):
        acting.done(shop, first.customer_id, by="Wang", now=NOW + timedelta(minutes=1))


def test_a_rest_is_over_when_it_is_over(app: App) -> None:
    shop, acting = app.pipeline.access.workspace("shop"), app.pipeline.acting
    taken = queue_of(app, team="messages").items[-1]
    until = acting.done(shop, taken.customer_id, by="Li", now=NOW).until
    for moment, resting in ((until - timedelta(seconds=1), True), (until, False)):
        held = {item.customer_id: item.hold for item in queue_of(app, as_of=moment).waiting}
        assert (held.get(taken.customer_id) is Hold.RESTING) is resting


def test_not_now_needs_a_reason_and_an_end(app: App) -> None:
    shop, acting = app.pipeline.access.workspace("shop"), app.pipeline.acting
    who = queue_of(app, team="messages").items[0].customer_id
    for days, reason in ((0, "on leave"), (91, "on leave"), (3, " "), (3, "two\nlines")):
        with pytest.raises(InvalidInput):
            acting.later(shop, who, days=days, reason=reason, by="Li", now=NOW)
    put_off = acting.later(shop, who, days=3, reason="on leave, call 13912345678", by="Li", now=NOW)
    assert put_off.until == LAST + timedelta(days=3)
    assert waits(app, who)[0] is Hold.SNOOZED
    customer = app.pipeline.identity.customer("shop", who)
    written = app.pipeline.log.history("shop", customer.members, until=NOW).events[-1]
    assert (written.event_id, written.kind) == (put_off.event_id, "approval")
    assert "13912345678" not in written.properties["reason"]


def test_a_message_that_went_out_counts_and_a_card_on_the_site_does_not(app: App) -> None:
    light = queue_of(app, team="messages").items
    mailed, shown = light[1], light[2]
    at = LAST - timedelta(hours=3)
    for item, channel in ((mailed, "email"), (shown, "onsite")):
        who = int(item.name.rpartition("u")[2])
        sent = an_event("campaign_sent", who, f"s{who}", at, campaign_id="spring", properties={"channel": channel})
        tell(app, [sent], source="mailer")
    assert waits(app, mailed.customer_id)[0] is Hold.RESTING
    assert shown.customer_id in {item.customer_id for item in queue_of(app).items}


def test_who_has_no_reason_to_be_contacted_is_not_on_the_queue(app: App) -> None:
    shop, acting = app.pipeline.access.workspace("shop"), app.pipeline.acting
    assert acting.standing(shop, "user_id:u000", as_of=LAST, lang="en").level is Level.NONE
    with pytest.raises(Conflict, match="not on the queue"):
        acting.done(shop, "user_id:u000", by="Li", now=NOW)


def test_somebody_without_an_estimate_is_told_so_and_counted(app: App) -> None:
    shop, acting = app.pipeline.access.workspace("shop"), app.pipeline.acting
    tell(app, [an_event("view", 900, "v900", LAST - timedelta(hours=2), item_id="milk")])
    found = acting.standing(shop, "user_id:u900", as_of=LAST, lang="zh")
    assert (found.level, found.light, found.churn_risk) == (Level.NONE, None, None)
    assert "估不出来" in found.told
    assert queue_of(app).unknown == {"orders": 1}


def test_before_anything_can_be_estimated_nobody_is_on_the_queue(app: App) -> None:
    found = queue_of(app, as_of=LAST - timedelta(days=295))
    assert not found.items
    assert not found.curve.points
    assert sum(found.unknown.values()) > 0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_reasons_are_in_the_language_that_was_asked_for(app: App, lang: str) -> None:
    found = queue_of(app, lang=lang)
    said = [found.items[0].reason, found.waiting[0].hold_reason, *found.assumptions, found.teams[0].name]
    assert all((max(words) >= "一") == (lang == "zh") for words in said)
