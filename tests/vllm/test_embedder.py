"""`--embedder` with real models: a sentence-transformers folder where torch is, and one that vLLM serves.

The folder is read by the whole product, which runs here on .venv-vllm's Python: its packages first, the product's own
behind them.
"""

import json
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from app.bootstrap import chosen_embedder
from app.config import ROOT, TINY_MODEL, VLLM_PYTHON, Settings
from app.llm.server import ServerChild, free_port, vllm_command
from app.retrieval.index import FaissIndex
from app.retrieval.index_folder import CURRENT
from app.retrieval.vectors import CampaignVectors
from tests.vllm.conftest import BOOT_S

CASES = ROOT / "knowledge_base" / "campaigns.jsonl"
TEXTS = ("冬季护肤：换季焕新", "Cat food for new homes", "Garden tools in spring", "开工第一杯：提神小补给")

RETRIEVE = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
sys.path.append(sys.argv[1])
from app.access.schemas import Workspace
from app.bootstrap import build, chosen_embedder
from app.config import Settings
from app.retrieval.knowledge_base import read_cases
from app.retrieval.situation import Situation

settings = Settings(_env_file=None, data_dir=Path(sys.argv[2]), embedder=sys.argv[3])
now, situation = datetime(2026, 11, 1, tzinfo=UTC), Situation(text="something warm", topics=("tea_coffee",))

def start():
    app = build(settings)
    app.pipeline.access.ensure(Workspace(workspace_id="demo"))
    book = app.pipeline.knowledge_base
    book.import_cases("demo", read_cases(Path(sys.argv[4])), approved_by="test", now=now)
    found = app.pipeline.search.search(book.cases("demo"), situation, as_of=now)
    app.database.close()
    (current,) = settings.data_dir.rglob("CURRENT")
    return [match.campaign.campaign_id for match in found.matches], current.stat().st_mtime_ns

vectors = chosen_embedder(settings).embed(json.loads(sys.argv[5]))
print(json.dumps({"starts": [start(), start()], "cosines": (vectors @ vectors.T).tolist()}))
"""

FINGERPRINTS = """
import sys
from pathlib import Path
from app.text.sentence_folder import SentenceEmbedder
print(*(SentenceEmbedder(Path(folder)).fingerprint for folder in sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real sentence-transformers model: one layer of BERT with random weights."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    said(["-m", "evals.train.sentences", folder])
    return folder


def said(arguments: Sequence[str | Path]) -> str:
    """The last line that the Python with torch prints."""
    done = subprocess.run([VLLM_PYTHON, *arguments], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()[-1]


def test_a_folder_retrieves_campaigns_and_its_vectors_are_kept(model: Path, tmp_path: Path) -> None:
    ours = sysconfig.get_paths()["purelib"]
    found = json.loads(said(["-c", RETRIEVE, ours, tmp_path, model, CASES, json.dumps(TEXTS)]))
    (campaigns, written), again = found["starts"]
    assert campaigns
    assert [campaigns, written] == again
    cosines = np.array(found["cosines"])
    assert cosines.argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert cosines.diagonal() == pytest.approx(1.0, abs=1e-5)


def test_the_fingerprint_of_a_folder_changes_with_its_weights(model: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(model, tmp_path / "other"))
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "model.safetensors").write_bytes(weights)
    first, again, changed = said(["-c", FINGERPRINTS, model, model, other]).split()
    assert first == again != changed


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerChild]:
    """The tiny random model once more, served as an embedder: the mean of what it makes of the tokens."""
    port, log = free_port(), tmp_path_factory.mktemp("vllm") / "embedder.log"
    pooling = ["--runner", "pooling", "--convert", "embed"]
    with ServerChild(
        [*vllm_command(VLLM_PYTHON, TINY_MODEL, "tiny", port), *pooling], port, log=log, say=print
    ) as child:
        if not child.wait_ready(BOOT_S):
            pytest.fail(f"vLLM did not come up in {BOOT_S} s:\n{log.read_text()[-3000:]}")
        yield child


def test_a_model_that_vllm_serves_finds_campaigns_and_its_vectors_are_kept(served: ServerChild, tmp_path: Path) -> None:
    first = [nearest(served, tmp_path, text) for text in TEXTS]
    assert first == [0, 1, 2, 3]
    (current,) = tmp_path.rglob(CURRENT)
    before = current.stat().st_mtime_ns
    assert nearest(served, tmp_path, TEXTS[1]) == 1
    assert current.stat().st_mtime_ns == before


def nearest(served: ServerChild, folder: Path, text: str) -> int:
    """The place of the text nearest to this one, as a process that starts now finds it."""
    embedder = chosen_embedder(Settings(_env_file=None, embedder=served.url))
    vectors = CampaignVectors(embedder, FaissIndex, folder)
    cosines = vectors.cosines("shop", TEXTS, text, k=1, among=np.ones(len(TEXTS), dtype=np.bool_))
    assert cosines is not None
    return int(cosines.argmax())
