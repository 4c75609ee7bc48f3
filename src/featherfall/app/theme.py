"""Look of the app: system fonts, colours for light and dark mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

STATIC = Path(__file__).parent / "static"
FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")


def theme() -> Any:
    """Return a Gradio theme that loads no fonts from other hosts."""
    import gradio as gr

    fonts = [gr.themes.Font(name) for name in FONTS]
    mono = [gr.themes.Font(name) for name in ("ui-monospace", "Menlo", "Consolas", "monospace")]
    base = gr.themes.Base(primary_hue="teal", neutral_hue="slate", radius_size="md", text_size="md", font=fonts, font_mono=mono)
    return base.set(
        body_background_fill="#f4f6f8",
        body_background_fill_dark="#0f1318",
        block_background_fill="#ffffff",
        block_background_fill_dark="#171c23",
        block_border_width="1px",
        block_label_text_color="#3b4754",
        block_label_text_color_dark="#c6ccd5",
        body_text_color="#1c2733",
        body_text_color_dark="#e8eaee",
        body_text_color_subdued="#55606c",
        body_text_color_subdued_dark="#a9b2bf",
        button_primary_background_fill="#0f766e",
        button_primary_background_fill_hover="#0b5f58",
        button_primary_background_fill_dark="#0f766e",
        button_primary_background_fill_hover_dark="#11857c",
        button_primary_text_color="#ffffff",
        slider_color="#0f766e",
        slider_color_dark="#2dd4bf",
        color_accent="#0f766e",
    )


def css() -> str:
    """Return the app's style sheet."""
    return (STATIC / "app.css").read_text(encoding="utf-8")


def head() -> str:
    """Return script tags of the app's custom elements."""
    return "".join(f'<script src="/static-app/{name}" defer></script>' for name in ("view.js", "live.js", "zones.js", "household.js"))
