from __future__ import annotations


class DataSetError(Exception):
    """Why something cannot be done with a data set, as a sentence for people."""


class Cancelled(Exception):
    """Somebody asked the reading to stop."""
