"""The queues and which task goes where. A queue's name is its routing key: `Queue("x")` alone would be keyed celery."""

from __future__ import annotations

from kombu import Queue

INTAKE, REFRESH, UPKEEP = "intake", "refresh", "upkeep"
QUEUES = tuple(Queue(name, routing_key=name) for name in (INTAKE, REFRESH, UPKEEP))
ROUTES = {
    "intake.*": {"queue": INTAKE, "routing_key": INTAKE},
    "scoring.*": {"queue": REFRESH, "routing_key": REFRESH},
    "upkeep.*": {"queue": UPKEEP, "routing_key": UPKEEP},
}
