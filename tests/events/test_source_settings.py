from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from app.database.engine import Database
from app.events.source_settings import SourceSettings, SourceStore
from app.events.sources.mapping import load_preset
from tests.factories import an_intake

NOW = datetime(2026, 3, 31, tzinfo=UTC)


def test_settings_are_kept_as_a_whole_and_apart_from_other_workspaces(database: Database) -> None:
    store = SourceStore(database)
    first = SourceSettings(timezone="Europe/London", time_format="dmy", mapping=load_preset("online-retail"))
    store.put("shop", "pos", first, by="me", now=NOW)
    assert store.of("shop", "pos") == first
    store.put("shop", "pos", SourceSettings(), by="me", now=NOW)
    store.put("shop", "app", SourceSettings(time_format="unix_ms"), by="me", now=NOW)
    assert store.all("shop") == {"app": SourceSettings(time_format="unix_ms"), "pos": SourceSettings()}
    assert store.of("other", "pos") == SourceSettings()


def test_what_is_set_goes_before_the_mapping_and_the_mapping_before_the_workspace() -> None:
    plain, mapping = an_intake(), load_preset("online-retail")
    assert SourceSettings().applied(plain) == plain
    from_file = SourceSettings(mapping=mapping).applied(plain)
    assert (from_file.zone.key, from_file.time_format) == ("Europe/London", "")
    chosen = SourceSettings(timezone="Asia/Kathmandu", time_format="dmy", mapping=mapping).applied(plain)
    assert (chosen.zone.key, chosen.time_format) == ("Asia/Kathmandu", "dmy")


@pytest.mark.parametrize("wrong", [{"timezone": "Mars"}, {"timezone": ""}, {"time_format": "ymd"}, {"zone": "x"}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SourceSettings.model_validate(wrong)
