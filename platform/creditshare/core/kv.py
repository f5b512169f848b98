"""The key-value store: rate limits and caches, never the only copy of anything."""

from __future__ import annotations

import redis


def connect(url: str) -> redis.Redis:
    """Connect to Redis or Valkey; short time-outs, since nothing that must work waits for it."""
    return redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
