"""The assistant's words, from wording/zh.yaml and wording/en.yaml: one code path, two files with the same keys."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from app.schema import Lang


class Wording:
    """One language's words by dotted key."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        """Flatten the file's tree."""
        self._lines = dict(_flat(tree, ""))

    def __call__(self, key: str, **slots: object) -> str:
        """The words for `key` with its slots filled. KeyError when the file lacks it: a fault of ours."""
        return self._lines[key].format(**slots)

    def has(self, key: str) -> bool:
        """Whether there are words for a key."""
        return key in self._lines

    def section(self, name: str) -> list[str]:
        """The keys right below one."""
        return [key.removeprefix(f"{name}.") for key in self._lines if key.startswith(f"{name}.")]

    def lines(self) -> dict[str, str]:
        """All words by key, to compare languages."""
        return dict(self._lines)


@cache
def wording(lang: Lang) -> Wording:
    """The words of a language, read once."""
    text = (resources.files("app.assistant") / "wording" / f"{lang}.yaml").read_text(encoding="utf-8")
    return Wording(yaml.safe_load(text))


def _flat(tree: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
