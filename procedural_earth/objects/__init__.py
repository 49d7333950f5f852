"""What stands beside the road: plants, houses, vehicles, signs and street furniture, all made by code."""

from __future__ import annotations
