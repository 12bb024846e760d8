from pathlib import Path

import pytest

from app.errors import InvalidInput
from app.identity.rules import load_rules

GOOD = "strength: {user_id: 1.0, other: 0.5, device: 0.4}\n"


def test_the_rules_in_the_box_hang_together() -> None:
    rules = load_rules()
    assert rules.rank("user_id") == 0
    assert rules.rank("loyalty") == rules.rank("other") < rules.rank("device")
    assert rules.per_person["user_id"] == 1
    assert rules.hub_limits("loyalty") == rules.hubs["other"]
    assert rules.hub_limits("user_id") == {}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("strength: {user_id: 1.0}", "strength needs a line for 'other'"),
        (GOOD + "handover: {device: {quiet_days: 3, most_owners: 2}}", "only sealed types are handed over"),
        (GOOD + "blocked: {any: ['(']}", "is no regular expression"),
        (GOOD + "per_person: {user_id: 0}", "per_person.user_id"),
        (GOOD + "limit: 3", "limit: Extra inputs"),
        ("strength: [", "rules.yaml"),
        ("7", "valid dictionary"),
    ],
)
def test_a_fault_in_the_file_is_one_line(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match="identity rules") as error:
        load_rules(path)
    assert fault in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot read the identity rules"):
        load_rules(tmp_path / "none.yaml")
