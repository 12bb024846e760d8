from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.predict.inputs.purchases import PurchaseDays
from app.retrieval.schemas import Channel
from app.strategy.acting.contacts import Contact, done_by, rests_until
from app.strategy.acting.queueing import Candidate, Reached, Rhythm, fill, held, rank, rhythms
from app.strategy.acting.rule import Level, Team
from app.strategy.acting.schemas import Hold
from tests.strategy.acting.test_curve import a_rule

AT = datetime(2026, 5, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DUE = Rhythm(since_order=40, usual_gap=20.0)
MAIL = Reached((Channel.EMAIL,))


def a_contact(days_ago: float, level: Level = Level.LIGHT, **changes: object) -> Contact:
    return Contact("c1", AT - days_ago * DAY, level)._replace(**changes)


def a_candidate(name: str, gain: float, level: Level = Level.LIGHT) -> Candidate:
    return Candidate(name, level, 0.9, 0.6, 10_000, gain)


def a_team(name: str, level: Level = Level.LIGHT, per_day: int = 9) -> Team:
    return Team(team=name, zh=name, en=name, level=level, per_day=per_day)


def everybody(ids: Sequence[str]) -> dict[str, Reached]:
    return dict.fromkeys(ids, MAIL)


def test_nobody_is_nagged_within_their_usual_gap() -> None:
    early = held(Rhythm(since_order=15, usual_gap=20.0), [], a_rule(), as_of=AT)
    assert early is not None
    assert (early.hold, early.until) == (Hold.NOT_DUE, AT + 5 * DAY)
    assert held(DUE, [], a_rule(), as_of=AT) is None


@pytest.mark.parametrize(("gap", "days"), [(None, 7), (3.0, 7), (20.0, 20), (500.0, 60)])
def test_a_rest_follows_the_own_rhythm_within_what_is_declared(gap: float | None, days: int) -> None:
    assert rests_until(a_contact(0), gap, a_rule()) == AT + days * DAY


def test_after_a_contact_one_rests_until_the_rest_is_over() -> None:
    resting = held(DUE, [a_contact(15)], a_rule(), as_of=AT)
    assert resting is not None
    assert (resting.hold, resting.until) == (Hold.RESTING, AT + 5 * DAY)
    assert held(DUE, [a_contact(20)], a_rule(), as_of=AT) is None


def test_of_several_obstacles_the_last_to_pass_is_named() -> None:
    put_off = a_contact(1, Level.NONE, until=AT + 9 * DAY)
    standing = held(DUE, [a_contact(15), put_off], a_rule(), as_of=AT)
    assert standing is not None
    assert (standing.hold, standing.until) == (Hold.SNOOZED, AT + 9 * DAY)


def test_the_newest_word_on_when_to_come_back_counts() -> None:
    long, short = (a_contact(days, Level.NONE, until=AT + ahead * DAY) for days, ahead in ((3, 30), (2, -1)))
    assert held(DUE, [long, short], a_rule(), as_of=AT) is None


def test_the_largest_gain_comes_first_and_the_day_ends_when_it_is_full() -> None:
    ready = sorted([a_candidate("b", 2), a_candidate("c", 3), a_candidate("a", 2)], key=rank)
    team = a_team("mail", per_day=2)
    found = fill(ready, {team: 2}, everybody)
    assert [candidate.customer_id for candidate, _, _ in found.taken] == ["c", "a"]
    assert [(candidate.customer_id, why.hold) for candidate, why in found.held] == [("b", Hold.CAPACITY)]


def test_who_may_not_be_reached_takes_no_place() -> None:
    reach = {"a": Reached(()), "b": Reached((Channel.SMS,), suppressed=True), "c": MAIL}
    ready = [a_candidate(name, gain) for name, gain in (("a", 3), ("b", 2), ("c", 1))]
    found = fill(ready, {a_team("mail"): 1}, lambda ids: {name: reach[name] for name in ids})
    assert [candidate.customer_id for candidate, _, _ in found.taken] == ["c"]
    assert [why.hold for _, why in found.held] == [Hold.NO_CONSENT, Hold.SUPPRESSED]


def test_levels_have_teams_of_their_own_and_teams_of_one_level_are_filled_in_turn() -> None:
    teams = {a_team("one"): 1, a_team("two"): 1, a_team("desk", Level.STRONG): 1}
    ready = [a_candidate("a", 9), a_candidate("b", 8), a_candidate("c", 7), a_candidate("d", 6, Level.STRONG)]
    found = fill(ready, teams, everybody)
    assert {c.customer_id: team.team for c, team, _ in found.taken} == {"a": "one", "b": "two", "d": "desk"}
    assert [c.customer_id for c, _ in found.held] == ["c"]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=30), st.integers(0, 10))
def test_nobody_is_lost_and_no_team_has_more_than_its_day(people: list[tuple[int, bool]], room: int) -> None:
    ready = sorted((a_candidate(f"c{n}", gain) for n, (gain, _) in enumerate(people)), key=rank)
    known = {f"c{n}": MAIL if may else Reached(()) for n, (_, may) in enumerate(people)}
    found = fill(ready, {a_team("mail"): room}, lambda ids: {name: known[name] for name in ids})
    taken = [c for c, _, _ in found.taken]
    assert sorted([*taken, *(c for c, _ in found.held)]) == sorted(ready)
    assert len(taken) == min(room, sum(may for _, may in people))
    assert all(rank(c) <= rank(w) for c in taken for w, why in found.held if why.hold is Hold.CAPACITY)


def test_whoever_came_once_is_taken_to_buy_as_the_shops_customers_usually_do() -> None:
    rows = [("a", 0), ("a", 10), ("a", 40), ("b", 30), ("c", 1), ("c", 21)]
    purchases = PurchaseDays.from_rows([who for who, _ in rows], [day for _, day in rows], [1] * len(rows))
    found = rhythms(purchases, ["a", "b"], today=50)
    assert found == {"a": Rhythm(10, 20.0), "b": Rhythm(20, 20.0)}


def test_a_team_has_contacted_as_many_as_it_took_off_the_queue_since_the_morning() -> None:
    made = [a_contact(0.1, team="mail"), a_contact(0.2, team="mail"), a_contact(2, team="mail"), a_contact(0.1)]
    put_off = a_contact(0.1, Level.NONE, team="mail", customer_id="c2", until=AT + DAY)
    assert done_by([*made, put_off], "mail", since=AT - DAY) == 1
