"""What a read of a firm can run into.

* NotFound
  - FirmNotFound
  - ScoreNotFound
* Refused
  - ReadRefused
"""

from __future__ import annotations

from creditshare.errors import NotFound, Refused


class FirmNotFound(NotFound):
    """No such firm, or for a firm's client not its own."""

    code = "firm-not-found"


class ScoreNotFound(NotFound):
    """No such score, or for a firm's client not one of its own."""

    code = "score-not-found"


class ReadRefused(Refused):
    """No consent covers the read; raised once its log entry is committed. The code is the reason's."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
