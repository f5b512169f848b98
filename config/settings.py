"""Reads the environment and the `.env` beside `wsgi.py`: the only module that does."""

from __future__ import annotations

import base64
import binascii
import contextlib
import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from creditshare.errors import Fault, SettingsInvalid
from creditshare.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
KEY_BYTES = 32


@dataclass(slots=True)
class _Reader:
    """Takes values out of an environment and remembers every problem on the way."""

    environ: Mapping[str, str]
    faults: list[Fault] = field(default_factory=list)

    def text(self, name: str, default: str = "") -> str:
        return self.environ.get(name, "").strip() or default

    def wrong(self, name: str, detail: str) -> None:
        self.faults.append(Fault(name, "setting-invalid", f"{name}: {detail}"))

    def number(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name, str(default))
        if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
            self.wrong(name, f"must be a whole number from {low} to {high}, is {value!r}")
            return default
        return int(value)


def read_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Merge the `.env` beside `wsgi.py` under the environment; the environment wins.

    With CREDITSHARE_IGNORE_DOTENV=1 the file is left alone (the demonstration and the tests set it).
    """
    merged: dict[str, str] = {}
    given = os.environ if environ is None else environ
    dotenv = ROOT / ".env"
    if dotenv.is_file() and given.get("CREDITSHARE_IGNORE_DOTENV") != "1":
        for line in dotenv.read_text(encoding="utf-8").splitlines():
            name, equals, value = line.partition("=")
            if equals and not name.lstrip().startswith("#"):
                merged[name.strip()] = value.strip().strip("\"'")
    merged.update(given)
    return merged


def data_dir(environ: Mapping[str, str]) -> Path:
    """Say where this installation keeps its embedded servers, its generated key and its outputs."""
    return Path(environ.get("CREDITSHARE_DATA_DIR", "").strip() or ROOT / "var").resolve()


def load_settings(environ: Mapping[str, str], *, embedded_urls: tuple[str, str] | None = None) -> Settings:
    """Make the settings; `embedded_urls` (database, redis) are those of servers the caller has started.

    Raises SettingsInvalid naming all that is wrong or missing at once.
    """
    read = _Reader(environ)
    environment = _environment(read)
    database_url, redis_url = read.text("DATABASE_URL"), read.text("REDIS_URL")
    embedded = embedded_urls is not None
    if embedded_urls is not None:
        database_url, redis_url = database_url or embedded_urls[0], redis_url or embedded_urls[1]
    _check_servers(read, environment, database_url, redis_url)
    folder = data_dir(environ)
    networks = tuple(part.strip() for part in read.text("WEBHOOK_ALLOW_NETWORKS").split(",") if part.strip())
    _check_networks(read, environment, networks)
    host, port = read.text("HOST", "127.0.0.1"), read.number("PORT", 8080, 1, 65535)
    settings = Settings(
        environment=environment,
        database_url=database_url,
        redis_url=redis_url,
        embedded=embedded,
        data_dir=folder,
        config_dir=ROOT / "config",
        master_key=_master_key(read, environment, folder),
        issuer=read.text("ISSUER", f"http://{host}:{port}").rstrip("/"),
        host=host,
        port=port,
        web_processes=read.number("WEB_PROCESSES", 1, 1, 64),
        web_threads=read.number("WEB_THREADS", 8, 1, 256),
        worker_processes=read.number("WORKER_PROCESSES", 2, 1, 64),
        lease_seconds=read.number("LEASE_SECONDS", 60, 1, 60),
        load_batch_rows=read.number("LOAD_BATCH_ROWS", 20_000, 1, 1_000_000),
        log_level=_log_level(read),
        requests_per_minute=read.number("REQUESTS_PER_MINUTE", 6000, 1, 10_000_000),
        webhook_allow_networks=networks,
    )
    if read.faults:
        raise SettingsInvalid("; ".join(fault.detail for fault in read.faults), faults=read.faults)
    return settings


def _environment(read: _Reader) -> Literal["production", "development"]:
    value = read.text("CREDITSHARE_ENV", "development")
    if value == "production":
        return "production"
    if value != "development":
        read.wrong("CREDITSHARE_ENV", f"must be production or development, is {value!r}")
    return "development"


def _log_level(read: _Reader) -> str:
    level = read.text("LOG_LEVEL", "INFO").upper()
    if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        read.wrong("LOG_LEVEL", f"must be DEBUG, INFO, WARNING or ERROR, is {level!r}")
    return level


def _check_servers(read: _Reader, environment: str, database_url: str, redis_url: str) -> None:
    if environment == "production":
        if not read.text("DATABASE_URL"):
            read.wrong("DATABASE_URL", "must be set in production: embedded servers are refused there")
        if not read.text("REDIS_URL"):
            read.wrong("REDIS_URL", "must be set in production: embedded servers are refused there")
    else:
        for name, url in (("DATABASE_URL", database_url), ("REDIS_URL", redis_url)):
            if not url:
                read.wrong(
                    name, "must be set: only `creditshare serve` and the other verbs run embedded servers"
                )
    if database_url and not database_url.startswith("postgresql://"):
        read.wrong("DATABASE_URL", "must start with postgresql://")
    if redis_url and not redis_url.startswith(("redis://", "rediss://", "unix://")):
        read.wrong("REDIS_URL", "must start with redis://, rediss:// or unix://")


def _check_networks(read: _Reader, environment: str, networks: tuple[str, ...]) -> None:
    if networks and environment == "production":
        read.wrong("WEBHOOK_ALLOW_NETWORKS", "is refused in production")
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            read.wrong("WEBHOOK_ALLOW_NETWORKS", f"{network!r} is not a network such as 127.0.0.0/8")


def _master_key(read: _Reader, environment: str, folder: Path) -> bytes:
    """Take the key from the environment, else (development only) from a 0600 file made at first start."""
    given = read.text("MASTER_KEY")
    if given:
        return _decode_key(read, given)
    if environment == "production":
        read.wrong("MASTER_KEY", "must be set in production (32 random bytes in base64)")
        return bytes(KEY_BYTES)
    path = folder / "master.key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # whoever is first wins; all read the same key afterwards
        draft.unlink()
    return _decode_key(read, path.read_text(encoding="ascii").strip())


def _decode_key(read: _Reader, text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        read.wrong("MASTER_KEY", "must be 32 bytes in base64")
        return bytes(KEY_BYTES)
    return key
