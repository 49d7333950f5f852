"""The command line of `planet_core.train_cnn`. No torch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from planet_core import recipe as recipes

CHECKPOINT_SECONDS = 600.0  # a checkpoint at the end of each epoch, and as often as this within one


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; ends the process with code 2 and a usage line where it makes no sense."""
    listing = "\n".join(f"  {name}: {recipes.summary(name)}" for name in recipes.names())
    parser = argparse.ArgumentParser(
        prog="python -m planet_core.train_cnn",
        description="Train a PlaNet model to say where photos were taken, and save it as a model version.",
        epilog=f"recipes:\n{listing}\n\nexit codes: 0 done, 2 something to put right, 130 stopped",
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
    add("--epochs", type=_positive, metavar="N", help="passes over the photos (default: the recipe's)")
    add("--resume", action="store_true", help="go on from the last checkpoint in DIR, if there is one")
    add(
        "--checkpoint-steps",
        type=_positive,
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
        "--shuffle-labels",
        action="store_true",
        help="a control, no model to play with: every training photo gets the place of another one, so that"
        " nothing can be learnt but how many photos there are where",
    )
    add("--tensorboard", action="store_true", help="also write curves for TensorBoard, if it is installed")
    return parser.parse_args(arguments)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
