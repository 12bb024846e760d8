"""What the random model's tokenizer learns from: the repository's own words, zh and en.

Nothing of the demo shop: its customers' words are what evaluations hold out.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = (
    "prompts/**/*.md",
    "app/narrative/wording/*.yaml",
    "app/strategy/wording/*.yaml",
    "app/console/wording/*.yaml",
    "knowledge_base/*.yaml",
    "docs/**/*.md",
    "README.md",
)


def paths() -> list[Path]:
    """The files, in a fixed order."""
    return [path for pattern in PATTERNS for path in sorted(ROOT.glob(pattern))]
