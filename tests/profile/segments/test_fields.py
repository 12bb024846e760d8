from collections.abc import Iterator
from typing import get_args

import pytest
from pydantic import BaseModel

from app.profile.schemas import Profile, RfmClass, ShiftKind, SignalName
from app.profile.segments.fields import Field, Group, catalogue, shipped_names, value_name
from app.profile.stages import PriceBand, Stage
from app.schema import Lang
from tests.factories_segments import a_plan

GROUPS = (*catalogue().groups.values(), *catalogue().lists.values())
LANGUAGES: tuple[Lang, ...] = ("zh", "en")
ALL = tuple(field for group in GROUPS for field in group.fields.values())


def parts_of(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The paths of everything that a profile holds, lists entry by entry."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        inner = [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type)]
        models = [part for part in inner if issubclass(part, BaseModel)]
        if models and name != "reason":
            yield from parts_of(models[0], f"{path}.")
        else:
            yield path


def test_every_part_of_a_profile_can_be_asked_for_or_says_why_not() -> None:
    known = catalogue()
    paths = {field.path for field in ALL}
    missing = [path for path in parts_of(Profile) if path not in paths | known.left_out.keys()]
    assert missing == []
    assert not paths & known.left_out.keys()
    assert set(known.left_out) <= set(parts_of(Profile))


@pytest.mark.parametrize("group", GROUPS, ids=[group.title.en for group in GROUPS])
def test_every_example_can_be_asked(group: Group) -> None:
    listing = next((name for name, other in catalogue().lists.items() if other is group), "")
    for lang in LANGUAGES:
        for field in group.fields.values():
            example = field.example_in(lang)
            assert example
            a_plan(f"any {listing}({example})" if listing else example)
        if listing:
            a_plan(group.example_in(lang))


def test_closed_lists_are_those_of_the_code() -> None:
    lists = shipped_names()
    for listing, values in (("rfm", RfmClass), ("signal", SignalName), ("shift_kind", ShiftKind), ("stage", Stage)):
        assert set(lists[listing]) == set(values)
    assert set(lists["price_band"]) == set(PriceBand)
    assert value_name("rfm", "important_keep", "zh") == "重要保持"
    assert value_name("rfm", "important_keep", "en") == "Important · keep"


@pytest.mark.parametrize("field", ALL, ids=lambda field: field.name)
def test_a_field_is_described_in_both_languages(field: Field) -> None:
    assert field.zh.strip()
    assert field.en.strip()
    assert not field.en.isupper()
