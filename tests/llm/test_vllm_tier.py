"""`make test-vllm` exists to run: what it skips, it fails."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.config import ROOT

SKIPS = {
    "a test": "import pytest\n\ndef test_one():\n    pytest.skip('no server')\n",
    "a whole file": "import pytest\n\npytest.importorskip('no_such_module')\n",
}


@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS.keys())
def test_a_skip_counts_as_a_failure(tmp_path: Path, source: str) -> None:
    (tmp_path / "conftest.py").write_bytes((ROOT / "tests" / "vllm" / "conftest.py").read_bytes())
    (tmp_path / "test_works.py").write_text("def test_two():\n    pass\n")
    (tmp_path / "test_skips.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "-p", "no:cacheprovider", str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "1 passed, 1 skipped" in ran.stdout
    assert "a skip counts as a failure here" in ran.stdout
    assert ran.returncode == 1


def test_the_ordinary_run_leaves_them_out_without_skipping_them(pytestconfig: pytest.Config) -> None:
    assert "vllm" in pytestconfig.getini("norecursedirs")
