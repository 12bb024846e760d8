"""The fields as people read them: in one language, each with the values that it may have."""

from collections.abc import Iterator

from app.profile.segments.fields import Catalogue, Field, Group, Values, catalogue, value_name
from app.schema import Lang
from app.strategy.audiences.schemas import FieldGroup, FieldInfo, FieldList, FieldValue
from app.text.taxonomy import Taxonomy


def field_list(values: Values, taxonomy: Taxonomy, lang: Lang) -> FieldList:
    """All groups of fields, then the lists."""
    return FieldList(groups=tuple(_groups(catalogue(), values, taxonomy, lang)))


def _groups(known: Catalogue, values: Values, taxonomy: Taxonomy, lang: Lang) -> Iterator[FieldGroup]:
    for listing, groups in ((False, known.groups), (True, known.lists)):
        for name, group in groups.items():
            yield _group(name, group, listing, values, taxonomy, lang)


def _group(name: str, group: Group, listing: bool, values: Values, taxonomy: Taxonomy, lang: Lang) -> FieldGroup:
    return FieldGroup(
        name=name,
        title=group.title.told(lang),
        listing=listing,
        example=group.example_in(lang) or next(iter(group.fields.values())).example_in(lang),
        fields=tuple(_field(field, values, taxonomy, lang) for field in group.fields.values()),
    )


def _field(field: Field, values: Values, taxonomy: Taxonomy, lang: Lang) -> FieldInfo:
    listing = field.values or next((wanted for wanted in field.argument if values.known(wanted)), "")
    return FieldInfo(
        name=field.name,
        type=field.type,
        unit=field.unit,
        argument=field.argument,
        description=field.told(lang),
        example=field.example_in(lang),
        path=field.path,
        values=tuple(_value(listing, value, taxonomy, lang) for value in values.ids(listing)) if listing else (),
    )


def _value(listing: str, value: str, taxonomy: Taxonomy, lang: Lang) -> FieldValue:
    name = taxonomy.name(value, lang) if listing == "topic" else value_name(listing, value, lang)
    return FieldValue(value=value, name=name)
