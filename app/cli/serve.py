"""`pvchat serve`: the REST API with its worker."""

from dataclasses import replace
from typing import Annotated

import typer

from app.cli.options import BaseOption


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on; 0.0.0.0 for all.")] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = None,
    base: BaseOption = "nano",
) -> None:
    """Serve the API until Ctrl-C. Settings come from PVCHAT_ variables; see docs/api.md."""
    import logging
    import tempfile

    from app.cli import terminal
    from app.cli.needs import fetch_missing_weights
    from app.settings import ServiceSettings
    from pipelines.vlm_tools import check_base

    settings = ServiceSettings.from_environment()
    settings = replace(settings, host=host or settings.host, port=port or settings.port, base=base)
    check_base(settings.base)
    fetch_missing_weights()
    import uvicorn

    from app.api.application import build
    from app.auth.first_key import first_key
    from storage.media import FOLDER
    from storage.store import Store

    with Store.open(settings.home) as store:
        key = first_key(store)
    console = terminal.out()
    if key is not None:
        console.print("The first key, which may do everything. It is shown this once:", soft_wrap=True)
        console.print(f"  {key}", soft_wrap=True, highlight=False)
    console.print(f"http://{settings.host}:{settings.port}", soft_wrap=True)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s service %(levelname)s %(message)s")
    # One line per call to the worker would drown the rest.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    app = build(settings)
    # An upload on its way needs as much room as in its place, and a face video has no business in a shared folder.
    tempfile.tempdir = str(settings.home / FOLDER)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
