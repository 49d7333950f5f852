from __future__ import annotations

DATE_FORMAT = "j F Y"  # as date() of static/js/core/format.js
