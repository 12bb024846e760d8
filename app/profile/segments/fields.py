"""The fields that expressions may name, from the one table fields.yaml, and the closed lists of their values."""

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from importlib import resources
from itertools import zip_longest
from typing import Any, Literal

import yaml

from app.profile.segments.faults import Choice, Guess, Told, nearest
from app.schema import Frozen, Lang
from app.text.normalise import normalise

FieldType = Literal["number", "share", "money", "moment", "flag", "word"]
Names = Mapping[str, tuple[str, ...]]
"""Value id -> the other names under which it is accepted, Chinese ones first."""


class Titled(Frozen):
    """A text in both languages."""

    zh: str
    en: str

    def told(self, lang: Lang) -> str:
        """The text in a language."""
        return self.zh if lang == "zh" else self.en


class Shown(Frozen):
    """Something with an example."""

    example: str = ""
    example_zh: str = ""
    """The same for readers of Chinese, where it differs."""

    def example_in(self, lang: Lang) -> str:
        """The example for readers of a language."""
        return (self.example_zh if lang == "zh" else "") or self.example


class Field(Titled, Shown):
    """One thing that can be asked of a customer, or of an entry of one of their lists."""

    name: str = ""
    type: FieldType
    path: str
    """Where a profile, an estimate or the identity graph has it."""
    unit: str = ""
    values: str = ""
    """The closed list that its values come from; empty where any will do."""
    argument: tuple[str, ...] = ()
    """The lists that its arguments come from, the first one needed; `any` takes whatever there is."""


class Group(Shown):
    """Fields that belong together; the example is that of a list."""

    title: Titled
    fields: dict[str, Field]


class Catalogue(Frozen):
    """All fields."""

    groups: dict[str, Group]
    lists: dict[str, Group]
    left_out: dict[str, str]
    """Parts of a profile that cannot be asked for -> why."""

    @cached_property
    def fields(self) -> dict[str, Field]:
        """Fields of a customer, by name."""
        return {name: field for group in self.groups.values() for name, field in group.fields.items()}

    @cached_property
    def _called(self) -> dict[str, str]:
        known = self.fields
        by_path = {field.path: name for name, field in reversed(known.items())}
        return by_path | {name: name for name in known}

    def find(self, name: str, listing: str = "") -> Field | None:
        """The field of a name or path, whatever its case; of a list's entries when one is named."""
        key = name.casefold()
        if listing:
            return self.lists[listing].fields.get(key.removeprefix(f"{listing}."))
        found = self._called.get(key)
        return self.fields[found] if found else None

    def guess(self, name: str, listing: str = "") -> Guess:
        """What a name that is unknown may have meant."""
        return nearest(name, self.lists[listing].fields if listing else self._called)


@cache
def catalogue() -> Catalogue:
    """The table, read once."""
    table = _read("fields.yaml")
    for group in _all_groups(table):
        for name, field in group["fields"].items():
            field["name"] = name
    return Catalogue.model_validate(table)


def _all_groups(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from table["groups"].values()
    yield from table["lists"].values()


@cache
def _shipped_values() -> dict[str, dict[str, dict[Lang, list[str]]]]:
    lists: dict[str, dict[str, dict[Lang, list[str]]]] = _read("values.yaml")
    return lists


def shipped_names() -> dict[str, Names]:
    """The closed lists: list -> value id -> its names."""
    return {
        listing: {value: (*names["zh"], *names["en"]) for value, names in values.items()}
        for listing, values in _shipped_values().items()
    }


def value_name(listing: str, value: str, lang: Lang) -> str:
    """What a value of a closed list is called; its id when it is not in one."""
    found = _shipped_values().get(listing, {}).get(value)
    return found[lang][0] if found else value


class Values:
    """Closed lists with which words are read, those of a workspace's taxonomy among them."""

    def __init__(self, more: Mapping[str, Names]) -> None:
        """`more` adds lists that are not in values.yaml."""
        self._lists = shipped_names() | dict(more)
        self._ids = {listing: _by_key(names) for listing, names in self._lists.items()}

    def known(self, listing: str) -> bool:
        """Whether the list is closed."""
        return listing in self._lists

    def find(self, listing: str, text: str) -> str | None:
        """The id of the value that is called so."""
        return self._ids[listing].get(key_of(text))

    def ids(self, listing: str) -> tuple[str, ...]:
        """All values of a list."""
        return tuple(self._lists[listing])

    def choice(self, listing: str) -> Told:
        """All values of a list, as each language calls them."""
        ids = self.ids(listing)
        return Told(Choice(self._zh(listing, value) for value in ids), Choice(ids))

    def guess(self, listing: str, text: str) -> Told:
        """What a value that is unknown may have meant."""
        near = nearest(key_of(text), self._ids[listing])
        found = self._ids[listing][near] if near else ""
        return Told(Guess(self._zh(listing, found) if found else ""), Guess(found))

    def _zh(self, listing: str, value: str) -> str:
        return next(iter(self._lists[listing][value]), value)


def key_of(text: str) -> str:
    """A name without what people write differently: case, width, blanks, hyphens, dots."""
    return normalise(text).translate(_LOOSE)


_LOOSE = str.maketrans("", "", " -_·・")


def _by_key(names: Names) -> dict[str, str]:
    """Ids first, so that no other value's name takes one, then everybody's first names, and so on."""
    found: dict[str, str] = {}
    for called in zip_longest(*([(value, name) for name in (value, *more)] for value, more in names.items())):
        for value, name in filter(None, called):
            found.setdefault(key_of(name), value)
    return found


def _read(name: str) -> Any:
    text = resources.files("app.profile.segments").joinpath(name).read_text(encoding="utf-8")
    return yaml.safe_load(text)
