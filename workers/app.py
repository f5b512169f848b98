"""The Celery application.

Late acknowledgement and one message at a time: a killed worker's message comes back. PostgreSQL says what is still to
do, so a lost message costs time, never work (ADR 0003).
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Any

import structlog
from celery import Celery
from celery.signals import setup_logging, worker_ready, worker_shutting_down
from sqlalchemy.exc import SQLAlchemyError

from creditshare.core.clock import utcnow
from creditshare.core.logs import configure_logs
from creditshare.jobs import heartbeats
from workers.logs import WithoutValues
from workers.queues import QUEUES, ROUTES
from workers.runtime import runtime, settings
from workers.schedule import SCHEDULE

VISIBILITY = timedelta(minutes=30)  # longer than the longest task: else the broker hands it out twice
HEARTBEAT_SECONDS = 3.0

app = Celery(
    "creditshare",
    broker=settings().redis_url,
    include=["workers.tasks.intake", "workers.tasks.scoring", "workers.tasks.upkeep"],
)
app.conf.update(
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": int(VISIBILITY.total_seconds()),
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,  # kombu's own default sweeps lost messages every 100 s only
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
    },
    task_queues=QUEUES,
    task_routes=ROUTES,
    task_default_queue="upkeep",
    task_default_routing_key="upkeep",
    beat_schedule=SCHEDULE,
    timezone="Asia/Shanghai",
    worker_cancel_long_running_tasks_on_connection_loss=False,
)
log = structlog.get_logger()
_stopping = threading.Event()


@setup_logging.connect
def _logs(**_: Any) -> None:
    configure_logs(settings().log_level)
    logging.getLogger("celery.app.trace").addFilter(WithoutValues())


@worker_ready.connect
def _start_heartbeat(sender: Any, **_: Any) -> None:
    """Tell PostgreSQL every few seconds that this worker listens: readiness asks there, not the broker."""
    threading.Thread(target=_beat, args=(str(sender.hostname),), daemon=True, name="heartbeat").start()


@worker_shutting_down.connect
def _stop_heartbeat(**_: Any) -> None:
    _stopping.set()


def _beat(name: str) -> None:
    while True:
        try:
            with runtime().sessions.begin() as session:
                heartbeats.beat(session, name=name, now=utcnow())
        except SQLAlchemyError as error:
            log.warning("worker.heartbeat-failed", error=type(error).__name__)
        if _stopping.wait(HEARTBEAT_SECONDS):
            return
