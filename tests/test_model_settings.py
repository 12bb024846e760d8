"""What an operator may say about a served model, and how wrong words are answered."""

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from app.config import Settings
from app.model_settings import ModelSettings

SAID = '{"qwen3-8b": {"thinking": false, "context_length": 8192, "prompt_price": 0.1, "completion_price": "0.4"}}'
MEANT = ModelSettings(thinking=False, context_length=8192, prompt_price=Decimal("0.1"), completion_price=Decimal("0.4"))


def test_models_are_named_in_the_environment_or_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNDERSTORY_MODELS", SAID)
    assert Settings().models == {"qwen3-8b": MEANT}
    file = tmp_path / "models.json"
    file.write_text(SAID, encoding="utf-8")
    monkeypatch.setenv("UNDERSTORY_MODELS", str(file))
    assert Settings().models == {"qwen3-8b": MEANT}
    monkeypatch.setenv("UNDERSTORY_MODELS", "")
    assert Settings().models == {}


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("nowhere.json", "neither JSON nor a file that can be read"),
        ('{"a": ', "it is not JSON like"),
        ('{"a": {"thinkin": true}}', "Extra inputs are not permitted"),
        ('{"a": {"prompt_price": -1}}', "greater than or equal to 0"),
        ('{"a": {"prompt_price": "NaN"}}', "finite number"),
        ('{"a": {"context_length": 10}}', "greater than or equal to 256"),
        ('{"a": 3}', "valid dictionary or instance"),
    ],
)
def test_what_cannot_be_meant_is_said(monkeypatch: pytest.MonkeyPatch, said: str, fault: str) -> None:
    monkeypatch.setenv("UNDERSTORY_MODELS", said)
    with pytest.raises(ValidationError, match=fault):
        Settings()


def test_a_price_per_million_tokens_is_one_per_token_in_millionths_and_is_rounded_up() -> None:
    assert MEANT.cost_micros(1_000_000, 0) == 100_000
    assert MEANT.cost_micros(7, 3) == 2
    assert ModelSettings().cost_micros(10**9, 10**9) == 0
