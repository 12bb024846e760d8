"""One workspace's index on disk: whole and genuine, or not loaded at all.

    CURRENT                       the name of the version that counts
    <SHA-256 of manifest.json>/   one version, written once and never changed
        manifest.json             format, metric, embedder, dimension, rows, and the SHA-256 of the files beside it
        index.faiss               what faiss.write_index writes
        ids.txt                   what each row stands for: the SHA-256 of its text, in the order of the rows

CURRENT names the manifest by its hash and the manifest names the files by theirs, so no bit anywhere can change
unseen (FAISS alone reads damaged numbers without a word). A version is written beside its place, synced and renamed;
then CURRENT is replaced. Writers take turns by a lock on a file; readers need none. Nothing here is code to be run,
and no text of a campaign or customer: the store holds those, and an index that is gone is made from it again.
"""

import fcntl
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from app.database.sqlite import sync
from app.errors import InvalidInput
from app.retrieval.index import FaissIndex
from app.schema import Frozen

CURRENT, MANIFEST, INDEX, IDS = "CURRENT", "manifest.json", "index.faiss", "ids.txt"
LOCK, UNFINISHED = ".lock", ".new-"
_NAME = re.compile(r"[0-9a-f]{64}")

_log = logging.getLogger(__name__)


class Manifest(Frozen):
    """What a version holds. The same rows give the same bytes, whoever writes them and when."""

    format: Literal[1] = 1
    metric: Literal["inner_product"] = "inner_product"
    embedder: str
    """Fingerprint of what made the vectors."""
    dimension: int
    rows: int
    sha256: dict[str, str]
    """File name -> hash of its contents."""


@dataclass(frozen=True)
class KeptIndex:
    """An index as it was written, and what its rows stand for."""

    ids: tuple[str, ...]
    index: FaissIndex


class IndexFolder:
    """The versions of one index. Loading gives None instead of an error: whoever asks can make the index again."""

    def __init__(self, root: Path, *, embedder: str) -> None:
        """`root` is made by the first save; `embedder` is the fingerprint that the vectors must have."""
        self._root, self._embedder = root, embedder

    def load(self) -> KeptIndex | None:
        """The current version, every byte checked; None when there is none or it is not whole (then with a warning)."""
        name = self._current()
        while name:
            try:
                return self._read(name)
            except (OSError, InvalidInput) as fault:
                newer = self._current()
                if newer == name:  # else it was replaced and removed while we read it
                    _log.warning("index %s is not usable and will be made again: %s", self._root / name, fault)
                    return None
                name = newer
        return None

    def save(self, ids: Sequence[str], index: FaissIndex) -> None:
        """Make this the current version and remove all others. A disk that refuses is a warning, not an error."""
        try:
            with self._turn():
                name = self._write(ids, index)
                self._point_to(name)
                self._remove_all_but(name)
        except OSError as fault:
            _log.warning("index %s is not kept, the next start makes it again: %s", self._root, fault)

    def _current(self) -> str | None:
        try:
            said = (self._root / CURRENT).read_bytes().decode("ascii", errors="replace")
        except FileNotFoundError:
            return None
        except OSError as fault:
            _log.warning("%s cannot be read, the index will be made again: %s", self._root / CURRENT, fault)
            return None
        if not (_NAME.fullmatch(said[:-1]) and said.endswith("\n")):
            _log.warning("%s is damaged, the index will be made again", self._root / CURRENT)
            return None
        return said[:-1]

    def _read(self, name: str) -> KeptIndex:
        folder = self._root / name
        manifest = _manifest((folder / MANIFEST).read_bytes(), name)
        parts = {file: (folder / file).read_bytes() for file in (INDEX, IDS)}
        if _hashes(parts) != manifest.sha256:
            raise InvalidInput("its files are not those that were written")
        if manifest.embedder != self._embedder:
            raise InvalidInput(f"it was made by embedder {manifest.embedder}, not by {self._embedder}")
        kept = KeptIndex(tuple(parts[IDS].decode("ascii").split()), FaissIndex.from_bytes(parts[INDEX]))
        if (kept.index.vectors.shape, len(kept.ids)) != ((manifest.rows, manifest.dimension), manifest.rows):
            raise InvalidInput(f"it does not hold {manifest.rows} vectors of length {manifest.dimension}")
        return kept

    def _write(self, ids: Sequence[str], index: FaissIndex) -> str:
        rows, dimension = index.vectors.shape
        parts = {INDEX: index.to_bytes(), IDS: "".join(f"{row}\n" for row in ids).encode("ascii")}
        manifest = Manifest(embedder=self._embedder, dimension=dimension, rows=rows, sha256=_hashes(parts))
        parts[MANIFEST] = manifest.model_dump_json(indent=1).encode() + b"\n"
        name = sha256(parts[MANIFEST]).hexdigest()
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=self._root))
        try:
            for file, content in parts.items():
                _put(unfinished / file, content)
            sync(unfinished)
            if (self._root / name).exists():  # the same rows once more, or a version that was damaged
                shutil.rmtree(self._root / name)
            unfinished.rename(self._root / name)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return name

    def _point_to(self, name: str) -> None:
        draft = self._root / f"{UNFINISHED}{CURRENT}"
        draft.unlink(missing_ok=True)
        _put(draft, f"{name}\n".encode())
        draft.replace(self._root / CURRENT)
        sync(self._root)

    def _remove_all_but(self, name: str) -> None:
        """Older versions, and what a crash left. We hold the lock, so nobody else is writing."""
        for path in self._root.iterdir():
            if path.name != name and (_NAME.fullmatch(path.name) or path.name.startswith(UNFINISHED)):
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One writer at a time, of all processes on this machine."""
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _manifest(raw: bytes, name: str) -> Manifest:
    if sha256(raw).hexdigest() != name:
        raise InvalidInput(f"its {MANIFEST} is not what was written")
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError as error:
        raise InvalidInput(f"this version cannot read its {MANIFEST}: {error.errors()[0]['msg']}") from None


def _hashes(parts: Mapping[str, bytes]) -> dict[str, str]:
    return {name: sha256(content).hexdigest() for name, content in parts.items()}


def _put(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
