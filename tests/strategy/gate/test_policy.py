"""The policy file: its content is its version, and what it contradicts is refused."""

from pathlib import Path

import pytest

from app.config import ROOT
from app.errors import InvalidInput
from app.strategy.gate.policy import load_policy
from tests.factories_strategy import real_policy

POLICY = real_policy()
POLICY_FILE = ROOT / "knowledge_base" / "policy.yaml"


def test_the_version_is_the_content(tmp_path: Path) -> None:
    text = POLICY_FILE.read_text(encoding="utf-8")
    changed = tmp_path / "policy.yaml"
    changed.write_text(text.replace("max_contacts: 3", "max_contacts: 2"), encoding="utf-8")
    assert load_policy(POLICY_FILE).policy_version == POLICY.policy_version
    assert load_policy(changed).policy_version != POLICY.policy_version


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("default_margin: 0.30", "default_margin: 0.05", "margin_floor must lie below"),
        ("email: 1, ", "", "lacks email"),
        ('start: "21:00", end: "08:00"', 'start: "00:00", end: "23:59"', "no hour"),
        ("purpose: marketing", "purposes: marketing", "purpose"),
        ("version: 1", "version: [", "policy.yaml"),
        ("wechat: 400, ", "", "lacks wechat"),
        ('first: "12-13"', 'first: "13-12"', "calendar"),
        ('first: "2026-04-05"', 'first: "2026-04-06"', "first not after the last"),
        ('first: "12-13"', 'first: "2026-12-13"', "both MM-DD"),
        ("{{unsubscribe_url}}", "https://example.com", "unsubscribe_link"),
        ("month_minor: null", "month_minor: -1", "month_minor"),
    ],
)
def test_a_faulty_policy_is_one_clear_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = POLICY_FILE.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "policy.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidInput, match=said) as caught:
        load_policy(tmp_path / "policy.yaml")
    assert "\n" not in str(caught.value)
