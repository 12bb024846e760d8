from app.events.ends import WORKSPACES, RecentEnds


def test_the_workspace_that_wrote_longest_ago_is_forgotten_first() -> None:
    ends = RecentEnds()
    for number in range(WORKSPACES):
        ends.put(f"shop{number}", 0, 1, {"u1": (1, 1, 0)})
    ends.put("shop0", 1, 2, {"u1": (2, 2, 0)})
    ends.put("one more", 0, 1, {"u1": (1, 1, 0)})
    assert ends.at("shop0", 2) == {"u1": (2, 2, 0)}
    assert ends.at("shop1", 1) == {}
