"""Static files whose addresses name a version (docs/settings.md, `STATIC_VERSION`)."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.views.decorators.http import require_safe

NOT_HERE = "There is no such file."


@require_safe
def of_another_version(request: HttpRequest, version: str, name: str) -> HttpResponse:
    """A page from before an update asks for a file that it had not needed yet: it gets today's."""
    if version == settings.STATIC_VERSION:
        raise Http404(NOT_HERE)
    return HttpResponseRedirect(static(name))
