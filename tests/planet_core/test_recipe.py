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


def test_values_are_changed_from_texts() -> None:
    paper = recipe.load("paper")
    texts = [
        "accumulate=8",
        "colour=1",
        "crop_side=[0.5, 1]",
        "labels=haversine",
        "coarser=[[9, 2, 3]]",
        "level=4",
    ]
    changed = paper.changed([*texts, "mirror=true", "dropout=null"])
    expected = dataclasses.replace(
        paper,
        accumulate=8,
        colour=1.0,
        crop_side=(0.5, 1),
        labels="haversine",
        coarser=((9, 2, 3),),
        level=4,
        mirror=True,
        dropout=None,
    )
    assert changed == expected
    assert isinstance(changed.colour, float)
    assert paper.changed([]) == paper


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs", "'epochs' sets no value of a recipe: give NAME=VALUE with one of network, max_photos"),
        ("name=mine", "sets no value"),
        ("speed=3", "sets no value"),
        ("epochs=many", "epochs is a value of the kind int, which 'many' is not"),
        ("epochs=1.5", "kind int"),
        ("epochs=true", "kind int"),
        ("epochs=null", "kind int"),
        ("mirror=1", "kind bool"),
        ("crop_side=[1]", "kind tuple"),
        ("coarser=[1]", "kind tuple"),
        ("epochs=0", "recipe 'tiny': epochs must be at least 1, not 0"),
        ("batch_size=0", "batch_size must be at least 1"),
        ("dropout=1", "dropout must be at least 0 and below 1"),
        ("first_share=1.5", "first_share must be at least 0 and below 1"),
        ("validation_share=0.6", "validation_share must be at most 0.5"),
        ("fine_level=10", "fine_level must be at least 11, the cells' finest level"),
        ("level=14", "fine_level must be at least 14"),
        ("learning_rate=NaN", "learning_rate must be above 0"),
        ("crop_side=[1, 0.5]", "crop_side must be two shares"),
        ("fine_level=31", "a level from 0 to 30"),
        ("level=31", "a level from 0 to 30"),
        ("optimiser=sgd", "optimiser must be one of adagrad, adamw, not 'sgd'"),
        ("labels=soft", "labels must be one of one-hot, haversine"),
        ("precision=half", "precision must be one of"),
    ],
)
def test_values_that_make_no_sense_are_refused(text: str, message: str) -> None:
    with pytest.raises(recipe.RecipeError, match=message):
        recipe.load("tiny").changed([text])
