"""The command line of `planet_core.train_album`. No torch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from planet_core import album_recipe
from planet_core.album_recipe import AlbumRecipe
from planet_core.train_options import CHECKPOINT_SECONDS, positive

VARIANTS = ("avg", "lstm", "lstm-off1", "lstm-off2", "lstm-rep", "blstm", "transformer")
"""Those of `album`, which this module cannot import: it would load torch."""


def make_parser(program: str, description: str, exit_codes: str) -> argparse.ArgumentParser:
    """A parser with the options that training an album model and its plan share."""
    parser = argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog=f"variants: {', '.join(VARIANTS)}\nrecipes: {', '.join(album_recipe.RECIPES)}\n\n{exit_codes}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--variant", required=True, metavar="NAME", choices=VARIANTS, help="which album model, see below")
    add("--image-model", required=True, metavar="DIR", help="model version that sees the photos")
    add("--train", required=True, nargs="+", metavar="ALBUMS", help="folders with albums.jsonl")
    add("--validation", nargs="+", default=[], metavar="ALBUMS", help="folders that choose the best epoch")
    add("--out", required=True, metavar="RUN", help="directory for metrics, checkpoints and RUN/model")
    add("--recipe", default="modern", metavar="NAME", help="which recipe to run (default: modern)")
    add("--cut", type=positive, metavar="N", help="cut albums to N photos; 25 in the paper's table")
    add("--model", metavar="DIR", help="where the album model goes (default: RUN/model)")
    add("--cache", metavar="DIR", help="where embeddings are kept (default: RUN/embeddings)")
    add("--seed", type=int, default=0, metavar="N", help="seed of all that is random (default 0)")
    add("--epochs", type=positive, metavar="N", help="passes over the albums (default: the recipe's)")
    add("--resume", action="store_true", help="go on from the last checkpoint in RUN, if there is one")
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
        help="another value than the recipe's, for one hidden=256 (repeatable); album_recipe.py lists them",
    )
    return parser


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    parser = make_parser(
        "python -m planet_core.train_album",
        "Train a model that says where the photos of an album were taken, from all of them.",
        "exit codes: 0 done, 2 something to put right, 130 stopped",
    )
    return parser.parse_args(arguments)


def chosen_recipe(options: argparse.Namespace) -> AlbumRecipe:
    """The recipe that the options name, with the values that they change.

    Raises:
        RecipeError: there is none of that name, or a value makes no sense.
    """
    recipe = album_recipe.load(options.recipe).changed(options.set)
    return replace(recipe, epochs=options.epochs) if options.epochs else recipe


def model_of(options: argparse.Namespace) -> Path:
    """Where the album model goes."""
    return Path(options.model) if options.model else Path(options.out) / "model"


def cache_of(options: argparse.Namespace) -> Path:
    """Where embeddings are kept."""
    return Path(options.cache) if options.cache else Path(options.out) / "embeddings"
