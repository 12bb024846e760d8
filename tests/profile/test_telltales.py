import msgspec

from app.bootstrap import App
from app.profile.fold import State
from app.profile.signs.engagement import Engagement
from app.profile.telltales import Heard, Telltale


def test_telltales_stand_where_the_state_has_them() -> None:
    assert State.__struct_fields__[: len(Telltale.__struct_fields__)] == Telltale.__struct_fields__
    assert Engagement.__struct_fields__ == Heard.__struct_fields__


def test_telltales_hold_what_the_states_hold(demo: App) -> None:
    told = dict(demo.pipeline.profiles.telltales("demo"))
    states = demo.pipeline.profiles.states("demo")
    assert told.keys() == states.keys()
    assert all(msgspec.to_builtins(told[c].days) == msgspec.to_builtins(state.days) for c, state in states.items())
    assert all(told[c].engagement.said == state.engagement.said for c, state in states.items())
