"""The comparison of schema engines, as far as it goes without a server."""

import json
from pathlib import Path

import pytest

from evals.cli import main
from evals.tasks.structured_output import _schemas


def test_without_vllm_or_a_model_it_says_what_to_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = ["run", "structured-output", "--model", str(tmp_path), "--python", str(tmp_path / ".venv-vllm/bin/python")]
    assert main(run) == 2
    assert "make tiny-model" in capsys.readouterr().err
    (tmp_path / "config.json").write_text('{"max_position_embeddings": 4096}')
    assert main(run) == 2
    assert capsys.readouterr().err == "error: there is no .venv-vllm: run `make vllm`\n"


def test_the_two_schemas_differ_in_the_bounds_of_strings_alone() -> None:
    bounded, endless = (json.dumps(schema.json_schema) for schema in _schemas().values())
    assert "maxLength" in bounded
    assert "maxLength" not in endless
    assert bounded.count("maxItems") == endless.count("maxItems") > 0
