"""Compute in one thread for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch computes in the calling thread alone.

    For networks so small that a step takes less than a millisecond: threads that share it wait for each other longer
    than they work, and where another process wants the cores, more than ten times as long. Threads that are started
    meanwhile begin with one, too.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
