"""PostgreSQL and Valkey from installed wheels, run for a laptop, a demonstration or a test; refused in production.

`start` runs both for this process, `running` finds those of another, `servers` does whichever fits. A supervisor
that wants to restart one by itself takes an `Instance`.
"""

from creditshare.embedded.child import Child
from creditshare.embedded.errors import EmbeddedFailed, EmbeddedInUse
from creditshare.embedded.guard import Guard
from creditshare.embedded.home import discard
from creditshare.embedded.instance import Addresses, Instance, running
from creditshare.embedded.servers import Servers, start
from creditshare.embedded.sharing import servers

__all__ = [
    "Addresses",
    "Child",
    "EmbeddedFailed",
    "EmbeddedInUse",
    "Guard",
    "Instance",
    "Servers",
    "discard",
    "running",
    "servers",
    "start",
]
