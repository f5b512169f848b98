"""`/metrics` for Prometheus: a histogram of requests by method, route and status."""

from __future__ import annotations

import time

from flask import Blueprint, Response, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Histogram,
    generate_latest,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector

from creditshare.web.auth import open_to_all

REQUESTS = Histogram(
    "creditshare_http_request_seconds", "Requests answered, by duration.", ["method", "route", "status"]
)
# With PROMETHEUS_MULTIPROC_DIR set the library keeps its numbers in files of that folder, one per process.
MULTIPROCESS = values.ValueClass is not values.MutexValue

blp = Blueprint("metrics", __name__)


def begin() -> None:
    """Note when the request came; a request hook."""
    g.started = time.time()
    g.started_ticks = time.perf_counter()


def observe(response: Response) -> Response:
    """Count the request under its route, never under its path; a response hook."""
    route = request.url_rule.rule if request.url_rule is not None else "unknown"
    seconds = time.perf_counter() - g.started_ticks
    REQUESTS.labels(request.method, route, response.status_code).observe(seconds)
    return response


@blp.get("/metrics")
@open_to_all
def metrics() -> Response:
    """Give all processes' numbers."""
    registry = REGISTRY
    if MULTIPROCESS:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
