"""Keyed hashes and encryption of personal numbers: pure, given a workspace's secret.

A phone number has so few possible values that a plain hash of it is no secret; with a key it is, as long as the key
lies elsewhere than the database.
"""

import hashlib
import hmac
import os
import re
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import InvalidInput

SECRET_BYTES = 32
_HEX = 40
"""Hex digits kept of a keyed hash: 160 bits."""
_NONCE: Final = 12
_SEALED = re.compile(rf"[0-9a-f]{{{_HEX}}}")


def is_sealed(value: str) -> bool:
    """Whether a value has the form that `Sealer.hide` gives; no phone or ID number has it."""
    return _SEALED.fullmatch(value) is not None


class Sealer:
    """Hides and seals with the secret of one workspace."""

    def __init__(self, workspace_id: str, secret: bytes) -> None:
        """Two keys are derived from the secret, one for each use."""
        self.workspace_id = workspace_id
        self._hash_key = hmac.digest(secret, b"understory identifier", "sha256")
        self._aead = AESGCM(hmac.digest(secret, b"understory vault", "sha256"))

    def hide(self, kind: str, value: str) -> str:
        """HMAC-SHA256 of a normalised identifier; the same in every event of this workspace, in no other."""
        digest = hmac.new(self._hash_key, f"{kind}:{value}".encode(errors="surrogatepass"), hashlib.sha256)
        return digest.hexdigest()[:_HEX]

    def seal(self, text: str) -> bytes:
        """Encrypt and authenticate; twice the same text gives two different answers."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, text.encode(errors="surrogatepass"), self.workspace_id.encode())

    def open(self, sealed: bytes) -> str:
        """What was sealed; InvalidInput when the workspace's key is another, or the bytes were changed."""
        try:
            plain = self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], self.workspace_id.encode())
        except InvalidTag:
            raise InvalidInput(
                f"the key of workspace {self.workspace_id!r} does not open what was sealed: restore the key file "
                "that belongs to this database"
            ) from None
        return plain.decode(errors="surrogatepass")
