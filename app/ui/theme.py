"""Colours and type of the pages: warm paper, ink, one green; both light and dark."""

from pathlib import Path

import gradio as gr

STATIC = Path(__file__).with_name("static")

_INK = gr.themes.Color(
    name="ink",
    c50="#f7f5f0",
    c100="#f0ede5",
    c200="#e0dbcf",
    c300="#c6c3b8",
    c400="#8d9794",
    c500="#65716e",
    c600="#4c5855",
    c700="#34403d",
    c800="#212927",
    c900="#181e1d",
    c950="#101514",
)
_GREEN = gr.themes.Color(
    name="green",
    c50="#e9f5f2",
    c100="#cfe9e3",
    c200="#a3d6cc",
    c300="#6fd0c2",
    c400="#37a99b",
    c500="#178578",
    c600="#0f6b62",
    c700="#0d564f",
    c800="#0c4540",
    c900="#0a3733",
    c950="#05201e",
)
_FONT = ["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif"]
_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "DejaVu Sans Mono", "monospace"]


def theme() -> gr.themes.Base:
    """The theme; no font or file comes from elsewhere."""
    return gr.themes.Base(
        primary_hue=_GREEN,
        secondary_hue=_GREEN,
        neutral_hue=_INK,
        font=[gr.themes.Font(name) for name in _FONT],
        font_mono=[gr.themes.Font(name) for name in _MONO],
        radius_size=gr.themes.sizes.radius_lg,
    ).set(
        body_background_fill="#f5f3ee",
        body_background_fill_dark="#101514",
        body_text_color="#1d2524",
        body_text_color_dark="#edf1ef",
        body_text_color_subdued="#56615f",
        body_text_color_subdued_dark="#a5b1ae",
        block_background_fill="#fffdf9",
        block_background_fill_dark="#181e1d",
        block_border_color="#e0dbcf",
        block_border_color_dark="#34403d",
        block_border_width="1px",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_border_width="0px",
        block_label_text_color="#4c5855",
        block_label_text_color_dark="#a5b1ae",
        block_title_text_color="#34403d",
        block_title_text_color_dark="#c6c3b8",
        block_title_text_weight="600",
        block_shadow="none",
        input_background_fill="#f7f5f0",
        input_background_fill_dark="#101514",
        input_border_color="#8d9794",
        input_border_color_dark="#65716e",
        input_border_width="1px",
        input_placeholder_color="#65716e",
        input_placeholder_color_dark="#8d9794",
        button_primary_background_fill="#0f6b62",
        button_primary_background_fill_hover="#0d564f",
        button_primary_background_fill_dark="#6fd0c2",
        button_primary_background_fill_hover_dark="#a3d6cc",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#05201e",
        button_secondary_background_fill="#f0ede5",
        button_secondary_background_fill_hover="#e0dbcf",
        button_secondary_background_fill_dark="#212927",
        button_secondary_background_fill_hover_dark="#34403d",
        button_cancel_background_fill="#a3271d",
        button_cancel_background_fill_hover="#861f17",
        button_cancel_text_color="#ffffff",
        button_cancel_background_fill_dark="#ffb4a9",
        button_cancel_background_fill_hover_dark="#ffcfc8",
        button_cancel_text_color_dark="#3b0a06",
    )
