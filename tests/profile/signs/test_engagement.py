from datetime import timedelta

import msgspec
import pytest

from app.profile.schemas import Signal, SignalName
from app.profile.seen import Seen
from app.profile.signs import days as days_part
from app.profile.signs.days import Days
from app.profile.signs.engagement import KEPT, STALE_DAYS, Engagement, note, view
from app.profile.sums import purchases as purchases_part
from app.profile.sums.purchases import Purchases
from app.text.features import Complaint
from tests.factories import SHANGHAI
from tests.factories_seen import NO_CONTEXT, a_seen, local_day, moment, saying

WEEKLY = range(0, 100, 7)
LAST = 98


def parts(*seen: Seen) -> tuple[Engagement, Days, Purchases]:
    found = Engagement(), Days(), Purchases()
    for one in seen:
        note(found[0], one, NO_CONTEXT)
        days_part.note(found[1], one, NO_CONTEXT)
        purchases_part.note(found[2], one, NO_CONTEXT)
    return found


def told(*seen: Seen, day: float) -> dict[SignalName, Signal]:
    return {signal.name: signal for signal in view(*parts(*seen), moment(day), SHANGHAI)}


def visit(day: float, *, seconds: float = 40, pages: int = 3) -> list[Seen]:
    number = int(day) + 1
    opening = a_seen("session", day, visit=number, fresh=True)
    return [opening, *(a_seen("view", day + n / 1000, visit=number, dwell_s=seconds) for n in range(1, pages + 1))]


def visiting(days: range, **habits: float) -> list[Seen]:
    return [seen for day in days for seen in visit(day, **habits)]  # type: ignore[arg-type]


def test_silence_is_a_sign_from_the_day_on_which_it_is_long_for_this_customer() -> None:
    seen = visiting(WEEKLY)
    day = next(day for day in range(LAST, 300) if SignalName.RARER_VISITS in told(*seen, day=day))
    found = told(*seen, day=day)[SignalName.RARER_VISITS]
    assert (found.now, found.usual, found.n_usual) == (day - LAST, 7.0, len(WEEKLY) - 1)
    assert found.raised_at.astimezone(SHANGHAI).toordinal() == local_day(day)
    later = told(*seen, day=day + 40)[SignalName.RARER_VISITS]
    assert later.raised_at == found.raised_at
    assert later.size > found.size


def test_the_next_visit_ends_the_silence() -> None:
    assert SignalName.RARER_VISITS not in told(*visiting(WEEKLY), *visit(150), day=151)


def test_one_silence_is_told_once() -> None:
    orders = [a_seen("order", day + 0.1, yuan=10, order_id=f"o{day}", visit=day + 1) for day in WEEKLY]
    both = sorted(visiting(WEEKLY) + orders, key=lambda s: s.event.occurred_at)
    assert set(told(*both, day=LAST + 50)) == {SignalName.RARER_VISITS}


def test_who_comes_and_no_longer_buys_shows_an_order_gap() -> None:
    orders = [a_seen("order", day + 0.1, yuan=10, order_id=f"o{day}", visit=day + 1) for day in range(0, 42, 7)]
    seen = sorted(visiting(WEEKLY) + orders, key=lambda s: s.event.occurred_at)
    found = told(*seen, day=LAST)[SignalName.LONGER_ORDER_GAP]
    assert (found.now, found.usual, found.n_usual) == (LAST - 35, 7.0, 5)
    assert found.evidence == (orders[-1].event.event_id,)


def test_a_compared_sign_names_its_stretch_and_its_newest_events() -> None:
    found = told(*visiting(range(0, 98, 7)), *visiting(range(98, 140, 7), seconds=9), day=140)
    signal = found[SignalName.SHORTER_DWELL]
    assert (signal.direction, signal.unit, signal.usual) == ("down", "seconds", 40.0)
    assert signal.since <= signal.raised_at <= moment(140)
    assert signal.evidence == tuple(s.event.event_id for s in visit(133)[-KEPT:])


def test_behaviour_on_pages_says_nothing_of_who_has_been_away_for_long() -> None:
    seen = visiting(range(0, 98, 7)) + visiting(range(98, 140, 7), seconds=9)
    assert SignalName.SHORTER_DWELL in told(*seen, day=133 + STALE_DAYS)
    assert SignalName.SHORTER_DWELL not in told(*seen, day=134 + STALE_DAYS)


def test_a_complaint_in_a_review_is_not_told_as_a_poor_review_besides() -> None:
    past = [a_seen("review", day, rating=5, text=saying(length=90)) for day in range(0, 60, 20)]
    angry = a_seen("review", 100, rating=1, text=saying(length=4, sentiment=-2, complaint=Complaint.SERVICE))
    assert set(told(*past, angry, day=101)) == {SignalName.DISSATISFACTION}


def test_the_strongest_comes_first() -> None:
    seen = visiting(range(0, 98, 7)) + visiting(range(98, 140, 7), seconds=9, pages=1)
    sizes = [signal.size for signal in view(*parts(*seen), moment(140), SHANGHAI)]
    assert len(sizes) >= 2
    assert sizes == sorted(sizes, reverse=True)


def test_the_signals_are_the_same_after_the_state_was_stored() -> None:
    seen = visiting(range(0, 98, 7)) + visiting(range(98, 140, 7), seconds=9)
    stored = (msgspec.msgpack.decode(msgspec.msgpack.encode(part), type=type(part)) for part in parts(*seen))
    assert view(*stored, moment(140), SHANGHAI) == view(*parts(*seen), moment(140), SHANGHAI)  # type: ignore[call-arg]


def test_the_state_is_bounded() -> None:
    engagement = Engagement()
    for day in range(2_000):
        for kind in ("view", "search", "impression", "review", "support_message", "order"):
            one = a_seen(
                kind, day, visit=day + 1, fresh=kind == "view", dwell_s=4, placement="recommended",
                text=saying(sentiment=-1, broad=True), event_id=f"019a0000-0000-7000-8000-{day:012d}",
            )  # fmt: skip
            note(engagement, one, NO_CONTEXT)
    assert len(msgspec.msgpack.encode(engagement)) < 1_000


@pytest.mark.parametrize("day", [0.0, 400.0])
def test_nobody_known_shows_nothing(day: float) -> None:
    assert view(Engagement(), Days(), Purchases(), moment(day) + timedelta(days=1), SHANGHAI) == ()
