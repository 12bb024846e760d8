"""The random model's tokenizer may not learn the words that evaluations hold out."""

from app.config import ROOT
from evals.train.texts import paths


def test_the_tokenizer_learns_from_both_languages_and_from_nothing_of_the_demo_shop() -> None:
    read = paths()
    assert {"zh.yaml", "en.yaml", "taxonomy.yaml", "profile_story.md"} <= {path.name for path in read}
    assert not [path for path in read if (ROOT / "app" / "demo") in path.parents]
