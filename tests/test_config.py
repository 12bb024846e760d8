"""Settings and the file that lists them."""

from app.config import ROOT, Settings


def test_the_example_file_lists_every_setting_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    listed = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(listed) == {f"UNDERSTORY_{name.upper()}" for name in Settings.model_fields}
    given = {name.removeprefix("UNDERSTORY_").lower(): value for name, value in listed.items()}
    assert Settings.model_validate(given) == Settings.model_construct(**Settings.model_validate({}).model_dump())
