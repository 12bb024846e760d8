from app.profile.fold import State
from app.profile.recent import Recent

OLD, NEW, OTHER = State(events=1), State(events=2), State(events=3)


def test_states_are_given_once_and_only_at_the_version_that_is_stored() -> None:
    recent = Recent()
    recent.put("shop", 0, 1, {"y": OLD, "z": OTHER})
    assert recent.take("shop", 1, ["y", "x"]) == {"y": OLD}
    assert recent.take("shop", 1, ["y"]) == {}
    assert recent.take("shop", 2, ["z"]) == {}


def test_what_stood_at_hand_before_another_process_moved_is_dropped() -> None:
    recent = Recent()
    recent.put("shop", 0, 1, {"y": OLD})
    recent.put("shop", 2, 3, {"z": OTHER})  # another process went from 1 to 2
    assert recent.take("shop", 3, ["y", "z"]) == {"z": OTHER}


def test_who_comes_too_late_does_not_put_an_old_state_over_a_new_one() -> None:
    recent = Recent()
    recent.put("shop", 1, 2, {"y": NEW})
    recent.put("shop", 0, 1, {"y": OLD, "z": OTHER})
    assert recent.take("shop", 2, ["y", "z"]) == {"y": NEW}


def test_a_version_adds_to_the_one_before_it_up_to_a_bound() -> None:
    recent = Recent(kept=2)
    recent.put("shop", 0, 1, {"x": OLD, "y": OLD})
    recent.put("shop", 1, 2, {"z": OTHER})
    assert recent.take("shop", 2, ["x", "y", "z"]) == {"y": OLD, "z": OTHER}
