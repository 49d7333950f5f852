"""The command line of `planet_core.train_cnn`. No torch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace

from planet_core import recipe as recipes
from planet_core.recipe import Recipe

CHECKPOINT_SECONDS = 600.0  # a checkpoint at the end of each epoch, and as often as this within one


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = make_parser(
        "python -m planet_core.train_cnn",
        "Train a PlaNet model to say where photos were taken, and save it as a model version.",
        "exit codes: 0 done, 2 something to put right, 130 stopped",
    )
    return parser.parse_args(arguments)


def make_parser(prog: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """A parser with all options of a training run, for commands that take the same."""
    listing = "\n".join(f"  {name}: {recipes.summary(name)}" for name in recipes.names())
    parser = argparse.ArgumentParser(
        prog=prog,
        description=description,
        epilog=f"recipes:\n{listing}\n\n{epilog}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--recipe", required=True, metavar="NAME", help="which recipe to run, see below")
    add(
        "--data",
        required=True,
        nargs="+",
        metavar="SOURCE",
        help="photos with places, as kind:path or a path whose kind is recognised, for one a CSV file with"
        " a header line path,lat,lng[,group,digest,projection,heading], paths relative to the file;"
        " projection is flat or equirectangular",
    )
    add("--run", required=True, metavar="DIR", help="directory for metrics, checkpoints and the model")
    add("--out", metavar="DIR", help="where the model version goes (default: RUN/model)")
    add("--seed", type=int, default=0, metavar="N", help="seed of all that is random (default 0)")
    add("--epochs", type=positive, metavar="N", help="passes over the photos (default: the recipe's)")
    add("--resume", action="store_true", help="go on from the last checkpoint in DIR, if there is one")
    add(
        "--checkpoint-steps",
        type=positive,
        metavar="N",
        help=f"a checkpoint every N steps (default: each epoch and {CHECKPOINT_SECONDS / 60:.0f} minutes)",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="another value than the recipe's, for one accumulate=8 where memory is short (repeatable)",
    )
    add("--network", metavar="NAME", help="another network than the recipe's; hf:FOLDER for a backbone")
    add(
        "--init",
        metavar="MODEL",
        help="start from the weights of a model version of the same network; its head is taken where the"
        " cells are the same",
    )
    add(
        "--shuffle-labels",
        action="store_true",
        help="a control, no model to play with: every training photo gets the place of another one, so that"
        " nothing can be learnt but how many photos there are where",
    )
    add("--tensorboard", action="store_true", help="also write curves for TensorBoard, if it is installed")
    return parser


def chosen_recipe(options: argparse.Namespace) -> Recipe:
    """The recipe that the options name, with the values that they change.

    Raises:
        RecipeError: there is none of that name, or a value makes no sense.
    """
    recipe = recipes.load(options.recipe).changed(options.set)
    changes = {name: getattr(options, name) for name in ("epochs", "network") if getattr(options, name)}
    return replace(recipe, **changes)


def positive(text: str) -> int:
    """A whole number of at least 1, as an option's type."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
