"""The codes with which the server closes a socket: docs/protocol.md explains them."""

from __future__ import annotations

NOT_FOUND = 4404
KICKED = 4403
LEFT = 4410
TOO_OFTEN = 4429
TRY_AGAIN = 1013

FINAL = frozenset({NOT_FOUND, KICKED, LEFT})
"""Who comes again after these gets the same."""
