"""A worker process that is going to be killed: the product's worker, which says what it begins and waits for a nod.

Over its pipe it sends `READY` when it takes jobs, then (step, moment) whenever a step really begins, and goes on with
the step when anything comes back. Where nothing comes back it stands still, so that whoever kills it knows where it is.
"""

import logging
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from pipelines.enroll.worker import TrainingWorker
from pipelines.session import Session
from pipelines.tools import EmbeddedTools, Tools
from storage.store import Store

READY = "ready"
LOG = "worker.log"


def embedded(pipe: Connection, home: Path, url: str | None) -> None:
    """Work with real perception and the real nano.

    Args:
        pipe: to whoever started this process. home: the data folder. url: see `TrainingWorker`.
    """
    tools = EmbeddedTools()
    # Loaded before it says that it is ready, so that loading is no part of a step.
    tools.perception_models()
    serve(pipe, home, url, tools)


def serve(
    pipe: Connection,
    home: Path,
    url: str | None,
    tools: Tools,
    *,
    threads: int | None = None,
    beat_s: float = 2.0,
    dead_after_s: float = 12.0,
) -> None:
    """Take jobs until the pipe is closed at the other end.

    Args:
        pipe, home, url: see `embedded`. tools: perception and the base.
        threads: of torch, by default as many as it takes. beat_s, dead_after_s: see `TrainingWorker`.
    """
    logging.basicConfig(filename=home / LOG, level=logging.INFO, format="%(asctime)s %(process)d %(message)s")
    if threads is not None:
        torch.set_num_threads(threads)
    nods = threading.Semaphore(0)

    def begins(_job_id: str, step: str) -> None:
        pipe.send((step, time.monotonic()))
        nods.acquire()

    with Store.open(home) as store, Session(Store.open(home), tools) as session:
        worker = TrainingWorker(session, store, url=url, beat_s=beat_s, dead_after_s=dead_after_s, on_run=begins)
        worker.start()
        pipe.send(READY)
        with suppress(EOFError):
            while True:
                pipe.recv()
                nods.release()
        nods.release()
        worker.stop()
