"""The form that makes a training job: it knows the recipes, and stores what differs from them alone."""

from __future__ import annotations

import json
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy

from geogame.datasets.models import DataSet
from geogame.registry.models import ModelVersion
from geogame.training.models import TrainingJob
from geogame.training.services import MOST_DEVICES, MOST_SEED, TrainingError, recipe_of
from planet_core import recipe as recipes

# Side of the picture that each preset of planet_core.inception sees; the web process does not import torch.
IMAGE_PX: Final = {"planet": 299, "planet-l4": 299, "small": 128, "tiny": 128}
VALUES: Final = ("network", "max_photos", "min_photos", "max_level", "epochs", "batch_size", "learning_rate")


def recipe_choices() -> list[tuple[str, str]]:
    return [(name, name) for name in recipes.names()]


def recipe_words() -> dict[str, str]:
    """What each recipe is for."""
    return {name: recipes.summary(name) for name in recipes.names()}


def recipe_values() -> dict[str, dict[str, Any]]:
    """What the form shows of each recipe, for the script that fills it in."""
    shown = (*VALUES, "level", "coarser")
    return {
        name: {key: value for key, value in recipes.load(name).as_dict().items() if key in shown}
        for name in recipes.names()
    }


def _network_choices() -> list[tuple[str, str]]:
    of_recipes = {recipes.load(name).network for name in recipes.names()}
    return [(name, name) for name in sorted({*IMAGE_PX, *of_recipes})]


class JobForm(forms.Form):
    data_set = forms.ModelChoiceField(
        DataSet.objects.all(),
        label=gettext_lazy("Data set"),
        empty_label=None,
    )
    recipe = forms.ChoiceField(label=gettext_lazy("Recipe"), choices=recipe_choices, help_text=" ")
    init_from = forms.ModelChoiceField(
        ModelVersion.objects.all(),
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
    other = forms.CharField(
        label=gettext_lazy("Other values"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=gettext_lazy("One a line, as name=value: patience=5, mirror=true."),
    )
    devices = forms.IntegerField(
        label=gettext_lazy("Devices"),
        initial=1,
        min_value=1,
        max_value=MOST_DEVICES,
        help_text=gettext_lazy("One process each, under torchrun."),
    )
    seed = forms.IntegerField(label=gettext_lazy("Seed"), initial=0, min_value=0, max_value=MOST_SEED)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "recipe" not in cleaned:
            return cleaned
        try:
            recipe_of(cleaned["recipe"], self._chosen())
        except TrainingError as error:
            self.refuse(error)
        return cleaned

    def refuse(self, error: TrainingError) -> None:
        """Beside the field that it is about; what has none of its own came from the other values."""
        field = error.field if error.field in self.fields else "other" if error.field else None
        self.add_error(field, str(error))

    def _chosen(self) -> dict[str, Any]:
        """Values that differ from the recipe's."""
        cleaned = self.cleaned_data
        own = recipes.load(cleaned["recipe"]).as_dict()
        given = {name: cleaned.get(name) for name in VALUES}
        values = {
            name: value for name, value in given.items() if value not in (None, "") and value != own[name]
        }
        return values | self._other(cleaned["recipe"])

    def _other(self, recipe: str) -> dict[str, Any]:
        lines = [line.strip() for line in self.cleaned_data.get("other", "").splitlines() if line.strip()]
        if not lines:
            return {}
        try:
            changed = recipes.load(recipe).changed(lines).as_dict()
        except recipes.RecipeError as error:
            raise TrainingError(f"{error}.", field="other") from error
        return {name: changed[name] for name in (line.partition("=")[0] for line in lines)}

    def job(self) -> dict[str, Any]:
        """Arguments of `services.create_job`."""
        kept = ("data_set", "recipe", "init_from", "seed", "devices")
        return {name: self.cleaned_data[name] for name in kept} | {"values": self._chosen()}

    @classmethod
    def filled_from(cls, job: TrainingJob) -> JobForm:
        """As another job was made, to be changed."""
        other = {name: value for name, value in job.values.items() if name not in VALUES}
        initial = {
            **{name: value for name, value in recipes.load(job.recipe).as_dict().items() if name in VALUES},
            **{name: value for name, value in job.values.items() if name in VALUES},
            **{"data_set": job.data_set_id, "recipe": job.recipe, "init_from": job.init_from_id},
            **{"seed": job.seed, "devices": job.devices},
            "other": "\n".join(f"{name}={_written(value)}" for name, value in other.items()),
        }
        return cls(initial=initial)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
