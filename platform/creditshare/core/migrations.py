"""Bringing the database's schema up and down, and checking that models and migrations agree."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text

import creditshare
from creditshare.core.database import Base, make_engine
from creditshare.core.schema_version import migrations_folder

TABLES_WITHOUT_MODEL = frozenset({"knowledge_clock"})  # one row, used by two statements of core/database
ROOMS_WITHOUT_TABLES = frozenset({"creditshare.embedded", "creditshare.simulation"})

logging.getLogger("alembic").setLevel(logging.WARNING)  # its INFO is of no use to an operator


def upgrade(database_url: str, revision: str = "head") -> None:
    """Bring the database to a revision; two that do it at once take turns."""
    command.upgrade(_config(database_url), revision)


def downgrade(database_url: str, revision: str) -> None:
    """Take the database back to a revision (`base`: empty)."""
    command.downgrade(_config(database_url), revision)


def check(database_url: str) -> list[str]:
    """Upgrade the database, then say where models and migrations disagree; an empty list is right."""
    upgrade(database_url)
    _import_models()
    engine = make_engine(database_url, pool_size=1)
    with engine.connect() as connection:
        partitions = set(connection.scalars(text("SELECT relname FROM pg_class WHERE relispartition")))

        def is_ours(name: str | None, kind: str, _parents: Any) -> bool:
            return not (kind == "table" and (name in partitions or name in TABLES_WITHOUT_MODEL))

        options = {"compare_type": True, "include_name": is_ours}
        context = MigrationContext.configure(connection, opts=options)
        differences = [repr(difference) for difference in compare_metadata(context, Base.metadata)]
    engine.dispose()
    return differences


def _import_models() -> None:
    """Import every room that may hold models: they register themselves with Base."""
    for room in pkgutil.iter_modules(creditshare.__path__, "creditshare."):
        if room.ispkg and room.name not in ROOMS_WITHOUT_TABLES:
            package = importlib.import_module(room.name)
            for module in pkgutil.walk_packages(package.__path__, f"{room.name}."):
                importlib.import_module(module.name)


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["database_url"] = database_url
    return config
