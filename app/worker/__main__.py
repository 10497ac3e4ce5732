"""Run the worker: `python -m app.worker --home FOLDER --socket PATH`. Started by the service, not by hand."""

import argparse
import logging
import os
import sys
import threading
from pathlib import Path

import uvicorn

from app.settings import JOBS_URL
from app.worker.application import build
from pipelines.session import open_unswept
from storage.media import MediaFolder
from storage.store import Store


def main() -> int:
    """Serve until the service closes our standard input, which it does by ending too."""
    parser = argparse.ArgumentParser(prog="python -m app.worker")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--socket", required=True)
    parser.add_argument("--base", default="nano")
    options = parser.parse_args()
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(levelname)s %(message)s", stream=sys.stderr)
    os.umask(0o077)
    with open_unswept(options.home, base=options.base) as session, Store.open(options.home) as store:
        app = build(session, store, MediaFolder(options.home), jobs_url=os.environ.get(JOBS_URL, ""))
        config = uvicorn.Config(app, uds=options.socket, log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
        server.run()
    return 0


def _end_with_parent(server: uvicorn.Server) -> None:
    # The service holds the other end of our standard input; when it is gone, however it went, so are we.
    while os.read(0, 1024):
        pass
    server.should_exit = True


if __name__ == "__main__":
    sys.exit(main())
