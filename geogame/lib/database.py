"""A database that is new is set up by the first command; one that is old or silent is named in one line."""

from __future__ import annotations

from collections.abc import Callable

from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

Say = Callable[[str], None]


def migrations_missing() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def set_up_database(say: Say) -> None:
    say("Preparing the database …")
    call_command("migrate", verbosity=0, interactive=False)


def ready_database(say: Say) -> None:
    """Set up a new database; refuse one that an older version of the program made."""
    try:
        if not migrations_missing():
            return
        is_new = not connection.introspection.table_names()
    except Error as error:
        reason = " ".join(str(error).split())
        raise CommandError(f"The database does not answer ({reason}). Check DATABASE_URL.") from error
    if not is_new:
        raise CommandError(
            "The database is older than the program: run `manage.py migrate` (or `make play`) first."
        )
    set_up_database(say)
