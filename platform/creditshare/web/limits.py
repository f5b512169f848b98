"""Requests per minute and client, counted in Redis; while Redis is away, counted in this process."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from flask import Flask, Response, g, request
from flask_limiter import Limiter, RequestLimit
from redis.exceptions import RedisError

WINDOW_SECONDS = 60
POLICY = "client"
STANDING_SECONDS = 1.0
MOST_REMEMBERED = 10_000


@dataclass(slots=True)
class Standing:
    """What is left to one client, as of a moment."""

    asked_at: float
    reset_at: float
    remaining: int


class Announcer:
    """Writes the `RateLimit` headers.

    What is left is asked of Redis once a second and client, and counted down in between: each answer would else cost
    a second round trip.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._standings: dict[str, Standing] = {}

    def announce(self, response: Response) -> Response:
        """Tell the client what is left to it; a response hook."""
        limit = self._limiter.current_limit
        if limit is None:
            return response
        response.headers["RateLimit-Policy"] = f'"{POLICY}";q={limit.limit.amount};w={WINDOW_SECONDS}'
        standing = self._standing(limit)
        if standing is None:
            wait = WINDOW_SECONDS
        else:
            wait = max(1, min(WINDOW_SECONDS, round(standing.reset_at - g.started)))
            response.headers["RateLimit"] = f'"{POLICY}";r={standing.remaining};t={wait}'
        if limit.breached:
            response.headers["Retry-After"] = str(wait)
        return response

    def _standing(self, limit: RequestLimit) -> Standing | None:
        now = time.monotonic()
        known = self._standings.get(limit.key)
        if known is not None and now - known.asked_at < STANDING_SECONDS and not limit.breached:
            known.remaining = max(0, known.remaining - 1)
            return known
        try:
            reset_at, remaining = limit.window
        except RedisError:
            return None  # lost between the count and now
        if len(self._standings) >= MOST_REMEMBERED:
            self._standings.clear()
        standing = self._standings[limit.key] = Standing(now, reset_at, max(0, remaining))
        return standing


def make_limiter(app: Flask, *, redis_url: str, per_minute: int) -> Limiter:
    """Make the limiter; its request hook comes after authentication's, since it counts by client."""
    logging.getLogger("flask-limiter").setLevel(logging.CRITICAL)  # its notices quote the storage's errors
    limiter = Limiter(
        _client,
        application_limits=[f"{per_minute}/minute"],
        storage_uri=redis_url.replace("unix://", "redis+unix://", 1),  # as the library spells a socket
        storage_options={"socket_timeout": 1, "socket_connect_timeout": 1},
        strategy="sliding-window-counter",
        key_prefix="creditshare-limit",
        in_memory_fallback=[f"{per_minute}/minute"],
        swallow_errors=True,
    )
    limiter.init_app(app)
    app.after_request(Announcer(limiter).announce)
    return limiter


def _client() -> str:
    """Count by client; by address where nobody had to say who they are."""
    caller = g.get("caller")
    return caller.client_id if caller is not None else f"address:{request.remote_addr or 'unknown'}"
