"""Typed settings, read by `bootstrap`, `cli` and `serve.py` only. Every field can be set as UNDERSTORY_<NAME>."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.model_settings import Models

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: prompts/ and knowledge_base/ lie beside app/."""
SMALL_MODEL, TINY_MODEL = ROOT / "knowledge_base" / "small_model", ROOT / ".models" / "tiny"
"""The trained model in the box, and the random one that `make tiny-model` makes."""
VLLM_PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
"""The interpreter of the model server's own environment (`make vllm`)."""


def _server_url(url: str) -> str:
    """The URL itself, when it is empty or one that can be asked; ValueError otherwise."""
    if url:
        try:
            HttpUrl(url)
        except ValidationError:
            raise ValueError(f"{url!r} is no http(s) URL; write it as http://127.0.0.1:8001/v1") from None
    return url


def _folder_or_url(place: str) -> str:
    """The place itself; ValueError for something like a URL that cannot be asked."""
    return _server_url(place) if "://" in place else place


ServerUrl = Annotated[str, AfterValidator(_server_url)]
_EMPTY = BeforeValidator(lambda given: None if given == "" else given)
"""An empty line in `.env` leaves an optional number unset."""
FolderOrUrl = Annotated[str, AfterValidator(_folder_or_url)]


class Settings(BaseSettings):
    """Defaults fit a laptop: one SQLite file, no model, loopback only."""

    model_config = SettingsConfigDict(
        env_prefix="UNDERSTORY_", env_file=".env", extra="ignore", use_attribute_docstrings=True
    )

    data_dir: Path = Path("data")
    """Folder for the database and everything derived from it."""
    database_url: str = ""
    """sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME; empty means `understory.db` in `data_dir`."""
    keys_dir: str = ""
    """Folder of the keys that hide and seal phone and ID numbers, one file per workspace; empty means `keys` in
    `data_dir`. Back it up apart from the database: without its key a workspace's numbers are lost."""
    llm_url: ServerUrl = ""
    """Base URL of an OpenAI-compatible server, e.g. http://127.0.0.1:8001/v1; empty means no large model."""
    llm_model: str = ""
    """Name of the served model."""
    small_llm_url: ServerUrl = ""
    """Base URL of the server of a small model, which only chooses what is told; empty means none."""
    small_llm_model: str = ""
    """Name of the served small model."""
    llm_api_key: SecretStr = SecretStr("")
    """Bearer token of the model servers, if they want one."""
    llm_timeout_s: float = Field(default=8.0, gt=0, le=120)
    """Seconds that one story or strategy may wait for the models, all rungs together, before the composer answers."""
    models: Annotated[Models, NoDecode] = {}
    """Served name -> settings of that model, as JSON or as the name of a file with JSON (app/model_settings.py), e.g.
    {"qwen3-8b": {"thinking": false, "context_length": 8192, "prompt_price": 0.1, "completion_price": 0.4}}."""
    model_daily_tokens: Annotated[int | None, _EMPTY] = Field(default=None, ge=0, le=10**12)
    """Tokens of prompts and answers that a workspace may use in a day (UTC); empty means no limit."""
    model_daily_cost: Annotated[Decimal | None, _EMPTY] = Field(default=None, ge=0, le=10**6, decimal_places=6)
    """What a workspace's models may cost in a day (UTC), in the currency of their prices; empty means no limit."""
    kept_answers: int = Field(default=20_000, ge=0, le=10_000_000)
    """Answers of models that are kept per workspace, so that the same question is not asked twice; 0 keeps none."""
    kept_answers_days: float = Field(default=30.0, gt=0, le=3650)
    """Days after which a kept answer is asked for again."""
    lean_evaluation: str = ""
    """The summary.json of a `python -m evals run lean` that shows that leans of this large model help; only then may
    it lean on expected values. Empty means off."""
    breaker_failures: int = Field(default=3, ge=1, le=100)
    """Failures in a row after which a model is left alone; one call that hits its deadline is enough."""
    breaker_pause_s: float = Field(default=4.0, gt=0, le=600)
    """Seconds that it is left alone before one call tries it again."""
    embedder: FolderOrUrl = ""
    """What turns campaigns and situations into vectors: a folder with a sentence-transformers model, or the base URL
    of an OpenAI-compatible server of embeddings; empty means the shipped one."""
    embedder_model: str = ""
    """Name of the served embedding model; empty means the only one that its server has."""
    embedder_api_key: SecretStr = SecretStr("")
    """Bearer token of the server of embeddings, if it wants one."""
    embedder_timeout_s: float = Field(default=5.0, gt=0, le=120)
    """Seconds that one request to it may take; while it does not answer, retrieval goes by words and structure."""
    host: str = "127.0.0.1"
    """Address to serve on. Demo keys are issued on loopback only."""
    port: int = Field(default=8000, ge=1, le=65535)
    """Port to serve on."""
    workspace: str = "demo"
    """The workspace that the console shows."""
    demo_customers: int = Field(default=200, ge=1, le=100_000)
    """Size of the demo shop that an empty `demo` workspace is filled with."""
    demo_seed: int = Field(default=7, ge=0, le=2**63 - 1)
    """Seed of the demo shop."""

    def resolved_database_url(self) -> str:
        """The URL to open: the given one, or SQLite in `data_dir`."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'understory.db').resolve()}"

    def resolved_keys_dir(self) -> Path:
        """The folder of the key files."""
        return Path(self.keys_dir) if self.keys_dir else self.data_dir / "keys"
