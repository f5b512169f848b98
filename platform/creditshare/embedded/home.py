"""Where the embedded servers of one data folder keep their things."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from creditshare.embedded.account import Account, choose_account
from creditshare.embedded.binaries import PUBLIC
from creditshare.embedded.errors import EmbeddedFailed
from creditshare.embedded.notice import notice

LONGEST_SOCKET_FOLDER = 80  # a socket's whole path must stay under 108 bytes


@dataclass(frozen=True, slots=True)
class Secrets:
    """The passwords of the servers, and the name that ties a database placed elsewhere to its data folder."""

    id: str
    database: str
    superuser: str
    redis: str

    @classmethod
    def keep(cls, path: Path) -> tuple[Secrets, bool]:
        """Read them from their 0600 file, made at first start; also say whether they are new."""
        try:
            return cls(**json.loads(path.read_text(encoding="ascii"))), False
        except FileNotFoundError:
            made = cls(*(secrets.token_hex(24) for _ in range(4)))
        draft = path.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(made), file)
        draft.replace(path)
        return made, True


@dataclass(frozen=True, slots=True)
class Home:
    """`control` holds lock, ledger, passwords and logs; `base` the servers' data, reachable by their account."""

    control: Path
    base: Path
    account: Account | None
    secrets: Secrets
    secrets_are_new: bool

    @classmethod
    def open(cls, data_dir: Path) -> Home:
        """Make or find the folders. The caller holds the lock."""
        control = control_folder(data_dir)
        kept, new = Secrets.keep(control / "secrets.json")
        away = _away(data_dir)
        if _origin(away) == kept.id:
            return cls(control, _tell(away, data_dir), choose_account(away / "postgres"), kept, new)
        account = choose_account(control / "postgres")
        if account is None:
            return cls(control, control, None, kept, new)
        control.chmod(0o711)
        if account.can_enter(control):
            return cls(control, control, account, kept, new)
        if (control / "postgres").exists():
            raise EmbeddedFailed(
                f"the account {account.name} owns the database in {control} but can no longer reach it: "
                "move the data folder, or open its parent folders to that account"
            )
        _settle(away, kept.id)
        return cls(control, _tell(away, data_dir), account, kept, new)

    def make_private(self, folder: Path) -> Path:
        """Make a folder that only the servers' account can enter."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.account is not None:
            self.account.own(folder)
        return folder

    def make_file(self, path: Path, text: str) -> Path:
        """Write a file for the servers' account alone; never through a link that it may have left there."""
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            if self.account is not None:
                os.fchown(file.fileno(), self.account.uid, self.account.gid)
        return path

    def make_socket_folder(self) -> Path:
        """Make a short private folder for sockets; paths of sockets have little room."""
        user = os.geteuid()
        for parent in ("/run", "/tmp") if user == 0 else (f"/run/user/{user}", "/tmp", tempfile.gettempdir()):  # noqa: S108
            if len(os.fsencode(parent)) > LONGEST_SOCKET_FOLDER or not os.access(parent, os.W_OK | os.X_OK):
                continue
            folder = Path(tempfile.mkdtemp(prefix="creditshare-", dir=parent))
            if self.account is None:
                return folder
            self.account.own(folder)
            if self.account.can_enter(folder):
                return folder
            folder.rmdir()
        raise EmbeddedFailed("no short folder for sockets: /run and /tmp are not writable")


def control_folder(data_dir: Path) -> Path:
    """Make the folder of lock, ledger, passwords and logs inside the data folder."""
    control = data_dir / "embedded"
    try:
        control.mkdir(mode=0o700, parents=True, exist_ok=True)
        writable = os.access(control, os.W_OK | os.X_OK)
    except OSError as error:
        raise EmbeddedFailed(f"cannot use the data folder {data_dir}: {error.strerror}") from error
    if not writable:
        raise EmbeddedFailed(f"cannot write to the data folder {data_dir}")
    return control


def discard(data_dir: Path) -> None:
    """Remove the databases of a data folder, wherever they are kept. Nothing may run on them."""
    away, control = _away(data_dir), data_dir / "embedded"
    for folder in (away, away.with_suffix(".previous"), control):
        shutil.rmtree(folder, ignore_errors=True)


def _away(data_dir: Path) -> Path:
    return PUBLIC / hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]


def _origin(folder: Path) -> str | None:
    try:
        return (folder / "origin").read_text(encoding="ascii")
    except OSError:
        return None


def _tell(away: Path, data_dir: Path) -> Path:
    notice(f"the servers' account cannot reach {data_dir}: its databases are kept in {away}")
    return away


def _settle(folder: Path, origin: str) -> None:
    """Make the folder; one of an earlier data folder at the same path is set aside, once."""
    if folder.exists():
        previous = folder.with_suffix(".previous")
        shutil.rmtree(previous, ignore_errors=True)
        folder.rename(previous)
        notice(f"{folder} was of a data folder that is gone: kept as {previous}")
    folder.mkdir(parents=True)
    for path in (PUBLIC, folder):
        path.chmod(0o755)
    (folder / "origin").write_text(origin, encoding="ascii")
