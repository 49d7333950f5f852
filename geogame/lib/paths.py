from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme


def own_path(raw: str, *, otherwise: str) -> str:
    """A path of this site to go on to, as a form or an address names it; anything else is replaced."""
    is_path = raw.startswith("/") and url_has_allowed_host_and_scheme(raw, allowed_hosts=None)
    return raw if is_path else otherwise
