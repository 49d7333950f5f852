"""Django's SQLite, but who waits to write asks again every few milliseconds.

SQLite's own waiting sleeps longer and longer, up to 100 ms: a guess would often wait several times as long as
the transaction before it takes.
"""

from __future__ import annotations

import sqlite3
import time

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

AGAIN_S = 0.002


class DatabaseWrapper(base.DatabaseWrapper):
    def _start_transaction_under_autocommit(self) -> None:
        timeout_s = float(self.settings_dict["OPTIONS"].get("timeout", 5))
        until = time.monotonic() + timeout_s
        self._wait_at_most(0)
        try:
            while not self._began():
                if time.monotonic() > until:
                    raise OperationalError(f"database is locked: others have written for {timeout_s:.0f} s")
                time.sleep(AGAIN_S)
        finally:
            self._wait_at_most(timeout_s)

    def _began(self) -> bool:
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]  # the stubs lack it
        except OperationalError as error:
            cause = error.__cause__
            if isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                return False
            raise
        return True

    def _wait_at_most(self, seconds: float) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {round(1000 * seconds)}")
