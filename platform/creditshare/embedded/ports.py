"""Free ports on the loopback address."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Collection

from creditshare.embedded.errors import EmbeddedFailed

LOOPBACK = "127.0.0.1"
LOWEST, HIGHEST = 20_000, 32_000  # below the range that outgoing connections take theirs from


def is_free(port: int, *, host: str = LOOPBACK) -> bool:
    """Say whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed connection's rest is no server
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_port(*, preferred: int | None = None, avoid: Collection[int] = ()) -> int:
    """Choose a free port: the preferred one if it still is free."""
    if preferred is not None and preferred not in avoid and is_free(preferred):
        return preferred
    for _ in range(200):
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        if port not in avoid and is_free(port):
            return port
    raise EmbeddedFailed(f"no free port between {LOWEST} and {HIGHEST} on {LOOPBACK}")
