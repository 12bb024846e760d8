import re
import string
from pathlib import Path
from typing import get_args

from app.console.wording import wording
from app.events.findings import Done, Group
from app.events.quarantine_rows import State
from app.events.reasons import CODES
from app.events.schemas import EventKind
from app.identity.rules import shipped_rules
from app.narrative.schemas import ClaimKind
from app.profile.schemas import RfmClass
from app.strategy.gate.schemas import Rule
from tests.factories_faults import FAULTS

CONSOLE = Path("app/console")


def slots(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


def test_both_languages_have_the_same_keys_and_slots() -> None:
    zh, en = wording("zh").lines(), wording("en").lines()
    assert zh.keys() == en.keys()
    assert {key: slots(words) for key, words in zh.items()} == {key: slots(words) for key, words in en.items()}


def test_every_key_that_the_pages_name_is_there() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(CONSOLE.glob("*.py")))
    named = set(re.findall(r'say\(\s*"([a-z_.]+)"', source))
    assert named
    assert named <= wording("zh").lines().keys()


def test_every_value_that_we_know_has_words() -> None:
    known = wording("en").lines().keys()
    assert {f"kinds.{kind}" for kind in EventKind} <= known
    assert {f"story.kinds.{kind}" for kind in ClaimKind} <= known
    assert {f"rfm.{name}" for name in RfmClass} <= known
    assert {f"identifier.{name}" for name in shipped_rules().strength} <= known
    assert {f"strategy.rule.{rule}" for rule in Rule} <= known
    assert {f"data.checks.{code}" for code in CODES} <= known
    assert {f"data.checks.{check}" for check, _ in FAULTS} <= known
    assert {f"data.done.{done}" for done in Done} <= known
    assert {f"data.groups.{group}" for group in get_args(Group)} <= known
    assert {f"data.states.{state}" for state in State} <= known


def test_a_value_that_we_do_not_know_is_shown_as_it_came() -> None:
    assert wording("zh").of("kinds", "zoom_in") == "zoom_in"


def test_english_pages_hold_no_chinese_but_the_names_of_product_and_language() -> None:
    chinese = {key for key, words in wording("en").lines().items() if re.search("[一-鿿]", words)}
    assert chinese == {"app.title", "app.other_language"}
