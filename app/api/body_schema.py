"""How a body that is read strictly, and so unseen by FastAPI, is told in the API's documentation."""

from typing import Any

from pydantic import BaseModel


def takes(model: type[BaseModel]) -> dict[str, Any]:
    """The `openapi_extra` of a route whose body is this model, which must not contain itself."""
    schema = model.model_json_schema()
    told = _whole(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": told}}}}


def _whole(part: Any, named: dict[str, Any]) -> Any:
    """Each reference replaced by what it refers to: the document of an API has no `$defs` at its root."""
    if isinstance(part, list):
        return [_whole(one, named) for one in part]
    if not isinstance(part, dict):
        return part
    meant = named[part["$ref"].rpartition("/")[2]] if "$ref" in part else {}
    return {name: _whole(value, named) for name, value in (meant | part).items() if name != "$ref"}
