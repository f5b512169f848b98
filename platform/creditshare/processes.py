"""The processes of an installation: web, worker, beat and relay, as command lines for the supervisor."""

from __future__ import annotations

import base64
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from creditshare.embedded import Child
from creditshare.embedded.ports import is_free
from creditshare.errors import Conflict
from creditshare.settings import Settings

# Work is spread over processes; threads of Polars beside would cost a fifth of the time of small sets of firms.
ONE_THREAD = {"POLARS_MAX_THREADS": "1"}


class PortTaken(Conflict):
    """Something else already listens where the web server shall."""

    code = "port-taken"


def children(settings: Settings, environ: Mapping[str, str]) -> tuple[Child, ...]:
    """List them in the order of their start: relay, beat, worker, web; they stop the other way round.

    `environ` is what the command itself was given; the settings go on top, so that all run with the same.
    """
    root = settings.config_dir.parent
    programs = Path(sys.prefix) / "bin"
    run = settings.data_dir / "run"
    run.mkdir(parents=True, exist_ok=True)
    env = _environment(settings, environ, root)
    celery = (str(programs / "celery"), "--quiet", "--app", "workers.app")
    level = settings.log_level.lower()
    return (
        Child(name="relay", argv=(sys.executable, "-m", "workers.relay"), env=env, cwd=root),
        Child(
            name="beat",
            argv=(
                *(*celery, "beat", "--loglevel", level),
                *("--schedule", str(run / "beat-schedule"), "--pidfile", ""),
            ),
            env=env,
            cwd=root,
            stop_within=5.0,
        ),
        Child(
            name="worker",
            argv=(
                *(*celery, "worker", "--loglevel", level),
                *("--concurrency", str(settings.worker_processes), "--without-gossip", "--without-mingle"),
            ),
            env=env,
            cwd=root,
            stop_within=30.0,  # ends the chunk at hand; a longer one is taken up again by the next worker
        ),
        Child(
            name="web",
            argv=(
                *(str(programs / "granian"), "--interface", "wsgi", "--no-ws", "--no-access-log"),
                *("--host", settings.host, "--port", str(settings.port), "--log-level", level),
                *("--workers", str(settings.web_processes), "--blocking-threads", str(settings.web_threads)),
                *("--workers-kill-timeout", "8", "wsgi:app"),
            ),
            env=env,
            cwd=root,
            stop_signal=signal.SIGTERM,
            stop_within=12.0,
        ),
    )


def check_port(settings: Settings) -> None:
    """Refuse to start where another program holds the port: its answers would be taken for ours."""
    if not is_free(settings.port, host=settings.host):
        raise PortTaken(f"port {settings.port} on {settings.host} is in use: end that program or set PORT")


def _environment(settings: Settings, environ: Mapping[str, str], root: Path) -> dict[str, str]:
    given = {
        "CREDITSHARE_ENV": settings.environment,
        "CREDITSHARE_DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "MASTER_KEY": base64.b64encode(settings.master_key).decode("ascii"),
        "ISSUER": settings.issuer,
        "HOST": settings.host,
        "PORT": str(settings.port),
        "WEB_PROCESSES": str(settings.web_processes),
        "WEB_THREADS": str(settings.web_threads),
        "WORKER_PROCESSES": str(settings.worker_processes),
        "LEASE_SECONDS": str(settings.lease_seconds),
        "LOAD_BATCH_ROWS": str(settings.load_batch_rows),
        "LOG_LEVEL": settings.log_level,
        "REQUESTS_PER_MINUTE": str(settings.requests_per_minute),
        "WEBHOOK_ALLOW_NETWORKS": ",".join(settings.webhook_allow_networks),
        "PYTHONPATH": f"{root / 'platform'}:{root}",
        "PYTHONUNBUFFERED": "1",
    }
    return {**ONE_THREAD, **environ, **given}
