from __future__ import annotations

DATE_FORMAT = "j F Y"  # as date() of static/js/core/format.js
DATETIME_FORMAT = "j F Y, H:i"
SHORT_DATETIME_FORMAT = "j M Y, H:i"
