import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from app.database.engine import Database
from app.errors import InvalidInput
from app.events.quality import Rejected
from app.events.quarantine import Quarantine
from app.privacy.sealing import Sealer, is_sealed
from app.privacy.vault import Vault, identifier_vault

PHONE = "13912345678"


@pytest.fixture
def vault(database: Database, tmp_path: Path) -> Vault:
    return Vault(database, tmp_path / "keys")


def keep(vault: Vault, database: Database, workspace_id: str = "shop") -> str:
    key = f"phone:{vault.sealer(workspace_id).hide('phone', PHONE)}"
    with database.write() as connection:
        vault.keep(connection, workspace_id, {key: PHONE})
        vault.keep(connection, workspace_id, {key: PHONE})
    return key


def test_a_number_has_one_hash_in_a_workspace_and_another_in_the_next(vault: Vault) -> None:
    here, there = (vault.sealer(name).hide("phone", PHONE) for name in ("shop", "other"))
    assert here == vault.sealer("shop").hide("phone", PHONE)
    assert here != there
    assert is_sealed(here)
    assert vault.sealer("shop").hide("id_number", PHONE) != here


def test_raw_values_come_back_and_lie_encrypted(vault: Vault, database: Database) -> None:
    key = keep(vault, database)
    assert vault.raw("shop", [key, "user_id:u1"]) == {key: PHONE}
    assert vault.raw("other", [key]) == {}
    assert vault.open("shop", vault.seal("shop", "a record")) == "a record"
    assert vault.seal("shop", "a record") != vault.seal("shop", "a record")


def test_the_key_file_is_its_owners_alone_and_is_used_again(database: Database, tmp_path: Path) -> None:
    first = Vault(database, tmp_path / "keys").sealer("shop").hide("phone", PHONE)
    (path,) = (tmp_path / "keys").iterdir()
    assert path.name == "shop.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Vault(database, tmp_path / "keys").sealer("shop").hide("phone", PHONE) == first


def test_many_who_make_the_key_at_once_get_the_same(database: Database, tmp_path: Path) -> None:
    vaults = [Vault(database, tmp_path / "keys") for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda vault: vault.sealer("shop").hide("phone", PHONE), vaults))) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["shop.key"]


def test_a_lost_key_is_an_error_and_never_a_new_key(vault: Vault, database: Database, tmp_path: Path) -> None:
    keep(vault, database)
    (tmp_path / "keys" / "shop.key").unlink()
    with pytest.raises(InvalidInput, match="key of workspace 'shop' is missing"):
        Vault(database, tmp_path / "keys").sealer("shop")
    assert not (tmp_path / "keys" / "shop.key").exists()


def test_a_lost_key_is_an_error_when_only_the_quarantine_was_sealed(database: Database, tmp_path: Path) -> None:
    quarantine = Quarantine(database, Vault(database, tmp_path / "keys"))
    with database.write() as connection:
        quarantine.put(connection, "shop", "web", [Rejected(1, "bad time", "{}")], now=datetime(2026, 1, 1, tzinfo=UTC))
    (tmp_path / "keys" / "shop.key").unlink()
    with pytest.raises(InvalidInput, match="key of workspace 'shop' is missing"):
        Vault(database, tmp_path / "keys").sealer("shop")
    assert Vault(database, tmp_path / "keys").existing("other") is None


def test_an_error_of_the_database_does_not_show_what_was_written(database: Database) -> None:
    row = {"workspace_id": "shop", "key": "phone:0a1b", "sealed": PHONE.encode()}
    with pytest.raises(IntegrityError) as caught, database.write() as connection:
        connection.execute(insert(identifier_vault), [row, row])
    assert PHONE not in str(caught.value)


def test_a_key_of_another_database_is_refused(vault: Vault, database: Database, tmp_path: Path) -> None:
    keep(vault, database)
    (tmp_path / "keys" / "shop.key").write_text("00" * 32)
    with pytest.raises(InvalidInput, match="does not open what was sealed"):
        Vault(database, tmp_path / "keys").sealer("shop")
    (tmp_path / "keys" / "shop.key").write_text("not a key")
    with pytest.raises(InvalidInput, match="is no key file"):
        Vault(database, tmp_path / "keys").sealer("shop")


def test_looking_around_makes_no_key(vault: Vault, tmp_path: Path) -> None:
    assert vault.existing("shop") is None
    assert not (tmp_path / "keys").exists()


def test_changed_bytes_are_noticed() -> None:
    sealer = Sealer("shop", b"k" * 32)
    sealed = bytearray(sealer.seal(PHONE))
    sealed[-1] ^= 1
    with pytest.raises(InvalidInput, match="does not open"):
        sealer.open(bytes(sealed))
