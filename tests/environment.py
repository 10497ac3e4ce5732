"""What libraries read when they are loaded, so this is imported before them."""

import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
# Threads of torch that wait for each other sleep. By default they spin, and where another process has work for the
# same cores, tiny models become forty times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Each process that runs tests has a core of its own.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("PVCHAT_CACHE", str(Path.home() / ".cache" / "pvchat"))
