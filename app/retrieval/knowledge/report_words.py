"""The words of sending tools' reports, in Chinese and English: column names, groups, yes and no. From a YAML file."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Literal, NamedTuple

import yaml

from app.errors import InvalidInput

Group = Literal["treated", "holdout"]
_NOISE = re.compile(r"[\s_\-.:：/()（）\[\]?？]+")


class ReportWords(NamedTuple):
    """What stands in report_words.yaml, with names in their plain form."""

    columns: Mapping[str, Sequence[str]]
    """Field -> names of its column, best first."""
    groups: Mapping[str, Group]
    flags: Mapping[str, bool]


@cache
def report_words() -> ReportWords:
    """The words, read once."""
    text = (resources.files("app.retrieval.knowledge") / "report_words.yaml").read_text(encoding="utf-8")
    tree = yaml.safe_load(text)
    return ReportWords(
        columns={field: [plain(name) for name in names] for field, names in tree["columns"].items()},
        groups={plain(word): group for group, words in tree["groups"].items() for word in words},
        flags={plain(word) or word: answer == "yes" for answer, words in tree["flags"].items() for word in words},
    )


def plain(name: str) -> str:
    """A name without case, blanks and punctuation."""
    return _NOISE.sub("", name.strip().casefold())


def columns_of(found: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Field -> column of the file: those that were `chosen` (column -> field), the others by their names.

    InvalidInput for a column that the file lacks, or a field that there is not.
    """
    words = report_words().columns
    for column, field in chosen.items():
        if column not in found:
            raise InvalidInput(f"the file has no column {column!r}; it has: {', '.join(found)}")
        if field not in words:
            raise InvalidInput(f"there is no field {field!r} to map to; fields are: {', '.join(words)}")
    fields = {field: column for column, field in chosen.items()}
    free = {plain(column): column for column in reversed(found) if column not in chosen}
    for field, names in words.items():
        name = next((name for name in names if name in free), None)
        if field not in fields and name is not None:
            fields[field] = free[name]
    return fields
