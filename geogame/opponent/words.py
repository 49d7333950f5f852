"""What is stored of a round that no model answered."""

from __future__ import annotations

COULD_NOT_ANSWER = "PlaNet could not look at this picture: you play this round alone."
