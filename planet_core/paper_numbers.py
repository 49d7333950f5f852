"""What the paper measured, on its own photos: reference rows of reports, never an output of ours.

PlaNet (Weyand, Kostrikov, Philbin 2016): figure 4 with the text around it, tables 1, 3 and 4.
Shares of photos within 1, 25, 200, 750 and 2500 km; None where the paper gives no number.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

Shares = tuple[float | None, ...]

WITHIN: Mapping[str, Shares] = MappingProxyType(
    {
        "PlaNet, 2.3 M Flickr photos, top-1": (0.036, 0.101, None, 0.284, 0.480),
        "PlaNet, Im2GPS test set (237 photos)": (0.084, 0.245, 0.376, 0.536, 0.713),
        "Im2GPS (new), Im2GPS test set": (0.025, 0.219, 0.321, 0.354, 0.519),
        "Im2GPS (orig), Im2GPS test set": (None, 0.120, 0.150, 0.230, 0.470),
    }
)
"""Figure 4 (first row) and table 1."""

MEDIAN_KM_BY_SCENE: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "manmade landmark": (74.5, 61.1),
        "natural landmark": (61.0, 37.4),
        "city scene": (212.6, 3375.3),
        "natural scene": (1803.3, 5701.3),
        "animal": (1400.0, 6528.0),
    }
)
"""Table 3: PlaNet, Im2GPS (new)."""

ALBUMS: Mapping[str, Shares] = MappingProxyType(
    {
        "single": (0.149, 0.203, 0.274, 0.420, 0.618),
        "avg": (0.222, 0.356, 0.514, 0.686, 0.827),
        "lstm": (0.320, 0.421, 0.579, 0.755, 0.879),
        "lstm-off1": (0.309, 0.410, 0.569, 0.745, 0.854),
        "lstm-off2": (0.299, 0.400, 0.558, 0.734, 0.859),
        "lstm-rep": (0.345, 0.456, 0.626, 0.793, 0.905),
        "lstm-rep-25": (0.283, 0.375, 0.499, 0.689, 0.820),
        "blstm-25": (0.330, 0.430, 0.567, 0.732, 0.861),
    }
)
"""Table 4, 126 M photos of Google+ albums; `-25` on albums cut to 25 photos. "PlaNet" is `single`."""

MODEL_BYTES = 377_000_000
PARAMETERS = 97_321_048
"""Section 3."""
