"""How much memory a training run will take, from the shapes of its network on torch's meta device.

What a step keeps for its way back is counted, tensor by tensor, in a forward pass without values; then the
way back holds two gradients at once beside it, of the largest of these tensors at most. The rest is
arithmetic over the weights. Libraries take more for themselves, as convolutions do while they run: an
estimate to find out what cannot work, not to fill a device by. `tests/planet_core/test_plan.py` holds it
against what a run takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from planet_core import networks
from planet_core.examination import EXAMINED_AT_ONCE
from planet_core.heads import Network
from planet_core.pictures import VALIDATION_HEADINGS, kept_bytes
from planet_core.recipe import Recipe
from planet_core.sources.photo import Photo

STATES = {"adagrad": 1, "adamw": 2}
"""Values that an optimiser keeps for each weight."""
STEPS_AHEAD = 2
"""Steps whose pictures are decoded before they are needed (`feed.ShardFeed`)."""
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current"))


@dataclass(frozen=True)
class Memory:
    """Bytes that one process of a run takes at its peak, by what takes them.

    Attributes:
        weights: those that learn, their moving average, and the copy of the best epoch.
        gradients: one for each weight that learns; twice where processes exchange them.
        optimiser: what it keeps for each weight.
        activations: what a step keeps for its way back, or what an examination holds.
        pictures: kept small in memory, or decoded ahead.
        program: the interpreter and its libraries.
    """

    weights: int
    gradients: int
    optimiser: int
    activations: int
    pictures: int
    program: int

    @property
    def state(self) -> int:
        """Of a checkpoint on disk: weights and the optimiser's values."""
        return self.weights + self.optimiser


def estimate(
    recipe: Recipe, cells: list[int], pictures: int, part: int, processes: int, half: bool
) -> Memory:
    """The memory of one process.

    Args:
        cells: number of cells of each partition, coarse first.
        pictures: bytes of pictures in memory, see `picture_bytes`.
        part: photos that go through the network at once.
        half: whether the convolutions compute in bfloat16.

    Raises:
        UserError: no such network.
    """
    network = networks.build_empty(recipe.network, cells if len(cells) > 1 else cells[0])
    frozen = recipe.frozen and hasattr(network, "model")
    if frozen:
        network.model.requires_grad_(False)
    everything = sum(bytes_of(value) for value in network.state_dict().values())
    learning = sum(bytes_of(value) for value in network.parameters() if value.requires_grad)
    copies = 2 + bool(recipe.average)
    return Memory(
        weights=copies * everything + (everything // 2 if half else 0),
        gradients=learning * (2 if processes > 1 else 1),
        optimiser=STATES[recipe.optimiser] * learning,
        activations=max(_training(network, part, half), _examining(network, half)),
        pictures=pictures,
        program=resident(),
    )


def picture_bytes(
    photos: list[Photo], held_out: list[Photo], image_px: int, batch: int, streamed: bool
) -> int:
    """Bytes of pictures that a process holds: all and the held-out views, or those of the next steps."""
    if streamed:
        return STEPS_AHEAD * batch * 3 * image_px**2
    views = sum(
        len(VALIDATION_HEADINGS) if photo.projection == "equirectangular" else 1 for photo in held_out
    )
    return round(kept_bytes(photos, image_px)) + views * 3 * image_px**2


def available(device: torch.device) -> int:
    """Free bytes of a GPU, or of the machine's memory, as far as a container may use it."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    lines = Path("/proc/meminfo").read_text().splitlines()
    facts = dict(line.split(":", 1) for line in lines)
    free = 1024 * int(facts["MemAvailable"].split()[0])
    try:
        limit, used = (path.read_text().strip() for path in _LIMITS)
    except OSError:
        return free
    return free if limit == "max" else min(free, max(0, int(limit) - int(used)))


def bytes_of(value: Tensor) -> int:
    """Size of a tensor's values."""
    return value.numel() * value.element_size()


def _training(network: Network, part: int, half: bool) -> int:
    """What a forward pass keeps, and the gradients that the way back holds beside it."""
    network.train()
    kept: dict[int, tuple[Any, int]] = {}

    def keep(value: Tensor) -> Tensor:
        if not isinstance(value, nn.Parameter):
            storage = value.untyped_storage()
            kept[storage._cdata] = (storage, storage.nbytes())  # held, so that no number is used twice
        return value

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        _forward(network, part, half)
    sizes = [size for _, size in kept.values()]
    pixels = part * 3 * network.image_px**2
    return sum(sizes) + 2 * max(sizes, default=0) + 5 * pixels  # as bytes, and as floats


def _examining(network: Network, half: bool) -> int:
    """The largest tensors that an examination holds at once: what goes into a layer, and what comes out."""
    network.eval()
    largest = [0]
    hooks = [
        module.register_forward_hook(lambda _m, _i, out: largest.append(_size(out)))
        for module in network.modules()
    ]
    with torch.no_grad():
        _forward(network, EXAMINED_AT_ONCE, half)
    for hook in hooks:
        hook.remove()
    return 2 * max(largest) + 5 * EXAMINED_AT_ONCE * 3 * network.image_px**2


def _size(out: object) -> int:
    return bytes_of(out) if isinstance(out, Tensor) else 0


def _forward(network: Network, photos: int, half: bool) -> None:
    kind = torch.bfloat16 if half else torch.float32
    with torch.device("meta"):
        network.to(kind)(torch.empty((photos, 3, network.image_px, network.image_px), dtype=kind))


def resident() -> int:
    """Bytes of this process, which has loaded the same libraries as a training run."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
