from __future__ import annotations


class StudyError(Exception):
    """Why a study cannot be prepared or found, as a sentence for whoever runs it."""
