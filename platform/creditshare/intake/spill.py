"""Validated rows waiting for publication: on disk, encrypted with a key that dies with the process.

Rows are validated once, but none is published before all were seen (conflicting rows are found over the whole
submission). A file may have millions; memory holds one batch.
"""

from __future__ import annotations

import pickle
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LENGTH_BYTES = 8
NONCE_BYTES = 12


class Spill:
    """A sequence of batches in an unnamed temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="creditshare-")  # noqa: SIM115 - closed by __exit__
        self._cipher = AESGCM(AESGCM.generate_key(256))

    def __enter__(self) -> Spill:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, batch: Sequence[Any]) -> None:
        """Write one batch behind the others."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, pickle.dumps(batch, pickle.HIGHEST_PROTOCOL), None)
        self._file.write(len(sealed).to_bytes(LENGTH_BYTES, "big"))
        self._file.write(sealed)

    def batches(self) -> Iterator[Any]:
        """Read the batches back in order."""
        self._file.seek(0)
        while length := self._file.read(LENGTH_BYTES):
            sealed = self._file.read(int.from_bytes(length, "big"))
            plain = self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
            yield pickle.loads(plain)  # noqa: S301 - written and authenticated by this object
