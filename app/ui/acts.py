"""Buttons inside the pages' own HTML: a click becomes one Gradio event with the data of the button."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from app.ui.calls import QUIET

# The event's name has to stand in quotes here: Gradio finds it by reading this text.
_ON_LOAD = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (button && element.contains(button)) trigger('act', { ...button.dataset });
});
"""


def acting_html(value: str, elem_id: str) -> gr.HTML:
    """HTML whose buttons with a `data-act` attribute call the handler given to `on_act`."""
    return gr.HTML(value, elem_id=elem_id, js_on_load=_ON_LOAD)


def on_act(html: gr.HTML, handler: Callable[..., Any], inputs: Any, outputs: Any) -> Any:
    """Call a handler with `gr.EventData` whose attributes are the button's `data-` values."""
    listen: Callable[..., Any] = html.act
    return listen(handler, inputs, outputs, **QUIET)
