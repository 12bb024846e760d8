"""How customers answer messages: from messages and clicks alone, and what came before."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from app.events.messages import Touch
from app.predict.response.answers import Habits, sends_of
from app.predict.response.model import expected, learn

START = datetime(2026, 3, 1, tzinfo=UTC)


def sent(campaign: str, channel: str, day: float, subject: str = "user_id:1") -> Touch:
    return Touch(subject, campaign, channel, clicked=False, at=START + timedelta(days=day))


def click(campaign: str, day: float) -> Touch:
    return Touch("user_id:1", campaign, "", clicked=True, at=START + timedelta(days=day))


def test_a_click_belongs_to_the_message_of_its_campaign() -> None:
    told = [sent("a", "sms", 0), sent("b", "email", 1), click("b", 1.5), click("b", 1.6), click("c", 2)]
    found = sends_of(told, np.zeros(5, np.int64), ("email", "sms"))
    assert found.action.tolist() == [1, 0]
    assert found.reward.tolist() == [0.0, 1.0]
    assert found.rewarded_at[1] - found.time[1] == pytest.approx(0.5)
    assert np.isnan(found.rewarded_at[0])


def test_one_customers_click_is_not_anothers() -> None:
    told = [sent("a", "sms", 0), sent("a", "sms", 0.1), click("a", 1)]
    assert sends_of(told, np.array([0, 1, 1]), ("sms",)).reward.tolist() == [0.0, 1.0]


def test_messages_on_a_channel_that_nobody_named_are_left_out() -> None:
    told = [sent("a", "", 0), sent("b", "sms", 1)]
    assert len(sends_of(told, np.zeros(2, np.int64), ("sms",)).time) == 1


def habits() -> Habits:
    """400 customers with ten messages each: half of them click e-mails, the others text messages."""
    random = np.random.default_rng(1)
    told, whose = [], []
    for day in range(10):
        for who in range(400):
            channel = ("email", "sms")[random.integers(0, 2)]
            told.append(sent(f"{day}-{channel}", channel, day))
            whose.append(who)
            likes = channel == ("email" if who % 2 else "sms")
            if random.random() < (0.6 if likes else 0.1):
                told.append(click(f"{day}-{channel}", day + 0.01))
                whose.append(who)
    order = np.argsort([touch.at.timestamp() for touch in told], kind="stable")
    sends = sends_of([told[i] for i in order], np.array(whose)[order], ("email", "sms"))
    nothing = np.zeros((len(sends.time), 0))
    found, past = learn(sends, nothing, until=sends.time.max() + 1)
    return Habits(found, expected(found, nothing, past, found.learned_from).mean(axis=0))


def test_whoever_clicked_e_mails_is_expected_to_click_the_next_one() -> None:
    own = [touch for day in (0, 2, 4, 6) for touch in (sent(f"c{day}", "email", day), click(f"c{day}", day + 0.01))]
    own += [sent("s1", "sms", 1), sent("s2", "sms", 3), sent("s3", "sms", 5)]
    found = habits().of(sorted(own, key=lambda touch: touch.at), as_of=START + timedelta(days=12))
    assert found["email"] > 1.2
    assert found["sms"] < 0.8


def test_whoever_never_got_a_message_is_nearly_the_average() -> None:
    found = habits().of([], as_of=START + timedelta(days=12))
    assert set(found) == {"email", "sms"}
    assert all(0.5 < ratio < 1.6 for ratio in found.values())
