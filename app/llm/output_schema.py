"""The JSON schema of an output class, in the subset that guided decoding handles."""

from collections.abc import Iterator

from pydantic import BaseModel, JsonValue

Schema = dict[str, JsonValue]

_DROPPED = frozenset({"title", "default", "minLength", "maxLength"})
_SHAPE = frozenset({"$defs", "$ref", "additionalProperties", "anyOf", "items", "properties", "required", "type"})
_BOUNDS = frozenset({"const", "enum", "maxItems", "maximum", "minItems", "minimum"})
_ALLOWED = _SHAPE | _BOUNDS | {"description"}


def strict_schema(output: type[BaseModel]) -> Schema:
    """The JSON schema of `output` as strict engines want it: closed objects, every property required.

    Length bounds of strings are left out and enforced when the answer is read: grammars with them are 25-32 times
    slower a token on xgrammar and lose escapes. A keyword that engines ignore or refuse is a ValueError, so that it
    is met in a test and not on a GPU.
    """
    return _prepared(output.model_json_schema(), output.__name__)


def class_path(output: type[BaseModel]) -> str:
    """`package.module.Class`, as a prompt's front matter spells it."""
    return f"{output.__module__}.{output.__qualname__}"


def _prepared(node: Schema, where: str) -> Schema:
    kept = {key: value for key, value in node.items() if key not in _DROPPED}
    _refuse_unsupported(kept, where)
    for group in ("properties", "$defs"):
        if parts := _children(kept.get(group)):
            kept[group] = {name: _prepared(part, f"{where}.{name}") for name, part in parts.items()}
    if isinstance(items := kept.get("items"), dict):
        kept["items"] = _prepared(items, where)
    if choices := kept.get("anyOf"):
        kept["anyOf"] = [_prepared(choice, where) for choice in _dicts(choices)]
    if kept.get("type") == "object":
        kept["additionalProperties"] = False
        kept["required"] = list(_children(kept.get("properties")))
    return kept


def _children(node: JsonValue) -> dict[str, Schema]:
    return {name: part for name, part in node.items() if isinstance(part, dict)} if isinstance(node, dict) else {}


def _dicts(node: JsonValue) -> Iterator[Schema]:
    yield from (part for part in node if isinstance(part, dict)) if isinstance(node, list) else ()


def _refuse_unsupported(node: Schema, where: str) -> None:
    if unknown := sorted(node.keys() - _ALLOWED):
        raise ValueError(f"{where}: engines do not support {', '.join(unknown)} in a schema")
    if node.get("additionalProperties", False) is not False:
        raise ValueError(f"{where}: an object with free keys; name its fields")
    if not node.keys() & {"type", "$ref", "anyOf", "enum", "const"}:
        raise ValueError(f"{where}: a field of any type; give it one")
    if "anyOf" in node and not _is_optional(node["anyOf"]):
        raise ValueError(f"{where}: a union is supported with null only")


def _is_optional(choices: JsonValue) -> bool:
    return isinstance(choices, list) and len(choices) == 2 and {"type": "null"} in choices
