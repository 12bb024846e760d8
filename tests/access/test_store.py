from datetime import datetime

import pytest

from app.access.schemas import Role, Workspace
from app.access.store import AccessStore
from app.database.engine import Database
from app.errors import Conflict, InvalidInput, NotFound, Unauthorized
from tests.factories import a_workspace


def test_a_key_stands_for_one_workspace_until_it_is_revoked(database: Database, now: datetime) -> None:
    access = AccessStore(database)
    access.ensure(a_workspace())
    key = access.issue_key("shop", Role.VIEWER, now=now)
    credential = access.credential(key)
    assert (credential.workspace_id, credential.role, credential.created_at) == ("shop", Role.VIEWER, now)
    access.revoke_key(key, now=now)
    for bad in (key, "uk_guess", ""):
        with pytest.raises(Unauthorized):
            access.credential(bad)


def test_keys_are_listed_and_revoked_by_their_id_within_their_workspace(database: Database, now: datetime) -> None:
    access = AccessStore(database)
    key = access.issue_key("shop", Role.VIEWER, now=now)
    (listed,) = access.keys("shop")
    with pytest.raises(NotFound, match="keys list"):
        access.revoke("other", listed.key_id, now=now)
    access.revoke("shop", listed.key_id, now=now)
    assert access.keys("shop") == []
    with pytest.raises(Unauthorized):
        access.credential(key)


def test_keys_are_not_stored(database: Database, now: datetime) -> None:
    key = AccessStore(database).issue_key("shop", Role.EDITOR, now=now)
    with database.read() as connection:
        dump = str(connection.exec_driver_sql("SELECT * FROM api_keys").all())
    assert key not in dump


def test_roles_allow_what_they_name_and_editors_everything() -> None:
    assert Role.EDITOR.allows(Role.INGEST)
    assert not Role.INGEST.allows(Role.VIEWER)
    assert not Role.VIEWER.allows(Role.INGEST)


def test_a_workspace_keeps_its_currency(database: Database) -> None:
    access = AccessStore(database)
    access.ensure(a_workspace())
    assert access.ensure(a_workspace(timezone="Europe/London")).timezone == "Asia/Shanghai"
    with pytest.raises(Conflict, match="choose another"):
        access.ensure(a_workspace(currency="GBP"))


def test_unknown_and_impossible_workspaces_are_clear_errors(database: Database) -> None:
    with pytest.raises(NotFound, match="understory ingest"):
        AccessStore(database).workspace("shop")
    with pytest.raises(InvalidInput, match="lower-case"):
        Workspace(workspace_id="../etc")


def test_a_shop_signs_with_its_name_once_it_has_one(database: Database) -> None:
    access = AccessStore(database)
    assert access.ensure(a_workspace()).sender == "shop"
    access.rename("shop", " 林下小店 ")
    assert access.workspace("shop").sender == "林下小店"
    with pytest.raises(NotFound):
        access.rename("nowhere", "x")
    with pytest.raises(ValueError, match="at most 30"):
        access.rename("shop", "x" * 31)
    assert access.workspace("shop").sender == "林下小店"
