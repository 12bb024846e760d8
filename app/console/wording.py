"""The console's words, from wording/zh.yaml and wording/en.yaml. One code path, two files."""

from functools import cache
from importlib import resources
from typing import Any

import yaml

from app.schema import Lang


class Wording:
    """One language's words, by dotted key: `say("list.shown", shown=3, total=9)`."""

    def __init__(self, tree: dict[str, Any]) -> None:
        """Flatten the file's tree."""
        self._lines = dict(_flat(tree, ""))

    def __call__(self, key: str, **slots: object) -> str:
        """The words for `key` with its slots filled. KeyError when the file lacks it: a fault of ours."""
        return self._lines[key].format(**slots)

    def of(self, section: str, name: str) -> str:
        """The word for a value that may be unknown to us, such as an event kind; else the value itself."""
        return self._lines.get(f"{section}.{name}", name)

    def lines(self) -> dict[str, str]:
        """All words by key, to compare languages."""
        return dict(self._lines)


@cache
def wording(lang: Lang) -> Wording:
    """The words of a language, read once."""
    text = (resources.files("app.console") / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return Wording(yaml.safe_load(text))


def _flat(tree: dict[str, Any], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in tree.items():
        found += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(f"{prefix}{name}", value)]
    return found
