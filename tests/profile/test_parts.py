import pytest

from app.bootstrap import App
from app.profile.parts import decoder_of


def test_parts_are_those_of_the_whole_states(demo: App) -> None:
    names = ("purchases", "first_at", "consents", "interests")
    states = demo.pipeline.profiles.states("demo")
    found = {one.customer_id: one for one in demo.pipeline.profiles.parts("demo", names)}
    assert found.keys() == states.keys()
    for customer_id, state in states.items():
        one = found[customer_id]
        assert one.last_key == state.last_key
        assert one.parts == tuple(getattr(state, name) for name in names)


def test_a_part_that_there_is_not_is_named() -> None:
    with pytest.raises(ValueError, match="a state has no shoes"):
        decoder_of(("shoes",))
