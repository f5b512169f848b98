"""Whether background work is being done, as far as this web process can tell."""

from __future__ import annotations

from datetime import datetime, timedelta

HEARTBEAT_FRESH = timedelta(seconds=15)


class WorkerWatch:
    """Remembers whether a worker was heard from since this process started."""

    def __init__(self) -> None:
        self.heard = False

    def is_alive(self, last: datetime | None, *, now: datetime) -> bool:
        """Say whether a worker was heard from lately."""
        alive = last is not None and now - last <= HEARTBEAT_FRESH
        self.heard = self.heard or alive
        return alive
