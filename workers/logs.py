"""What Celery's own log lines may say."""

from __future__ import annotations

import logging
import re

CLASS_NAME = re.compile(r"[A-Za-z_.]+")
HARMLESS = ("id", "name", "hostname", "description")


class WithoutValues(logging.Filter):
    """Keeps the words of errors out of Celery's own lines: PostgreSQL quotes the row at fault, names and all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave the error's class; drop message, traceback and arguments."""
        record.exc_info = record.exc_text = None
        if isinstance(record.args, dict):
            shown = {
                name: record.args[name]
                for name in ("id", "name", "hostname", "description")
                if name in record.args
            }
            error = CLASS_NAME.match(str(record.args.get("exc", "")))
            hidden = dict.fromkeys(record.args.keys() - shown.keys(), "")
            record.args = {**hidden, **shown, "exc": error[0] if error else ""}
        return True
