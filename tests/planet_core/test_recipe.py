from __future__ import annotations

import dataclasses
import json

import pytest

from planet_core import inception, recipe


@pytest.mark.parametrize("name", recipe.names())
def test_every_recipe_is_named_after_its_file_and_makes_sense(name: str) -> None:
    values = recipe.load(name)
    assert values.name == name
    assert values.network in inception.PRESETS or values.network.startswith("hf:")
    assert values.max_photos > values.min_photos >= 1
    assert values.fine_level >= values.max_level  # a class can have places on both sides
    assert json.loads(json.dumps(values.as_dict()))["max_photos"] == values.max_photos
    assert len(recipe.summary(name)) > 20


def test_unknown_recipes_are_refused_with_a_list() -> None:
    assert "tiny" in recipe.names()
    for function in (recipe.load, recipe.summary):
        with pytest.raises(recipe.RecipeError, match=r"'\.\./evil'; the recipes are .*tiny"):
            function("../evil")


def test_recipes_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.load("tiny").epochs = 3  # type: ignore[misc]
