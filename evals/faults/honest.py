"""What an honest model answers: it recites the claims that it is shown, chooses the first ones, and adds nothing."""

import json
import re
from collections.abc import Mapping

from pydantic import JsonValue

Node = Mapping[str, JsonValue]

_CLAIM = re.compile(r"^\[(k_\w+)\] (.+)$", re.MULTILINE)
_NUMBERED = re.compile(r"^(\d+)\. ", re.MULTILINE)
_TOLD = 4
"""Claims that it tells."""


def answer(prompt: str, schema: Node) -> str:
    """An answer to `prompt` that fits `schema` and says nothing that the prompt does not say."""
    name, shape = str(schema.get("name")), _node(schema.get("schema"))
    filled = _least(shape, _node(shape.get("$defs")))
    if name == "StoryDraft":
        filled = {"sentences": [_recited(claim, text, shape) for claim, text in _CLAIM.findall(prompt)[:_TOLD]]}
    elif name == "Selection":
        filled = {"claims": [int(number) for number in _NUMBERED.findall(prompt)[:_TOLD]]}
    return json.dumps(filled, ensure_ascii=False)


def _recited(claim: str, text: str, shape: Node) -> dict[str, JsonValue]:
    """One sentence that is a claim's own; fields that the schema has beyond that stay empty."""
    sentence = _least(_node(_node(shape.get("$defs")).get("DraftSentence")), _node(shape.get("$defs")))
    return {**(sentence if isinstance(sentence, dict) else {}), "text": text, "claims": [claim]}


def _least(node: Node, shapes: Node) -> JsonValue:
    """The least value that fits a node of a schema."""
    if "$ref" in node:
        return _least(_node(shapes.get(str(node["$ref"]).rsplit("/", 1)[-1])), shapes)
    if "const" in node:
        return node["const"]
    if isinstance(choices := node.get("enum"), list):
        return choices[0]
    if "anyOf" in node:
        return None
    return _least_of_type(node, shapes)


def _least_of_type(node: Node, shapes: Node) -> JsonValue:
    least, several = node.get("minimum", 0), node.get("minItems", 0)
    match node.get("type"):
        case "object":
            return {name: _least(_node(part), shapes) for name, part in _node(node.get("properties")).items()}
        case "array":
            return [_least(_node(node.get("items")), shapes)] * (several if isinstance(several, int) else 0)
        case "string":
            return "…" * int(str(node.get("minLength", 1)))
        case "boolean":
            return False
        case _:
            return least


def _node(value: JsonValue) -> Node:
    return value if isinstance(value, dict) else {}
