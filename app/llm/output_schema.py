"""The JSON schema of an output class, in the subset that guided decoding handles."""

from collections.abc import Iterator

from pydantic import BaseModel, JsonValue

Schema = dict[str, JsonValue]

_DROPPED = frozenset({"title", "default"})
_SHAPE = frozenset({"$defs", "$ref", "additionalProperties", "anyOf", "items", "properties", "required", "type"})
_BOUNDS = frozenset({"const", "enum", "maxItems", "maxLength", "maximum", "minItems", "minLength", "minimum"})
_LONGEST = {"string": "maxLength", "array": "maxItems", "integer": "maximum"}
"""What ends a value: a weak model never does by itself."""
_ALLOWED = _SHAPE | _BOUNDS | {"description"}


def strict_schema(output: type[BaseModel]) -> Schema:
    """The JSON schema of `output` as strict engines want it: closed objects, every property required.

    Every string and every list has its longest: a weak model never ends one by itself. The server must take bounded
    strings, as its `guidance` engine does (docs/decisions/0009); pydantic judges the answer anyway. A keyword that
    engines ignore or refuse, or a bound that is missing, is a ValueError: it is met in a test and not on a GPU.
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
    _refuse_endless(node, where)


def _refuse_endless(node: Schema, where: str) -> None:
    longest = _LONGEST.get(str(node.get("type")))
    if longest and longest not in node and not node.keys() & {"enum", "const"}:
        raise ValueError(f"{where}: a {node['type']} without end; give it a max_length (an integer: le)")


def _is_optional(choices: JsonValue) -> bool:
    return isinstance(choices, list) and len(choices) == 2 and {"type": "null"} in choices
