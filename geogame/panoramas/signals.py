"""What upper layers may want to hear of."""

from __future__ import annotations

from django.dispatch import Signal

panorama_withdrawn = Signal()
"""Sent with `panorama` when it has been taken down: whoever keeps files made from it deletes them."""
