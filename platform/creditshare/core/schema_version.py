"""Whether the database has the tables this code needs.

Asked by every probe of a web process, so it reads the two sides itself: Alembic would cost each process 10 MB.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from pathlib import Path

from sqlalchemy import Connection, text

REVISION = re.compile(r"^(down_)?revision(?:: \S+)? = [\"'](\w+)[\"']", re.MULTILINE)


def migrations_folder() -> Path:
    """Return where the migrations lie, in a checkout or installed."""
    found = importlib.util.find_spec("migrations")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0])


@functools.cache
def heads() -> frozenset[str]:
    """Return the revisions this code needs: those that no other follows."""
    revisions: set[str] = set()
    followed: set[str] = set()
    for file in (migrations_folder() / "versions").glob("*.py"):
        for down, name in REVISION.findall(file.read_text(encoding="utf-8")):
            (followed if down else revisions).add(name)
    return frozenset(revisions - followed)


def current(connection: Connection) -> frozenset[str]:
    """Return the revisions the database has; none where it was never migrated."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar_one() is None:
        return frozenset()
    return frozenset(connection.scalars(text("SELECT version_num FROM alembic_version")))
