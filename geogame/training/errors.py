from __future__ import annotations


class TrainingError(Exception):
    """Why something cannot be done with a training job, as a sentence for people.

    `field` is the one of a form that it is about, if any.
    """

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field
