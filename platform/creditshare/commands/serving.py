"""`creditshare serve` and `creditshare worker`: the platform's processes in the foreground."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from config import data_dir, load_settings, read_environment
from creditshare.core import migrations
from creditshare.embedded import Guard, Instance
from creditshare.processes import check_port, children
from creditshare.settings import Settings
from creditshare.supervisor import ReadyProbe, Step, Supervisor


@click.command(
    epilog="""\b
Examples:
  creditshare serve
  PORT=9000 WORKER_PROCESSES=4 creditshare serve
"""
)
@click.pass_context
def serve(context: click.Context) -> None:
    """Run everything until Ctrl-C: database and broker (unless named by the environment), relay, worker, web."""
    environ = read_environment()
    folder = data_dir(environ)
    if environ.get("CREDITSHARE_ENV") == "production" or (
        environ.get("DATABASE_URL") and environ.get("REDIS_URL")
    ):
        settings = load_settings(environ)
        check_port(settings)
        folder.mkdir(parents=True, exist_ok=True)
        guard = Guard(folder / "processes.json")
        try:
            context.exit(_supervise(settings, environ, guard, []))
        finally:
            guard.close()
    load_settings(
        environ, embedded_urls=("postgresql://", "redis://")
    )  # says what is wrong before servers start
    instance = Instance(folder)
    try:
        addresses = instance.addresses
        settings = load_settings(environ, embedded_urls=(addresses.database_url, addresses.redis_url))
        check_port(settings)
        before: list[Step] = [
            *instance.children,
            instance.announce,
            lambda: migrations.upgrade(settings.database_url),
        ]
        status = _supervise(settings, environ, instance.guard, before)
    finally:
        instance.close()
    context.exit(status)


def _supervise(settings: Settings, environ: dict[str, str], guard: Guard, before: list[Step]) -> int:
    return Supervisor(
        [*before, *children(settings, environ)], guard=guard, probe=ReadyProbe(settings.host, settings.port)
    ).run()


@click.command(
    epilog="""\b
Example (a further host; needs the same DATABASE_URL, REDIS_URL and MASTER_KEY as the others):
  WORKER_PROCESSES=8 creditshare worker
"""
)
def worker() -> None:
    """Run a worker only, for servers that run elsewhere."""
    settings = load_settings(read_environment())
    child = next(child for child in children(settings, dict(os.environ)) if child.name == "worker")
    sys.stdout.flush()
    os.chdir(Path(child.cwd or "."))
    os.execve(child.argv[0], list(child.argv), dict(child.env or os.environ))  # noqa: S606 - our own command line
