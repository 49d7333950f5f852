"""Marks that tests get from what they use and where they are; CONTRIBUTING.md says which part runs which."""

from __future__ import annotations

import pytest
from django.test import TransactionTestCase

DATABASE_FIXTURES = {
    "db",
    "transactional_db",
    "django_db_reset_sequences",
    "live_server",
    "admin_client",
    "admin_user",
}
PAGES = "tests/geogame/pages/"
ASKS_AS_EVERY_PAGE = ("test_query_counts.py", "test_admin.py", "test_leaderboards.py")
"""Of the tests of pages, these have the database answer all that any page asks."""
READS_WHAT_IS_SENT = "tests/geogame/live/test_room_truth.py"


def mark(item: pytest.Item) -> None:
    if touches_database(item):
        item.add_marker("database")
        if whatever_the_engine(item.nodeid):
            item.add_marker("any_engine")


def touches_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
        return True
    cls = getattr(item, "cls", None)
    return isinstance(cls, type) and issubclass(cls, TransactionTestCase)


def whatever_the_engine(nodeid: str) -> bool:
    """What is shown and sent, not what is stored: one engine is enough."""
    file = nodeid.partition("::")[0]
    page = file.startswith(PAGES) and not file.endswith(ASKS_AS_EVERY_PAGE)
    return page or file == READS_WHAT_IS_SENT
