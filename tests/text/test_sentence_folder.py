"""A sentence-transformers folder as the embedder: what is missing is said before anything is loaded.

The model itself is tested where torch is: tests/vllm/test_embedder.py.
"""

from importlib.util import find_spec
from pathlib import Path

import pytest

from app.errors import InvalidInput
from app.text.sentence_folder import SentenceEmbedder

ABSENT = find_spec("sentence_transformers") is None


def test_a_place_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere is neither a folder nor an http\(s\) URL"):
        SentenceEmbedder(tmp_path / "nowhere")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"it has no modules\.json"):
        SentenceEmbedder(tmp_path)


@pytest.mark.skipif(not ABSENT, reason="sentence-transformers is installed here")
def test_without_the_package_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]")
    with pytest.raises(InvalidInput, match="pip install 'sentence-transformers"):
        SentenceEmbedder(tmp_path)


@pytest.mark.skipif(ABSENT, reason="sentence-transformers is not installed here")
def test_a_broken_model_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[{}]")
    with pytest.raises(InvalidInput, match=r"cannot load the model in [^\n]+$"):
        SentenceEmbedder(tmp_path).embed(["text"])
