"""The base of all published types."""

import pytest
from pydantic import ValidationError

from app.profile.schemas import Interest, Update, UpdateMode
from app.schema import Frozen
from tests.factories import START

FIELDS = {"topic": "travel", "weight": 1.0, "share": 1.0, "own_share": 0.5, "last_event_at": START}


def test_an_unchecked_value_is_the_same_as_a_checked_one() -> None:
    fast, usual = Interest.unchecked(**FIELDS), Interest(**FIELDS)
    assert fast == usual
    assert fast.evidence == ()
    assert fast.model_dump_json() == usual.model_dump_json()
    assert fast.model_copy(update={"share": 0.2}) == usual.model_copy(update={"share": 0.2})


def test_an_unchecked_value_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Interest.unchecked(**FIELDS).topic = "pets"  # type: ignore[misc]


def test_what_must_be_said_has_no_default_when_it_is_left_out() -> None:
    unfinished: Frozen = Update.unchecked(mode=UpdateMode.INCREMENTAL, at=START)
    with pytest.raises(ValidationError):
        Update.model_validate(unfinished.model_dump(warnings=False))
