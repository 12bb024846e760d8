"""Typed settings, read by `bootstrap`, `cli` and `serve.py` only. Every field can be set as UNDERSTORY_<NAME>."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, HttpUrl, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

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
    """Seconds that one story or strategy may wait for the model before the composer answers."""
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
