"""Requests per minute and client, counted in Redis; while Redis is away, counted in this process."""

from __future__ import annotations

import logging

from flask import Flask, Response, g, request
from flask_limiter import Limiter

WINDOW_SECONDS = 60
POLICY = "client"


def make_limiter(app: Flask, *, redis_url: str, per_minute: int) -> Limiter:
    """Make the limiter; its request hook comes after authentication's, since it counts by client."""
    logging.getLogger("flask-limiter").setLevel(
        logging.CRITICAL
    )  # its notices quote the storage's URL and errors
    limiter = Limiter(
        _client,
        application_limits=[f"{per_minute}/minute"],
        storage_uri=redis_url,
        storage_options={"socket_timeout": 1, "socket_connect_timeout": 1},
        strategy="sliding-window-counter",
        key_prefix="creditshare-limit",
        in_memory_fallback=[f"{per_minute}/minute"],
        swallow_errors=True,
    )
    limiter.init_app(app)
    app.after_request(lambda response: announce(limiter, response))
    return limiter


def announce(limiter: Limiter, response: Response) -> Response:
    """Tell the client what is left to it; a response hook."""
    limit = limiter.current_limit
    if limit is None:
        return response
    quota, (reset_at, remaining) = limit.limit.amount, limit.window
    wait = max(1, min(WINDOW_SECONDS, round(reset_at - g.started)))
    response.headers["RateLimit-Policy"] = f'"{POLICY}";q={quota};w={WINDOW_SECONDS}'
    response.headers["RateLimit"] = f'"{POLICY}";r={max(0, remaining)};t={wait}'
    if response.status_code == 429:
        response.headers["Retry-After"] = str(wait)
    return response


def _client() -> str:
    """Count by client; by address where nobody had to say who they are."""
    caller = g.get("caller")
    return caller.client_id if caller is not None else f"address:{request.remote_addr or 'unknown'}"
