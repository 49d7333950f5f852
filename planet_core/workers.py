"""Work spread over processes, its results in the order of the work. No torch."""

from __future__ import annotations

import itertools
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from planet_core.stopping import UserError

AHEAD = 4
"""Chunks that are under way for each process."""

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    items: Iterator[Item], work: Callable[[list[Item]], list[Result]], chunk: int, jobs: int
) -> Generator[Result, None, None]:
    """The results of `work`, which gets `chunk` items at once, in the order of the items.

    Args:
        work: a function that can be pickled; it runs in `jobs` processes, or in this one if that is 1.

    Raises:
        UserError: a process has died.
    """
    chunks = iter(lambda: list(itertools.islice(items, chunk)), [])
    if jobs == 1:
        for some in chunks:
            yield from work(some)
        return
    # spawned, not forked: this process may have threads
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_in_child)
    waiting: deque[Future[list[Result]]] = deque()
    try:
        for some in chunks:
            waiting.append(pool.submit(work, some))
            if len(waiting) >= AHEAD * jobs:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        raise UserError(
            "a process that works on pictures has died, perhaps for want of memory: give the same command"
            " with fewer --jobs to go on"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _in_child() -> None:
    """Ctrl-C is the parent's business; without the parent there is nothing left to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent.sentinel,), daemon=True).start()


def _follow(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
