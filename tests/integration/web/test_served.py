"""What only a real server shows: large refused bodies, chunked bodies, memory."""

import base64
import http.client
import os
import re
import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import ROOT

MEGABYTE = 1024 * 1024
LARGEST_RESIDENT_MB = 130


@pytest.fixture(scope="module")
def served(servers, tmp_path_factory):
    with serve(servers, tmp_path_factory) as running:
        yield running


@contextmanager
def serve(servers, tmp_path_factory, *, workers=1, **others):
    """Serve `wsgi:app` with granian; gives its port and process."""
    name = f"{servers.template}_{uuid.uuid4().hex[:8]}"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}",
        "DATABASE_URL": servers.create(name, template=servers.template),
        "REDIS_URL": servers.redis_url,
        "MASTER_KEY": base64.b64encode(bytes(range(32))).decode(),
        "CREDITSHARE_DATA_DIR": str(tmp_path_factory.mktemp("served")),
        **others,
    }
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += ["--workers", str(workers), "--blocking-threads", "4", "--no-log"]
    command += [
        "--workers-kill-timeout",
        "5",
        "wsgi:app",
    ]  # one that is still starting does not hear the signal
    process = subprocess.Popen(command, cwd=tmp_path_factory.mktemp("elsewhere"), env=environ)
    try:
        wait_for(port)
        yield port, process
    finally:
        process.terminate()
        process.wait(20)
        servers.drop(name)


def wait_for(port):
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, "granian did not start"
            time.sleep(0.05)
        else:
            return


def post(port, path, body, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def blocks(count):
    for _ in range(count):
        yield b"a" * MEGABYTE


def test_a_web_process_is_small_after_its_start(servers, tmp_path_factory):
    with serve(servers, tmp_path_factory) as (port, process):
        assert post(port, "/oauth/token", b"grant_type=client_credentials")[0] == 400
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        sizes = [resident_mb(pid) for pid in children]

    assert sizes
    assert max(sizes) <= LARGEST_RESIDENT_MB


def test_metrics_are_those_of_all_processes(servers, tmp_path_factory):
    shared = str(tmp_path_factory.mktemp("metrics"))
    with serve(servers, tmp_path_factory, workers=2, PROMETHEUS_MULTIPROC_DIR=shared) as (port, _):
        asked = [get(port, "/healthz")[0] for _ in range(30)]
        metrics = get(port, "/metrics")[1].decode()

    assert asked == [200] * 30
    counted = r'creditshare_http_request_seconds_count{method="GET",route="/healthz",status="200"} 30.0'
    assert counted in metrics


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def resident_mb(pid):
    """Return the memory a process takes up: pages that several processes map count in equal shares (Pss)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"Pss:\s+(\d+) kB", rollup)[1]) / 1024


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/v1/nothing", 404, id="no such path"),
        pytest.param("/healthz", 405, id="no such method"),
    ],
)
@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
def test_a_refusal_of_a_large_body_reaches_the_client(served, path, status, chunked):
    body = blocks(40) if chunked else b"a" * (40 * MEGABYTE)

    found, answer = post(served[0], path, body, **{"Content-Type": "application/octet-stream"})

    assert found == status
    assert b"request_id" in answer or b"error" in answer


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
def test_a_form_that_is_too_large_is_refused_in_words(served, chunked):
    body = blocks(20) if chunked else b"a" * (20 * MEGABYTE)

    found, answer = post(
        served[0], "/oauth/token", body, **{"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert found == 413
    assert b"body-too-large" in answer


def test_a_client_that_goes_away_harms_nobody(served):
    with socket.create_connection(("127.0.0.1", served[0])) as connection:
        connection.sendall(b"POST /v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc")

    assert post(served[0], "/v1/nothing", b"")[0] == 404


@pytest.mark.parametrize(
    "request_line", [b"GET /%00 HTTP/1.1", b"GET /healthz?%FF%FE=%00 HTTP/1.1", b"GET //// HTTP/1.1"]
)
def test_odd_addresses(served, request_line):
    with socket.create_connection(("127.0.0.1", served[0])) as connection:
        connection.sendall(request_line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        status = int(connection.makefile("rb").readline().split()[1])

    assert status in {200, 400, 404, 422}
