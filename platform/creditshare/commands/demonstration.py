"""`creditshare demo`: the whole path once, through the real HTTP API and worker, on servers of its own."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import orjson
from sqlalchemy import text

from config import ROOT, data_dir, load_settings
from creditshare import embedded
from creditshare.commands.demo_api import Api, DemoFailed
from creditshare.core.clock import day_of, utcnow
from creditshare.core.database import make_engine, make_sessions
from creditshare.embedded.ports import choose_port
from creditshare.participants import services
from creditshare.participants.roles import Role
from creditshare.participants.services import ClientTerms
from creditshare.settings import Settings
from creditshare.simulation import Summary, simulate

FIRMS, SEED, MONTHS = 12, 2013, 36
START_SECONDS = 120
SETTLE_SECONDS = 120
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_RUNTIME_DIR")


@dataclass(frozen=True, slots=True)
class Stage:
    """The running platform of the demonstration."""

    base: str
    settings: Settings
    folder: Path


@click.command(
    epilog="""\b
Example:
  CREDITSHARE_DATA_DIR=/tmp/try creditshare demo
"""
)
def demo() -> None:
    """Start everything, push a small province as its providers, print one firm's report as a bank, stop."""
    folder = data_dir(os.environ) / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    _say(f"starting database, broker, web, worker, beat and relay in {folder}")
    with _platform(folder) as stage:
        _say(f"ready at {stage.base}")
        province = simulate(
            folder / "province", firms=FIRMS, seed=SEED, until=day_of(utcnow()), months=MONTHS
        )
        _push_all(stage, province)
        _settle(stage)
        report = _read_as_bank(stage, _subject(folder / "province"))
    path = folder / "report.json"
    path.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    _print_report(report)
    _say(f"the whole report: {path}")


def _say(line: str) -> None:
    click.echo(click.style("· ", fg="green") + line)


@contextmanager
def _platform(folder: Path) -> Iterator[Stage]:
    """Run `creditshare serve` on a free port and a data folder of its own, and stop it at the end."""
    port = choose_port()
    environ = {name: os.environ[name] for name in KEPT if name in os.environ} | {
        "CREDITSHARE_DATA_DIR": str(folder),
        "CREDITSHARE_IGNORE_DOTENV": "1",
        "PORT": str(port),
        "REQUESTS_PER_MINUTE": "1000000",
        "WORKER_PROCESSES": "1",
    }
    command = [str(Path(sys.prefix) / "bin" / "creditshare"), "serve"]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=log)  # noqa: S603
        try:
            _await_ready(process, log.name)
            threading.Thread(target=_drain, args=(process, folder), daemon=True).start()
            addresses = embedded.running(folder)
            if addresses is None:
                raise DemoFailed("the embedded servers are not there")
            settings = load_settings(environ, embedded_urls=(addresses.database_url, addresses.redis_url))
            yield Stage(f"http://127.0.0.1:{port}", settings, folder)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _await_ready(process: subprocess.Popen[bytes], log: str) -> None:
    assert process.stdout is not None
    killer = threading.Timer(START_SECONDS, process.terminate)
    killer.start()
    lines = []
    try:
        for line in process.stdout:
            lines.append(line.decode(errors="replace").rstrip())
            if line.startswith(b"ready "):
                return
    finally:
        killer.cancel()
    raise DemoFailed("\n  ".join(["the platform did not start; its last lines:", *lines[-20:], f"see {log}"]))


def _drain(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Keep reading what the platform says, so that it never waits for us."""
    assert process.stdout is not None
    with (folder / "platform.log").open("wb") as log:
        for line in process.stdout:
            log.write(line)


def _client(stage: Stage, terms: ClientTerms) -> Api:
    engine = make_engine(stage.settings.database_url, pool_size=1)
    with make_sessions(engine).begin() as session:
        made = services.create_client(session, terms=terms, now=utcnow())
        assert made.secret is not None
        api = Api(stage.base, made.client.client_id, made.secret)
    engine.dispose()
    return api


def _push_all(stage: Stage, province: Summary) -> None:
    """Push every file of the province as its provider."""
    moment = (
        f"{day_of(utcnow()).isoformat()}T00:00:00+08:00"  # so a second run of the day repeats, adding nothing
    )
    total: Counter[str] = Counter()
    kinds: dict[str, set[str]] = {}
    for file in province.files:
        kinds.setdefault(file.provider, set()).add(file.kind)
    for provider, written in kinds.items():
        terms = ClientTerms(role=Role.PROVIDER, name=provider, code=provider, kinds=tuple(sorted(written)))
        api = _client(stage, terms)
        counts: Counter[str] = Counter()
        for file in (f for f in province.files if f.provider == provider):
            body = (stage.folder / "province" / file.path).read_bytes()
            media_type = f"text/csv; charset={file.encoding}"
            answer = api.push(f"/v1/records/{file.kind}", body, media_type, revised_at=moment, wait="30")
            while answer["state"] in {"queued", "running"}:
                time.sleep(0.2)
                answer = api.get(answer["links"]["self"])
            if answer["state"] != "succeeded":
                raise DemoFailed(f"{file.path}: {answer['state']} {answer.get('problem')}")
            counts.update(answer["counts"])
        total.update(counts)
        told = [f"{n} {name}" for name, n in counts.items() if n] or ["nothing to report"]
        _say(f"{provider}: {', '.join(told)}")
    rows = sum(file.rows for file in province.files)
    if total["received"] != rows:
        raise DemoFailed(f"{rows} rows were pushed, {total['received']} are accounted for")
    _say(f"in all {rows} rows, every one accounted for")


def _settle(stage: Stage) -> None:
    """Wait until the worker has refreshed every firm."""
    engine = make_engine(stage.settings.database_url, pool_size=1)
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            if not connection.execute(text("SELECT count(*) FROM refresh_queue")).scalar():
                engine.dispose()
                return
        time.sleep(0.2)
    raise DemoFailed("the worker did not refresh all firms in time")


def _subject(province: Path) -> str:
    """Choose the firm to report on: the enterprise of which the providers know most."""
    rows: Counter[str] = Counter()
    seen: dict[str, set[str]] = {}
    for path in sorted(province.glob("*/*.csv")):
        if path.parent.name == "truth":
            continue
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            for row in csv.DictReader(file):
                code = row.get("uscc") or ""
                if code.startswith("91"):
                    rows[code] += 1
                    seen.setdefault(code, set()).add(path.parent.name)
    return max(rows, key=lambda code: (len(seen[code]), rows[code], code))


def _read_as_bank(stage: Stage, uscc: str) -> Any:
    """Register the firm's consent and read its report."""
    api = _client(stage, ClientTerms(role=Role.BANK, name="Demonstration bank", code="demo-bank"))
    today = day_of(utcnow())
    consent = {
        "uscc": uscc,
        "purposes": ["loan-application"],
        "groups": [
            "registration",
            "operation",
            "talent-technology",
            "tax",
            "employment",
            "utility",
            "environment",
        ],
        "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=365)).isoformat(),
        "evidence": {"method": "paper", "reference": "demo-1", "sha256": "0" * 64},
    }
    api.post("/v1/consents", consent)
    return api.get(f"/v1/firms/{uscc}/report", purpose="loan-application", reference="demo")


def _print_report(report: dict[str, Any]) -> None:
    score = report["score"]
    click.echo()
    name = report["profile"]["groups"]["registration"]["facts"]["registration"]["firm_name"]
    click.echo(click.style(f"Credit report: {name}", bold=True))
    click.echo(f"{report['uscc']}, {report['firm_id']}")
    click.echo(
        f"query {report['query_id']}, purpose {report['purpose']}, made {report['made_at']}; for reference only"
    )
    click.echo()
    for name, section in report["profile"]["groups"].items():
        listed = [entry["kind"] for entry in (*section["series"], *section["events"])]
        known = ", ".join(sorted({*section["facts"], *listed}))
        click.echo(f"  {name:<18} {section['status']:<14} coverage {section['coverage'] or '–':<6} {known}")
    click.echo()
    if score["status"] == "rated":
        click.echo(
            f"  score {score['score']}   grade {score['grade']}   PD {score['pd']}   confidence {score['confidence']}"
        )
        for factor in score["factors"][:8]:
            points = f"{factor['points']}/{factor['max_points']}"
            click.echo(f"    {factor['direction']:<9} {points:>8}  {factor['code']:<10} {factor['text']}")
        for cap in score["caps"]:
            click.echo(f"    cap {cap['code']} → {cap['grade']}")
    else:
        click.echo(f"  not rated: {', '.join(score['reasons'])}")
    click.echo()
