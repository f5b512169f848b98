"""Keys and ciphers: every key is derived from the master key by purpose, every ciphertext is bound to its place.

AES-256-GCM with a random 96-bit nonce; the associated data names table and row, so that a ciphertext moved
elsewhere does not open. HMAC-SHA256 for identities and blind indexes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES = 12
FIRST_KEY = b"\x01"  # leads every ciphertext: the number of the key it was made with


class Keyring:
    """The keys of one installation."""

    def __init__(self, master_key: bytes) -> None:
        self._master = master_key
        self._cipher = AESGCM(self.derive("field-encryption"))
        self._identity = self.derive("identity")

    def derive(self, purpose: str) -> bytes:
        """Return the 32-byte key for one purpose."""
        return HKDF(SHA256(), 32, salt=None, info=f"creditshare/{purpose}".encode()).derive(self._master)

    def encrypt(self, plain: bytes, *, place: str) -> bytes:
        """Encrypt; `place` (e.g. `submission_chunks/<id>/0`) must be named again to decrypt."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return FIRST_KEY + nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def decrypt(self, sealed: bytes, *, place: str) -> bytes:
        """Decrypt; raises cryptography's InvalidTag if the bytes were altered or moved."""
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        return self._cipher.decrypt(nonce, body, place.encode())

    def digest(self, content: bytes) -> bytes:
        """Return 16 bytes that stand for the content in this installation, and say nothing about it elsewhere."""
        return hmac.digest(self._identity, content, hashlib.sha256)[:16]

    def identity(self, content: bytes) -> UUID:
        """Return the identifier that stands for the content in this installation."""
        return UUID(bytes=self.digest(content))
