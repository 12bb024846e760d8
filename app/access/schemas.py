"""Workspaces, API keys and roles."""

import re
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field

from app.errors import InvalidInput
from app.schema import Frozen, Lang

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@lru_cache
def _zones() -> frozenset[str]:
    """Looked up once: it reads the whole folder of zones, and a workspace is read with every request."""
    return frozenset(available_timezones())


def known_zone(name: str) -> str:
    """The name itself, when it is a time zone that this machine knows; ValueError otherwise."""
    if name not in _zones():
        raise ValueError(f"unknown time zone {name!r}; use an IANA name such as Asia/Shanghai")
    return name


class Workspace(Frozen):
    """One shop's data, wholly apart from every other's."""

    workspace_id: str
    """Short name: lower-case letters, digits, - and _."""
    timezone: Annotated[str, AfterValidator(known_zone)] = "Asia/Shanghai"
    """IANA zone in which days, quiet hours and bare dates are read."""
    currency: str = "CNY"
    """ISO 4217 code of every amount in the workspace."""
    language: Lang = "zh"
    """Language used when a request names none."""
    name: Annotated[str, Field(max_length=30)] = ""
    """What customers know the shop by; messages are signed with it."""

    @property
    def sender(self) -> str:
        """Who signs messages: the shop's name, or the workspace's while it has none."""
        return self.name or self.workspace_id

    @property
    def zone(self) -> ZoneInfo:
        """The time zone as an object."""
        return ZoneInfo(self.timezone)

    def model_post_init(self, context: Any) -> None:
        """Refuse names that could not stand in a path, a key or a URL."""
        if not _NAME.fullmatch(self.workspace_id):
            raise InvalidInput(
                f"workspace name {self.workspace_id!r}: use 1-63 lower-case letters, digits, - and _, "
                "starting with a letter or digit"
            )


class Role(StrEnum):
    """What a key may do: `ingest` only writes events, `viewer` reads, `editor` does both and decides."""

    INGEST = "ingest"
    VIEWER = "viewer"
    EDITOR = "editor"

    def allows(self, needed: "Role") -> bool:
        """True when this role includes `needed`; a leaked ingest key reads nothing."""
        return self is needed or self is Role.EDITOR


class Credential(Frozen):
    """What an API key stands for."""

    key_id: str
    workspace_id: str
    role: Role
    created_at: datetime
