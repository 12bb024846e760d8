"""What SDKs ask for before they send: where events go, and that nothing else is to be loaded or reported.

Segment's browser and mobile SDKs read `/v1/projects/KEY/settings`, RudderStack's `/sourceConfig`. Neither answer names
a destination, and both turn the SDKs' reports on themselves off: they would go to the vendor.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request

from app.access.schemas import Role
from app.api.deps import Basic, Bearer, Now, Parts, caller_of, key_given, permitted
from app.api.problems import documented
from app.api.routes.tracking import SdkRoute
from app.events.sources.segment import SOURCE
from app.schema import Frozen

SOURCE_CONFIG = "/sourceConfig"
_PROJECTS, _SETTINGS = "/v1/projects/", "/settings"

router = APIRouter(tags=["tracking"], route_class=SdkRoute)


class Delivery(Frozen):
    """Where a Segment SDK sends events."""

    apiKey: str  # noqa: N815
    apiHost: str  # noqa: N815
    """Host and path, without the protocol: the SDK puts the call's name behind it."""
    protocol: str
    """Of browsers; mobile SDKs always use https."""


class Integrations(Frozen):
    """One destination: this server."""

    segment: Annotated[Delivery, Field(serialization_alias="Segment.io")]


class Reporting(Frozen):
    """Whether an SDK reports on itself, which it would to the vendor."""

    enabled: bool = False
    sampleRate: int = 0  # noqa: N815


class Reports(Frozen):
    """What there is to report."""

    errors: Reporting = Reporting()
    metrics: Reporting = Reporting()


class Empty(Frozen):
    """An object that SDKs look into and in which nothing stands."""


class ProjectSettings(Frozen):
    """What Segment's SDKs look for."""

    integrations: Integrations
    plan: Empty = Empty()
    edgeFunction: Empty = Empty()  # noqa: N815
    middlewareSettings: Empty = Empty()  # noqa: N815
    metrics: Reporting = Reporting()


class Collection(Frozen):
    """What RudderStack's SDKs collect about themselves."""

    statsCollection: Reports = Reports()  # noqa: N815


class SourceConfig(Frozen):
    """What RudderStack's SDKs look for."""

    id: str
    name: str = SOURCE
    writeKey: str  # noqa: N815
    enabled: bool = True
    workspaceId: str  # noqa: N815
    createdAt: datetime  # noqa: N815
    updatedAt: datetime  # noqa: N815
    config: Collection = Collection()
    destinations: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    dataplanes: Empty = Empty()
    """None by region: the address that the SDK was given counts."""


class Source(Frozen):
    """The envelope of a source."""

    source: SourceConfig


def is_settings(path: str) -> bool:
    """Whether SDKs in a browser ask for their settings here."""
    bare = path.rstrip("/")
    return bare == SOURCE_CONFIG or (bare.startswith(_PROJECTS) and bare.endswith(_SETTINGS))


@router.get("/v1/projects/{write_key}/settings", responses=documented(401, 403, 500))
def project_settings(
    write_key: Annotated[str, Path(max_length=200)], request: Request, parts: Parts, now: Now
) -> ProjectSettings:
    """Settings for Segment's SDKs: events go to the address that this was asked at."""
    permitted(caller_of(parts, write_key, now), Role.INGEST)
    here = request.base_url
    delivery = Delivery(apiKey=write_key, apiHost=f"{here.netloc}{here.path}v1", protocol=here.scheme)
    return ProjectSettings(integrations=Integrations(segment=delivery))


@router.get(f"{SOURCE_CONFIG}/", include_in_schema=False)
@router.get(SOURCE_CONFIG, responses=documented(401, 403, 500))
def source_config(parts: Parts, now: Now, bearer: Bearer, basic: Basic) -> Source:
    """Settings for RudderStack's SDKs: no destinations, events go to the data plane that the SDK was given."""
    key = key_given(bearer, basic)
    sender = permitted(caller_of(parts, key, now), Role.INGEST)
    known = parts.pipeline.access.credential(key)
    return Source(
        source=SourceConfig(
            id=sender.key_id,
            writeKey=key,
            workspaceId=sender.workspace.workspace_id,
            createdAt=known.created_at,
            updatedAt=known.created_at,
        )
    )
