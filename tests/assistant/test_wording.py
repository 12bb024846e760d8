"""Both languages say the same things, and every key that the code names is there."""

import re
from pathlib import Path

from app.assistant.schemas import Intent
from app.assistant.wording import wording
from app.config import ROOT

_KEY = re.compile(r'"([a-z_]+(?:\.[a-z_]+)+)"')
_SLOT = re.compile(r"\{(\w+)\}")


def sources() -> list[Path]:
    folder = ROOT / "app" / "assistant"
    return [*sorted((folder / "replies").glob("*.py")), folder / "carrying_out.py", folder / "speaking.py"]


def test_both_languages_have_the_same_keys_and_slots() -> None:
    zh, en = wording("zh").lines(), wording("en").lines()
    assert zh.keys() == en.keys()
    assert {key: set(_SLOT.findall(text)) for key, text in zh.items()} == {
        key: set(_SLOT.findall(text)) for key, text in en.items()
    }


def test_every_key_that_the_code_names_has_words() -> None:
    known = wording("en").lines()
    named = {key for path in sources() for key in _KEY.findall(path.read_text(encoding="utf-8"))}
    assert {key for key in named if key not in known and not any(k.startswith(f"{key}.") for k in known)} == set()


def test_every_intent_can_be_offered() -> None:
    assert set(wording("en").section("intents")) == {intent.value for intent in Intent}
