"""Work in a thread that ends with it.

A thread that has computed keeps a pool of helpers (OpenMP) for as long as it lives. While two such pools are there,
those of one no longer wait for each other awake, and everything they compute takes a third longer: measured on a
training beside the idle thread of an answer given before.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def in_own_thread(work: Callable[[], Result]) -> asyncio.Future[Result]:
    """Start some work in a thread of its own, from the event loop.

    Returns:
        what it comes to.
    """
    threads = ThreadPoolExecutor(1, thread_name_prefix="pvchat-once")
    try:
        return asyncio.get_running_loop().run_in_executor(threads, work)
    finally:
        # Takes nothing more; the thread ends when the work is done.
        threads.shutdown(wait=False)
