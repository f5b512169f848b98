"""What an installation can set, as one typed, frozen value. `config.load_settings` makes it from an environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; read once at start.

    `master_key` (32 bytes) is the root of every derived key: field encryption, record identity, token signing.
    `data_dir` holds the embedded servers, the generated master key and outputs.
    `database_url` / `redis_url` always name a server here: where the environment names none, the entry point
    has started the embedded ones and filled the URLs in (`embedded` is then true).
    `lease_seconds`: how long a worker's claim on a submission or a set of firms outlives its last sign of life.
    `load_batch_rows`: how many rows of a submission become visible together.
    """

    environment: Literal["production", "development"]
    database_url: str
    redis_url: str
    embedded: bool
    data_dir: Path
    config_dir: Path
    master_key: bytes
    issuer: str
    host: str = "127.0.0.1"
    port: int = 8080
    web_processes: int = 1
    web_threads: int = 8
    worker_processes: int = 2
    lease_seconds: int = 60
    load_batch_rows: int = 20_000
    log_level: str = "INFO"
    requests_per_minute: int = 6000
    webhook_allow_networks: tuple[str, ...] = ()
