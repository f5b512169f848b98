"""Short lines for the person at the terminal."""

from __future__ import annotations

import sys


def notice(text: str) -> None:
    """Write one line to stderr; nobody reading it is no reason to fail."""
    try:
        sys.stderr.write(f"creditshare: {text}\n")
        sys.stderr.flush()
    except OSError:
        return
