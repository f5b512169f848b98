"""The embedded servers of one data folder, prepared: owner, accounts, passwords, ports, command lines."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from creditshare.embedded.binaries import find_binaries
from creditshare.embedded.child import Child
from creditshare.embedded.errors import EmbeddedFailed
from creditshare.embedded.guard import Guard
from creditshare.embedded.home import Home, control_folder
from creditshare.embedded.identity import Identity
from creditshare.embedded.lock import PATIENCE, Lock
from creditshare.embedded.ports import choose_port
from creditshare.embedded.postgres import Postgres
from creditshare.embedded.valkey import Valkey


@dataclass(frozen=True, slots=True)
class Addresses:
    """How the two servers are reached; the URLs hold passwords."""

    database_url: str
    redis_url: str


class Instance:
    """The two servers of a data folder, made ready to be run by this process, and by nobody else meanwhile.

    Whoever starts `children` does so through `guard`, calls `announce` once they answer and `close` after their end.
    """

    def __init__(self, data_dir: Path, *, postgres: Path | None = None, wait: float = PATIENCE) -> None:
        self.data_dir = data_dir.resolve()
        control = control_folder(self.data_dir)
        self._lock = Lock(control / "lock", wait=wait)
        try:
            self._state = control / "servers.json"
            self.guard = Guard(control / "processes.json", holds=[self._lock.descriptor])
            try:
                self._prepare(postgres)
            except BaseException:
                self.guard.close()
                raise
        except BaseException:
            self._lock.release()
            raise

    def _prepare(self, postgres: Path | None) -> None:
        self._forget_earlier_run()
        self.home = Home.open(self.data_dir)
        binaries = find_binaries(self.home.account, postgres=postgres)
        self._postgres = Postgres(self.home, binaries)
        self._valkey = Valkey(self.home, binaries)
        self._postgres.create(self.guard)
        self.sockets = self.home.make_socket_folder()
        self.guard.sweep(self.sockets)
        self.guard.sweep(self._state)
        self._remember(announced=False)
        self.move()

    def move(self) -> None:
        """Choose ports: those of the last time where they are still free."""
        ports = self.home.control / "ports.json"
        try:
            last = json.loads(ports.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            last = [None, None]
        first = choose_port(preferred=last[0])
        self.ports = (first, choose_port(preferred=last[1], avoid=[first]))
        ports.write_text(json.dumps(self.ports), encoding="ascii")
        self.addresses = Addresses(
            self._postgres.url(self.sockets, self.ports[0]), self._valkey.url(self.ports[1])
        )
        self.children: tuple[Child, Child] = (
            self._postgres.child(self.sockets, self.ports[0]),
            self._valkey.child(self.ports[1]),
        )

    def announce(self) -> None:
        """Let other commands of this data folder find and use the servers."""
        self._remember(announced=True)

    def close(self) -> None:
        """Leave nothing behind; processes still running are ended."""
        self._state.unlink(missing_ok=True)
        self.guard.close()
        shutil.rmtree(self.sockets, ignore_errors=True)
        self._lock.release()

    def _remember(self, *, announced: bool) -> None:
        state = {
            "owner": Identity.own().dump(),
            "sockets": str(self.sockets),
            "announced": announced,
            "database_url": self.addresses.database_url if announced else "",
            "redis_url": self.addresses.redis_url if announced else "",
        }
        draft = self._state.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(state, file)
        draft.replace(self._state)

    def _forget_earlier_run(self) -> None:
        """Remove the socket folder of a run whose owner and watchdog were both killed."""
        with suppress(FileNotFoundError, ValueError, KeyError):
            earlier = Path(json.loads(self._state.read_text(encoding="utf-8"))["sockets"])
            if earlier.name.startswith("creditshare-"):
                shutil.rmtree(earlier, ignore_errors=True)
        self._state.unlink(missing_ok=True)


def running(data_dir: Path) -> Addresses | None:
    """Return the addresses of the servers that another process runs for this data folder, if one does."""
    try:
        state = json.loads((data_dir / "embedded" / "servers.json").read_text(encoding="utf-8"))
        owner = Identity.load(state["owner"])
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError):
        return None
    except PermissionError:
        raise EmbeddedFailed(f"the servers of {data_dir} run for another account: use that account") from None
    return (
        Addresses(state["database_url"], state["redis_url"])
        if state["announced"] and owner.is_alive()
        else None
    )
