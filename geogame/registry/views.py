"""Pages of the admin that take a model file in and hand one out."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.text import slugify
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from geogame.lib.journal import note
from geogame.registry.files import export_version, import_version
from geogame.registry.models import ModelVersion
from geogame.registry.services import RegistryError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LIST = "admin:registry_modelversion_changelist"


def urls(site: admin.AdminSite) -> list[URLPattern]:
    return [
        path("import/", site.admin_view(take_in), name="registry_modelversion_import"),
        path("<int:pk>/export/", site.admin_view(hand_out), name="registry_modelversion_export"),
    ]


class ImportForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("Model file"), widget=forms.FileInput(attrs={"accept": ".zip"}))
    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("Empty for the one that it came with."),
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        size = file.size or 0
        if size > settings.MODEL_UPLOAD_MB * 10**6:
            raise forms.ValidationError(
                gettext("The file has %(size)s; %(most)s MB are allowed (setting MODEL_UPLOAD_MB).")
                % {"size": filesizeformat(size), "most": settings.MODEL_UPLOAD_MB}
            )
        return file


def _person(request: HttpRequest, permission: str) -> User:
    if not request.user.is_authenticated or not request.user.has_perm(f"registry.{permission}"):
        raise PermissionDenied
    return request.user


@require_http_methods(["GET", "POST"])
def take_in(request: HttpRequest) -> HttpResponse:
    """Import a version from an uploaded file. It plays when somebody asks for it, and not before."""
    person = _person(request, "add_modelversion")
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if form.is_bound and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            version = import_version(upload.file, name=form.cleaned_data["name"], by=person)
        except RegistryError as error:
            form.add_error("file", str(error))
        except OSError as error:
            form.add_error("file", f"{error.strerror or error}.")
        else:
            messages.success(
                request, gettext("%(version)s is here. It does not play yet.") % {"version": version}
            )
            return redirect(LIST)
    context = {
        **admin.site.each_context(request),
        "title": gettext("Import a model version"),
        "opts": ModelVersion._meta,
        "form": form,
    }
    status = 400 if form.is_bound else 200
    return TemplateResponse(request, "admin/registry/import.html", context, status=status)


@require_GET
def hand_out(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    """A version as one file."""
    person = _person(request, "view_modelversion")
    version = get_object_or_404(ModelVersion, pk=pk)
    file = tempfile.TemporaryFile(dir=settings.DATA_DIR)  # noqa: SIM115 - the response closes it
    try:
        export_version(version, file)
    except (RegistryError, OSError) as error:
        file.close()
        messages.error(request, str(error))
        return redirect(LIST)
    note(person, version, "Exported to a file.")
    file.seek(0)
    name = f"{slugify(version.name) or 'model'}-{version.digest[:8]}.zip"
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
