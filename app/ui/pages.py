"""The pages: a Gradio application of four tabs, mounted into the service below /ui."""

import os
import shutil
from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.routing import Mount

from app.api.context import Service
from app.auth.gate import PAGES
from app.ui import chat_tab, enroll_tab, jobs_tab, people_tab
from app.ui.calls import QUIET, pages_folder, told
from app.ui.reach import Reach
from app.ui.render import page_part
from app.ui.theme import STATIC, theme

# Uploads lie with Gradio for the moment between the browser and the job; what nobody took is deleted.
_SWEEP_S, _KEPT_S = 300, 900
_HEAD = '<link rel="icon" href="/favicon.ico" type="image/svg+xml"><script>{script}</script>'


def mount(app: FastAPI, service: Service) -> None:
    """Put the pages into the application.

    Args:
        app: its gate has to be in front of them. service: what they show.
    """
    folder = pages_folder(service)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    # Read by Gradio when the application is made; face videos do not belong into a folder shared with others.
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    gr.mount_gradio_app(
        app,
        build(service),
        path=PAGES,
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=service.settings.max_upload_bytes,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css=(STATIC / "style.css").read_text(encoding="utf-8"),
        head=_HEAD.format(script=(STATIC / "page.js").read_text(encoding="utf-8")),
    )
    mounted = app.router.routes[-1]
    if not isinstance(mounted, Mount) or mounted.path != PAGES:
        raise RuntimeError(f"Gradio was not mounted last at {PAGES}; see whether its way of mounting has changed")
    mounted.app = Reach(mounted.app, folder=folder, most_bytes=service.settings.max_upload_bytes)


def build(service: Service) -> gr.Blocks:
    """The Gradio application."""
    swept = (_SWEEP_S, _KEPT_S)
    with gr.Blocks(title="PVChat", analytics_enabled=False, delete_cache=swept, fill_width=True) as blocks:
        gr.HTML(page_part("header"), elem_id="pv-header")
        with gr.Tabs(elem_id="pv-tabs"):
            chat = chat_tab.build(service)
            enroll_tab.build(service)
            people_tab.build(service)
            jobs_tab.build(service)

        @told
        async def refresh(
            video_id: str | None, further: list[str] | None, names: list[str], request: gr.Request
        ) -> tuple[Any, Any, Any]:
            return await chat_tab.choices(service, request, video_id, further or (), names)

        for trigger in (blocks.load, chat.tab.select):
            chosen = [chat.video, chat.further, chat.people]
            trigger(refresh, chosen, chosen, **QUIET)
    return blocks
