"""The forms that make training jobs: they know the recipes, and store what differs from them alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from geogame.datasets.models import DataSet
from geogame.registry.models import ModelVersion
from geogame.training.album_part import MOST_CUT, AlbumPart
from geogame.training.errors import TrainingError
from geogame.training.kinds import KINDS, AnyRecipe
from geogame.training.models import TrainingJob
from geogame.training.services import MOST_DEVICES, MOST_SEED, recipe_of
from planet_core import recipe as recipes

# Side of the picture that each preset of planet_core.inception sees; the web process does not import torch.
IMAGE_PX: Final = {"planet": 299, "planet-l4": 299, "small": 128, "tiny": 128}
VALUES: Final = ("network", "max_photos", "min_photos", "max_level", "epochs", "batch_size", "learning_rate")


ALBUM_VALUES: Final = (
    *("epochs", "batch_albums", "learning_rate", "hidden", "dropout", "photo_dropout", "patience"),
)
Kind = TrainingJob.Kind


def recipe_choices(kind: str = Kind.PHOTO) -> list[tuple[str, str]]:
    return [(name, name) for name in KINDS[kind].recipes()]


def recipe_words() -> dict[str, str]:
    """What each recipe is for."""
    return {name: recipes.summary(name) for name in recipes.names()}


def recipe_values(kind: str = Kind.PHOTO) -> dict[str, dict[str, Any]]:
    """What the form shows of each recipe, for the script that fills it in."""
    shown = ALBUM_VALUES if kind == Kind.ALBUM else (*VALUES, "level", "coarser")
    return {
        name: {key: value for key, value in KINDS[kind].load(name).as_dict().items() if key in shown}
        for name in KINDS[kind].recipes()
    }


def _network_choices() -> list[tuple[str, str]]:
    of_recipes = {recipes.load(name).network for name in recipes.names()}
    return [(name, name) for name in sorted({*IMAGE_PX, *of_recipes})]


class AnyJobForm(forms.Form):
    """What the forms of both kinds share; `shown` are the values of a recipe that have a field."""

    kind: ClassVar[str]
    shown: ClassVar[tuple[str, ...]]
    own: ClassVar[tuple[str, ...]]
    """Fields that are fields of a job, too."""
    example: ClassVar[str | Promise]

    other = forms.CharField(
        label=gettext_lazy("Other values"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    devices = forms.IntegerField(
        label=gettext_lazy("Devices"),
        initial=1,
        min_value=1,
        max_value=MOST_DEVICES,
        help_text=gettext_lazy("One process each, under torchrun."),
    )
    seed = forms.IntegerField(label=gettext_lazy("Seed"), initial=0, min_value=0, max_value=MOST_SEED)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["other"].help_text = str(self.example)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "recipe" not in cleaned:
            return cleaned
        try:
            recipe_of(cleaned["recipe"], self._chosen(), self.kind)
        except TrainingError as error:
            self.refuse(error)
        return cleaned

    def refuse(self, error: TrainingError) -> None:
        """Beside the field that it is about; what has none of its own came from the other values."""
        field = error.field if error.field in self.fields else "other" if error.field else None
        self.add_error(field, str(error))

    def _recipe(self) -> AnyRecipe:
        return KINDS[self.kind].load(self.cleaned_data["recipe"])

    def _chosen(self) -> dict[str, Any]:
        """Values that differ from the recipe's."""
        own = self._recipe().as_dict()
        given = {name: self.cleaned_data.get(name) for name in self.shown}
        values = {
            name: value for name, value in given.items() if value not in (None, "") and value != own[name]
        }
        return values | self._other()

    def _other(self) -> dict[str, Any]:
        lines = [line.strip() for line in self.cleaned_data.get("other", "").splitlines() if line.strip()]
        if not lines:
            return {}
        try:
            changed = self._recipe().changed(lines).as_dict()
        except recipes.RecipeError as error:
            raise TrainingError(f"{error}.", field="other") from error
        return {name: changed[name] for name in (line.partition("=")[0] for line in lines)}

    def job(self) -> dict[str, Any]:
        """Arguments of `services.create_job`."""
        kept = {name: self.cleaned_data[name] for name in ("data_set", "recipe", "seed", "devices")}
        return {**kept, "values": self._chosen()}

    @classmethod
    def filled_from(cls, job: TrainingJob) -> AnyJobForm:
        """As another job was made, to be changed."""
        recipe = KINDS[cls.kind].load(job.recipe).as_dict()
        other = {name: value for name, value in job.values.items() if name not in cls.shown}
        initial = {
            **{name: value for name, value in recipe.items() if name in cls.shown},
            **{name: value for name, value in job.values.items() if name in cls.shown},
            **{name: getattr(job, name) for name in ("recipe", "seed", "devices")},
            **{name.removesuffix("_id"): getattr(job, name) for name in cls.own},
            "other": "\n".join(f"{name}={_written(value)}" for name, value in other.items()),
        }
        return cls(initial=initial)


class JobForm(AnyJobForm):
    kind = Kind.PHOTO
    shown = VALUES
    own = ("data_set_id", "init_from_id")
    example = gettext_lazy("One a line, as name=value: patience=5, mirror=true.")

    data_set = forms.ModelChoiceField(
        DataSet.objects.exclude(kind=DataSet.Kind.ALBUMS),
        label=gettext_lazy("Data set"),
        empty_label=None,
    )
    recipe = forms.ChoiceField(label=gettext_lazy("Recipe"), choices=recipe_choices, help_text=" ")
    init_from = forms.ModelChoiceField(
        ModelVersion.objects.filter(kind=ModelVersion.Kind.IMAGE),
        required=False,
        label=gettext_lazy("Start from"),
        empty_label=gettext_lazy("random weights"),
        help_text=gettext_lazy("The weights of another model of the same network."),
    )
    network = forms.ChoiceField(
        label=gettext_lazy("Network"), choices=_network_choices, required=False, help_text=" "
    )
    max_photos = forms.IntegerField(
        label=gettext_lazy("Most photos of a cell (t1)"),
        required=False,
        min_value=1,
        help_text=gettext_lazy("A cell with more is split."),
    )
    min_photos = forms.IntegerField(
        label=gettext_lazy("Least photos of a cell (t2)"),
        required=False,
        min_value=1,
        help_text=gettext_lazy("A cell with fewer is no answer."),
    )
    max_level = forms.IntegerField(
        label=gettext_lazy("Finest level of cells"),
        required=False,
        min_value=0,
        max_value=30,
        help_text=gettext_lazy("S2 level: 4 is some 500 km wide, 11 some 4 km."),
    )
    epochs = forms.IntegerField(label=gettext_lazy("Epochs"), required=False, min_value=1)
    batch_size = forms.IntegerField(label=gettext_lazy("Photos a step"), required=False, min_value=1)
    learning_rate = forms.FloatField(
        label=gettext_lazy("Learning rate"),
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )

    def job(self) -> dict[str, Any]:
        return {**super().job(), "init_from": self.cleaned_data["init_from"]}


class AlbumJobForm(AnyJobForm):
    kind = Kind.ALBUM
    shown = ALBUM_VALUES
    own = ("data_set_id", "validation_set_id", "image_model_id", "variant", "cut")
    example = gettext_lazy("One a line, as name=value: layers=2, least_share=1.")

    data_set = forms.ModelChoiceField(
        DataSet.objects.filter(kind=DataSet.Kind.ALBUMS),
        label=gettext_lazy("Albums to learn from"),
        empty_label=None,
    )
    validation_set = forms.ModelChoiceField(
        DataSet.objects.filter(kind=DataSet.Kind.ALBUMS),
        required=False,
        label=gettext_lazy("Albums held out"),
        empty_label=gettext_lazy("some of the same, whole and at other places"),
        help_text=gettext_lazy("They choose the best epoch."),
    )
    image_model = forms.ModelChoiceField(
        ModelVersion.objects.filter(kind=ModelVersion.Kind.IMAGE),
        label=gettext_lazy("Image model"),
        empty_label=None,
        help_text=gettext_lazy("The model that sees the photos. The album model hangs on it."),
    )
    variant = forms.ChoiceField(
        label=gettext_lazy("Album model"),
        choices=[
            ("lstm", gettext_lazy("lstm: an LSTM over the photos in the order of time")),
            ("lstm-off1", gettext_lazy("lstm-off1: answers one photo later")),
            ("lstm-off2", gettext_lazy("lstm-off2: answers two photos later")),
            ("lstm-rep", gettext_lazy("lstm-rep: sees the album twice, answers the second time")),
            ("blstm", gettext_lazy("blstm: one LSTM forward, one backward")),
            ("transformer", gettext_lazy("transformer: attention over the album and its hours")),
            ("avg", gettext_lazy("avg: the mean of the single photos; nothing to train")),
        ],
        initial="lstm-rep",
    )
    cut = forms.IntegerField(
        label=gettext_lazy("Cut albums to"),
        required=False,
        min_value=1,
        max_value=MOST_CUT,
        help_text=gettext_lazy("Photos; 25 in the paper. Empty for whole albums."),
    )
    recipe = forms.ChoiceField(
        label=gettext_lazy("Recipe"), choices=lambda: recipe_choices(Kind.ALBUM), initial="modern"
    )
    epochs = forms.IntegerField(label=gettext_lazy("Epochs"), required=False, min_value=1)
    batch_albums = forms.IntegerField(label=gettext_lazy("Albums a step"), required=False, min_value=1)
    learning_rate = forms.FloatField(
        label=gettext_lazy("Learning rate"),
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    hidden = forms.IntegerField(label=gettext_lazy("Width of the memory"), required=False, min_value=1)
    dropout = forms.FloatField(
        label=gettext_lazy("Dropout"), required=False, widget=forms.NumberInput(attrs={"step": "any"})
    )
    photo_dropout = forms.FloatField(
        label=gettext_lazy("Photos taken away"),
        required=False,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text=gettext_lazy("A share of them, which must be told from their neighbours."),
    )
    patience = forms.IntegerField(
        label=gettext_lazy("Patience"),
        required=False,
        min_value=0,
        help_text=gettext_lazy("Epochs without gain until it ends; 0 for never."),
    )

    def job(self) -> dict[str, Any]:
        album = AlbumPart(
            variant=self.cleaned_data["variant"],
            cut=self.cleaned_data["cut"],
            image_model=self.cleaned_data["image_model"],
            validation_set=self.cleaned_data["validation_set"],
        )
        return {**super().job(), "kind": Kind.ALBUM, "album": album}


FORMS: Final[Mapping[str, type[AnyJobForm]]] = {Kind.PHOTO: JobForm, Kind.ALBUM: AlbumJobForm}


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
