"""Training on several processes: who am I, what is my part, and sums over all of us.

`torchrun --nproc-per-node 2 -m -- planet_core.train_cnn ...` starts the processes and tells each its number
in the environment; without it there is one. (Without the `--`, torchrun takes our --run for an option of its
own.) gloo connects CPUs, nccl GPUs, one process a device.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.autograd import Function
from torch.nn.parallel import DistributedDataParallel

from planet_core.stopping import UserError

Value = TypeVar("Value")


@dataclass(frozen=True)
class Processes:
    """This process among all: its `rank` 0..`count`-1, and the device it computes on."""

    rank: int
    count: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this is the process that writes files and talks."""
        return self.rank == 0

    def part(self, items: int) -> slice:
        """This process's consecutive share of so many items; the shares differ by one at most."""
        return slice(items * self.rank // self.count, items * (self.rank + 1) // self.count)

    def sum(self, values: Tensor) -> Tensor:
        """The sum of the values over all processes, the same on each."""
        if self.count == 1:
            return values
        total = values.detach().clone()
        dist.all_reduce(total)
        return total

    def gather(self, value: Value) -> list[Value]:
        """Every process's value, in the order of their ranks, the same on each; values that pickle can."""
        if self.count == 1:
            return [value]
        data = pickle.dumps(value)
        lengths = torch.zeros(self.count, dtype=torch.int64, device=self.device)
        lengths[self.rank] = len(data)
        sizes: list[int] = self.sum(lengths).tolist()
        table = torch.zeros((self.count, max(sizes)), dtype=torch.uint8, device=self.device)
        table[self.rank, : len(data)] = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        rows = self.sum(table).cpu().numpy()
        return [pickle.loads(row[:size].tobytes()) for row, size in zip(rows, sizes, strict=True)]

    def follow_first(self, network: nn.Module) -> None:
        """Gives every process the first one's batch statistics, which are those that are saved.

        Weights are equal anyway; statistics are of each process's own photos, unless a recipe shares them.
        """
        for buffer in network.buffers():
            buffer.copy_(self.sum(buffer if self.first else torch.zeros_like(buffer)))

    @property
    def threads(self) -> int:
        """Threads of this process for decoding: the machine's cores, shared with its other processes."""
        here = int(os.environ.get("LOCAL_WORLD_SIZE", self.count))
        return max(1, len(os.sched_getaffinity(0)) // here)

    def wrap(self, network: nn.Module) -> nn.Module:
        """The network with gradients averaged over the processes; itself where there is only one."""
        if self.count == 1:
            return network
        return DistributedDataParallel(network)


@contextlib.contextmanager
def joined() -> Iterator[Processes]:
    """Joins the processes that torchrun started; without torchrun, one process alone.

    Raises:
        UserError: the environment names more processes of this machine than it has GPUs.
    """
    count, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if torch.cuda.is_available():
        if local >= torch.cuda.device_count():
            raise UserError(
                f"process {local} of this machine has no GPU: there are {torch.cuda.device_count()};"
                " start as many processes as GPUs (torchrun --nproc-per-node), one a device"
            )
        torch.cuda.set_device(local)
        device = torch.device("cuda", local)
    else:
        device = torch.device("cpu")
    if count == 1:
        yield Processes(0, 1, device)
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo", rank=rank, world_size=count)
    try:
        yield Processes(rank, count, device)
    finally:
        dist.destroy_process_group()


def is_lost(error: Exception) -> bool:
    """Whether this is what a process meets where another one of the run has ended."""
    return isinstance(error, dist.DistError) or "Connection closed by peer" in str(error)


def seed_all(*numbers: int) -> None:
    """Makes what torch, numpy and Python draw next a function of these numbers.

    Called before every step with the run's seed, the step and the rank, so that no generator's state has to
    survive a crash: a resumed run draws what the uninterrupted one drew.
    """
    value = int(np.random.SeedSequence(numbers).generate_state(1)[0])
    torch.default_generator.manual_seed(value)
    if torch.cuda.is_available():  # torch.manual_seed remembers each call until there is a GPU
        torch.cuda.manual_seed_all(value)
    np.random.seed(value)  # our own code draws from generators of its own; other people's networks may not
    random.seed(value)


class _SumOverProcesses(Function):
    """The sum of a tensor over all processes, with the gradient that belongs to it."""

    @staticmethod
    def forward(_context: object, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_context: object, gradient: Tensor) -> Tensor:
        total = gradient.clone()
        dist.all_reduce(total)
        return total


class BatchNormOverProcesses(nn.BatchNorm2d):
    """Batch normalisation with the statistics of the whole batch, on CPU, where torch has none.

    With it, two processes compute what one process computes with both their batches.
    """

    def forward(self, x: Tensor) -> Tensor:  # (B, C, H, W)
        if not self.training:
            return super().forward(x)
        shape = (1, -1, 1, 1)
        count = torch.tensor([x.numel() / x.shape[1]], dtype=x.dtype, device=x.device)
        sums = torch.cat([x.sum(dim=(0, 2, 3)), count])
        total: Tensor = _SumOverProcesses.apply(sums)  # type: ignore[no-untyped-call]
        number = total[-1].detach()
        centred = x - (total[:-1] / number).view(shape)
        squares: Tensor = _SumOverProcesses.apply(  # type: ignore[no-untyped-call]
            centred.square().sum(dim=(0, 2, 3))
        )
        variance = squares / number
        with torch.no_grad():
            share = self.momentum or 0.0
            assert self.running_mean is not None
            assert self.running_var is not None
            assert self.num_batches_tracked is not None
            self.running_mean.lerp_(total[:-1] / number, share)
            self.running_var.lerp_(variance * number / (number - 1), share)
            self.num_batches_tracked.add_(1)
        scale = (variance + self.eps).rsqrt() * self.weight
        normed: Tensor = centred * scale.view(shape) + self.bias.view(shape)
        return normed


def share_batch_statistics(network: nn.Module, processes: Processes) -> nn.Module:
    """The network with batch normalisation over all processes; unchanged where there is only one."""
    if processes.count == 1:
        return network
    if processes.device.type == "cuda":
        converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
        return converted
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = BatchNormOverProcesses
    return network
