"""Every body that a route reads is told in the API's documentation, whole."""

import json

from app.api.body_schema import takes
from app.retrieval.schemas import Channel
from app.schema import Frozen
from tests.factories_api import Served

WITHOUT_BODY = ("/strategy", "/reflections", "/done", "/export", "/case")
"""Posts that need no more than their path."""


class Wish(Frozen):
    """A body with a part of its own."""

    channels: tuple[Channel, ...]


def test_parts_are_written_out_where_they_stand() -> None:
    (schema,) = (media["schema"] for media in takes(Wish)["requestBody"]["content"].values())
    assert schema["properties"]["channels"]["items"]["enum"] == list(Channel)
    assert "$ref" not in json.dumps(schema)


def test_every_body_is_documented(shared: Served) -> None:
    paths = shared.client.get("/openapi.json").json()["paths"]
    posts = [
        (path, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if method in ("post", "put", "patch")
    ]
    assert [path for path, told in posts if "requestBody" not in told and not path.endswith(WITHOUT_BODY)] == []
    assert "#/$defs/" not in json.dumps([told for path, told in posts if path not in ("/v1/events", "/v1/items")])
