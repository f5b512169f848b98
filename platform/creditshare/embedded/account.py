"""Which account the servers run as. PostgreSQL refuses root; an ordinary user's servers run as that user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from creditshare.embedded.errors import EmbeddedFailed
from creditshare.embedded.notice import notice

OWN_NAME = "creditshare"


@dataclass(frozen=True, slots=True)
class Account:
    """An account that a server is started as."""

    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Try to enter the folder as this account; an attempt also honours what mode bits don't show."""
        return self.can_run("/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder))

    def can_run(self, *argv: str) -> bool:
        """Try a harmless command as this account."""
        try:
            tried = subprocess.run(  # noqa: S603 - commands of this package, no shell text from outside
                argv,
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                cwd="/",
                env={"LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except OSError:
            return False
        return tried.returncode == 0

    def own(self, path: Path) -> None:
        """Give one file or folder to this account."""
        os.chown(path, self.uid, self.gid, follow_symlinks=False)


def choose_account(held: Path) -> Account | None:
    """Choose who runs the servers whose database lies in `held`; None means the current user.

    For root: the owner of an existing database, else the account `creditshare` or `postgres`, else a new
    `creditshare`, and `nobody` where accounts cannot be made.
    """
    owner = held.stat().st_uid if held.exists() else None
    if os.geteuid() != 0:
        if owner not in {None, os.geteuid()}:
            raise EmbeddedFailed(
                f"{held} belongs to another account (uid {owner}): start as that account, "
                "or set CREDITSHARE_DATA_DIR to a folder of your own"
            )
        return None
    if owner:
        return _by_uid(owner)
    return _by_name(OWN_NAME) or _by_name("postgres") or _make() or _nobody()


def _by_uid(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedFailed(
            f"the embedded database belongs to uid {uid}, which has no account here"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _by_name(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid) if entry.pw_uid else None


def _make() -> Account | None:
    program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if program is None:
        return None
    options = ("--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent")
    made = subprocess.run(  # noqa: S603 - fixed words only
        [program, *options, "--shell", "/usr/sbin/nologin", OWN_NAME], capture_output=True, check=False
    )
    account = _by_name(OWN_NAME)
    if account is not None and made.returncode == 0:
        notice(f"made the system account {OWN_NAME}: PostgreSQL does not run as root")
    return account


def _nobody() -> Account:
    account = _by_name("nobody")
    if account is None:
        raise EmbeddedFailed(
            f"PostgreSQL does not run as root and the account {OWN_NAME} cannot be made: "
            "start as an ordinary user, or set DATABASE_URL and REDIS_URL"
        )
    return account
