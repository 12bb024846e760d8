from typing import get_args

import pytest

from app.schema import Lang
from app.strategy.acting.schemas import Hold
from app.strategy.batch.schemas import WhyNot
from app.strategy.choose import Reason
from app.strategy.wording import wording


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_reason_to_get_nothing_and_to_wait_has_words(lang: Lang) -> None:
    words = wording(lang)
    assert set(get_args(WhyNot)) <= words.batch.keys()
    assert {*Hold, "light", "strong", "below", "unknown"} <= words.acting.keys()


def test_every_reason_of_the_single_choice_is_one_of_a_plan() -> None:
    sent = {"from_outcomes", "first_test", "no_channel"}
    assert set(get_args(Reason)) - sent <= set(get_args(WhyNot))
