"""The fields that an expression may name, group by group; an example is asked by a click."""

from nicegui import ui

from app.console.frame import Page, card, text
from app.console.segments_rows import Ask
from app.strategy.audiences.schemas import FieldGroup, FieldInfo

_VALUES = 12


def fields_card(page: Page, ask: Ask) -> None:
    """Every group folded up; how to write is said first."""
    with card(page.say("segments.fields"), page.say("segments.fields_note")):
        text(page.say("segments.how"), "muted small")
        for group in page.pipeline.audiences.fields(page.lang).groups:
            title = page.say("segments.list_of", title=group.title) if group.listing else group.title
            with ui.expansion(title).classes("field-group").props("dense"):
                _group(page, group, ask)


def _group(page: Page, group: FieldGroup, ask: Ask) -> None:
    with ui.element("div").classes("table-box"), ui.element("table").classes("event-table"), ui.element("tbody"):
        if group.listing:
            _row(page, ("", ""), group.example, "", "", ask)
        for field in group.fields:
            example = f"any {group.name}({field.example})" if group.listing else field.example
            _row(page, (_called(field), _kind(page, field)), example, field.description, _values(field), ask)


def _row(page: Page, name: tuple[str, str], example: str, description: str, values: str, ask: Ask) -> None:
    """`name` comes with the field's type."""
    with ui.element("tr"):
        with ui.element("td").classes("field-name"):
            text(name[0], "mono small strong")
            text(name[1], "muted small")
        with ui.element("td"):
            text(description)
            text(values, "muted small")
        with ui.element("td").classes("field-example"):
            link = ui.label(example).classes("query try").on("click", lambda: ask(example))
            link.props["title"] = page.say("segments.try")


def _called(field: FieldInfo) -> str:
    return f"{field.name}({', '.join(field.argument)})" if field.argument else field.name


def _values(field: FieldInfo) -> str:
    shown = [f"{one.value} {one.name}" if one.name != one.value else one.value for one in field.values[:_VALUES]]
    return ", ".join([*shown, "…"] if len(field.values) > _VALUES else shown)


def _kind(page: Page, field: FieldInfo) -> str:
    unit = page.workspace.currency if field.type == "money" else field.unit
    kind = page.say(f"segments.types.{field.type}")
    return f"{kind}, {unit}" if unit else kind
