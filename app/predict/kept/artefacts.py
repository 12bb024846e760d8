"""Fitted models on disk: each an immutable folder of plain files that is whole and genuine, or refused in one line.

A folder holds the parts that it was given (`model.json`, `card.json`, ...) and `manifest.json`: format, versions, and
the SHA-256 of every part, sealed by one of its own. It is written beside its place and renamed into it, so nobody ever
sees half of one, and it is never written to again. All parts are JSON or text, so reading one runs nothing. No part
may hold a customer: then nothing in it has to be erased.
"""

import os
import re
import shutil
import tempfile
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import msgspec

from app.errors import Conflict, InvalidInput, NotFound
from app.predict.schemas import Basis

FORMAT = 1
"""Raised when a folder's layout changes; other formats are refused."""
MANIFEST = "manifest.json"
_CARD_ID = re.compile(r"card_[0-9a-f]{8,64}")
_PART = re.compile(r"[a-z][a-z0-9_.]{0,63}")


class Stamp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which model a folder holds."""

    model_card_id: str
    fingerprint: str
    """Of all that the fit read and how: the same inputs give the same one (`fingerprint.of_inputs`)."""
    model_version: int
    """Version of the estimator; another one would read the parts otherwise."""
    package_version: str
    """Version of this package that wrote it, for people."""
    fitted_until: datetime
    """Training used nothing after this moment."""
    saved_at: datetime
    horizon_days: int
    currency: str
    basis: Basis


class Artefact(NamedTuple):
    """A model as it lies in its folder."""

    stamp: Stamp
    parts: dict[str, bytes]
    """File name -> contents."""


class Listing(NamedTuple):
    """The models of a shelf, newest data first, and one line on each folder that is not whole."""

    stamps: tuple[Stamp, ...]
    broken: tuple[str, ...]


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    stamp: Stamp
    sha256: dict[str, str]
    """File name -> hash of its contents."""
    seal: str
    """Hash of all the above."""


class _Format(msgspec.Struct):
    """The one field that every format has; the others are not read before it fits."""

    format: int


def write(folder: Path, artefact: Artefact) -> None:
    """Make `folder` hold the artefact: all of it, or the folder is not there. Conflict when there is one already."""
    if any(not _PART.fullmatch(name) or name == MANIFEST for name in artefact.parts):
        raise InvalidInput(f"{folder}: parts are named in lower case, like model.json, and never {MANIFEST}")
    if folder.exists():
        raise Conflict(f"{folder} exists already; a fitted model is never changed, so name a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".new", dir=folder.parent))
    try:
        unfinished.chmod(0o755)
        for name, contents in {**artefact.parts, MANIFEST: _manifest(artefact)}.items():
            _put(unfinished / name, contents)
        _sync(unfinished)
        _rename(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    _sync(folder.parent)


def read(folder: Path, *, model_version: int) -> Artefact:
    """The artefact of a folder, every byte checked. InvalidInput says what is wrong with it; NotFound: no such folder.

    `model_version` is that of the estimator that will use it.
    """
    manifest = _verified(folder, model_version)
    there = {path.name for path in folder.iterdir()} - {MANIFEST}
    if there != set(manifest.sha256):
        odd = ", ".join(sorted(there ^ set(manifest.sha256)))
        raise InvalidInput(f"{folder.name}: damaged: missing or foreign files ({odd}); fit the model anew")
    parts = {name: (folder / name).read_bytes() for name in sorted(manifest.sha256)}
    for name, contents in parts.items():
        if sha256(contents).hexdigest() != manifest.sha256[name]:
            raise InvalidInput(f"{folder.name}: damaged: {name} is not what was written; fit the model anew")
    return Artefact(manifest.stamp, parts)


class Shelf:
    """The models of one workspace, one folder each, named by their card."""

    def __init__(self, root: Path, *, model_version: int) -> None:
        """`root` is made when the first model is saved."""
        self._root, self._version = root, model_version

    def folder(self, model_card_id: str) -> Path:
        """Where the model with this card lies, or would."""
        return self._root / _checked(model_card_id)

    def save(self, artefact: Artefact) -> Path:
        """Keep a model. One with this card id that is there and whole stays as it is; a damaged one is replaced."""
        folder = self.folder(artefact.stamp.model_card_id)
        if folder.exists():
            try:
                read(folder, model_version=self._version)
            except InvalidInput:
                _remove(folder)
            else:
                return folder
        write(folder, artefact)
        return folder

    def load(self, model_card_id: str) -> Artefact:
        """The model with this card; NotFound when there is none, InvalidInput when it is damaged."""
        folder = self.folder(model_card_id)
        if not folder.is_dir():
            raise NotFound(f"no model {model_card_id}; `understory fit list` names those there are")
        return read(folder, model_version=self._version)

    def listing(self) -> Listing:
        """What there is; parts are not read, so a damaged one shows when it is loaded."""
        stamps, broken = list[Stamp](), list[str]()
        folders = sorted(self._root.iterdir()) if self._root.is_dir() else []
        for folder in (f for f in folders if not f.name.startswith(".")):
            try:
                stamps.append(_verified(folder, self._version).stamp)
            except (InvalidInput, NotFound) as error:
                broken.append(str(error))
        return Listing(tuple(sorted(stamps, key=_age, reverse=True)), tuple(broken))

    def find(self, fingerprint: str) -> Artefact | None:
        """The model that these very inputs gave; None when there is none that is whole."""
        return self._first([stamp for stamp in self.listing().stamps if stamp.fingerprint == fingerprint])

    def latest(self, *, until: datetime, horizon_days: int, basis: str) -> Artefact | None:
        """The newest whole model of this kind that has seen nothing after `until`; None when there is none."""
        return self._first(
            [
                stamp
                for stamp in self.listing().stamps
                if stamp.fitted_until <= until and (stamp.horizon_days, stamp.basis) == (horizon_days, basis)
            ]
        )

    def prune(self, *, keep: int) -> tuple[str, ...]:
        """Remove all but the newest `keep` of each horizon and basis, and what a crash left; returns the card ids."""
        kept: dict[tuple[int, str], int] = {}
        gone = list[str]()
        for stamp in self.listing().stamps:
            kind = (stamp.horizon_days, stamp.basis)
            kept[kind] = kept.get(kind, 0) + 1
            if kept[kind] > keep:
                _remove(self.folder(stamp.model_card_id))
                gone.append(stamp.model_card_id)
        for left in self._root.glob(".*.old") if self._root.is_dir() else ():
            shutil.rmtree(left)
        return tuple(gone)

    def _first(self, stamps: list[Stamp]) -> Artefact | None:
        for stamp in stamps:
            try:
                return self.load(stamp.model_card_id)
            except (InvalidInput, NotFound):  # damaged, or pruned meanwhile: the next one, or a new fit, serves
                continue
        return None


def _age(stamp: Stamp) -> tuple[datetime, datetime, str]:
    return stamp.fitted_until, stamp.saved_at, stamp.model_card_id


def _checked(model_card_id: str) -> str:
    """The id itself, when it can name a folder."""
    if not _CARD_ID.fullmatch(model_card_id):
        raise NotFound(f"{model_card_id[:80]!r} is no model card id; they look like card_0123456789abcdef0123")
    return model_card_id


def _manifest(artefact: Artefact) -> bytes:
    hashes = {name: sha256(contents).hexdigest() for name, contents in sorted(artefact.parts.items())}
    return msgspec.json.encode(_sealed(_Manifest(FORMAT, artefact.stamp, hashes, "")))


def _sealed(manifest: _Manifest) -> _Manifest:
    bare = msgspec.structs.replace(manifest, seal="")
    return msgspec.structs.replace(manifest, seal=sha256(msgspec.json.encode(bare)).hexdigest())


def _verified(folder: Path, model_version: int) -> _Manifest:
    """The manifest, when it is of our format and version and as it was written."""
    if not folder.is_dir():
        raise NotFound(f"{folder}: no such folder; `understory fit --out FOLDER` makes one")
    path = folder / MANIFEST
    if not path.is_file():
        raise InvalidInput(f"{folder.name}: holds no model ({MANIFEST} is missing)")
    raw = path.read_bytes()
    try:
        found = msgspec.json.decode(raw, type=_Format).format
        if found != FORMAT:
            ours = f"this version reads format {FORMAT}, so fit the model anew"
            raise InvalidInput(f"{folder.name}: format {found}; {ours}")
        manifest = msgspec.json.decode(raw, type=_Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):  # a ValidationError is a DecodeError
        raise InvalidInput(f"{folder.name}: damaged: {MANIFEST} cannot be read; fit the model anew") from None
    if raw != msgspec.json.encode(_sealed(manifest)):
        raise InvalidInput(f"{folder.name}: damaged: {MANIFEST} is not what was written; fit the model anew")
    if manifest.stamp.model_version != model_version:
        raise InvalidInput(
            f"{folder.name}: fitted by version {manifest.stamp.model_version} of the estimator; this is version "
            f"{model_version}, so fit the model anew"
        )
    return manifest


def _put(path: Path, contents: bytes) -> None:
    with path.open("xb") as file:
        file.write(contents)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Make names durable, not only contents."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _rename(unfinished: Path, folder: Path) -> None:
    try:
        unfinished.rename(folder)
    except OSError:
        if folder.exists():  # somebody else was faster
            raise Conflict(f"{folder} exists already; a fitted model is never changed, so name a new folder") from None
        raise


def _remove(folder: Path) -> None:
    """Out of sight at once, then gone."""
    doomed = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".old", dir=folder.parent))
    folder.rename(doomed / folder.name)
    shutil.rmtree(doomed)
