from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext, gettext_lazy

from geogame.datasets.models import DataSet
from geogame.panoramas.models import Map

Kind = DataSet.Kind


class DataSetForm(forms.Form):
    """Which photos a new data set has; `services.create_data_set` says whether they can be had."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    kind = forms.ChoiceField(
        label=gettext_lazy("Its photos are"),
        choices=[
            (Kind.MAP, gettext_lazy("those of a map of the game")),
            (Kind.SOURCE, gettext_lazy("in a folder, list or shards on this machine")),
            (Kind.UPLOAD, gettext_lazy("in a file that I upload")),
            (Kind.ALBUMS, gettext_lazy("albums, in a folder on this machine")),
        ],
        initial=Kind.MAP,
    )
    map = forms.ModelChoiceField(
        Map.objects.order_by("name"), required=False, label=gettext_lazy("Map"), empty_label="–"
    )
    source = forms.CharField(
        label=gettext_lazy("Folder, list or shards"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    albums = forms.CharField(
        label=gettext_lazy("Folder with albums.jsonl"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"spellcheck": "false"}),
    )
    upload = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        help_text=gettext_lazy("A .zip of photos with their place in Exif or in a list, or a .csv list."),
        widget=forms.FileInput(attrs={"accept": ".zip,.csv"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roots = ", ".join(str(root) for root in settings.DATA_SET_ROOTS)
        for name in ("source", "albums"):
            self.fields[name].help_text = gettext("Beneath %(roots)s.") % {"roots": roots}

    def arguments(self) -> dict[str, Any]:
        """Arguments of `services.create_data_set`."""
        names = {"name": "name", "kind": "kind", "map_": "map", "source": "source", "upload": "upload"}
        if self.cleaned_data["kind"] == Kind.ALBUMS:
            names["source"] = "albums"
        return {argument: self.cleaned_data[field] for argument, field in names.items()}
