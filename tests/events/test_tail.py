from app.events.tail import Tail
from tests.factories import an_accepted


def test_a_batch_is_given_once_to_whoever_stands_right_before_it() -> None:
    tail, batch = Tail(), [an_accepted(), an_accepted("search")]
    tail.put("shop", 7, batch)
    assert list(tail.take("shop", 6, limit=4)) == list(tail.take("other", 7, limit=4)) == []
    assert list(tail.take("shop", 7, limit=4)) == batch
    assert list(tail.take("shop", 7, limit=4)) == []


def test_it_holds_a_bounded_number_of_events_the_newest_ones() -> None:
    tail, batch = Tail(kept=5), [an_accepted()] * 2
    for start in (0, 2, 4):
        tail.put("shop", start, batch)
    tail.put("shop", 6, [an_accepted()] * 6)
    assert [len(tail.take("shop", start, limit=1)) for start in (0, 2, 4, 6)] == [0, 2, 2, 0]


def test_batches_that_follow_each_other_are_given_together_up_to_a_limit() -> None:
    tail = Tail()
    for start in (0, 2, 4):
        tail.put("shop", start, [an_accepted()] * 2)
    assert [len(tail.take("shop", start, limit=5)) for start in (0, 4)] == [4, 2]
