"""All pages as one Gradio app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from featherfall.app.media import Shelf
from featherfall.app.models import Model
from featherfall.app.pages import about, reports, train
from featherfall.app.pages.look import Look
from featherfall.app.trainings import Trainings
from featherfall.app.work import Desk

if TYPE_CHECKING:
    from featherfall.app.server import Settings

WHAT = "finds falls in films and in the motion of a watch; nothing leaves this machine"
MASTHEAD = f'<header id="masthead"><h1>featherfall</h1><p>{WHAT}</p></header>'


def blocks(models: Sequence[Model], settings: Settings, shelf: Shelf, trainings: Trainings) -> Any:
    """The pages."""
    with gr.Blocks(title="featherfall", analytics_enabled=False, delete_cache=(900, 7200), fill_width=True) as app:
        gr.HTML(MASTHEAD)
        with gr.Tabs(elem_id="pages"):
            with gr.Tab("Look", id="look"):
                Look(models, shelf, Desk(), settings.most).build()
            with gr.Tab("Train", id="train"):
                opened = [train.build(trainings)]
            with gr.Tab("Reports", id="reports"):
                opened.append(reports.build(settings.runs))
            with gr.Tab("About", id="about"):
                about.build(models)
        for refresh, parts in opened:
            if parts:
                app.load(refresh, None, parts, show_progress="hidden", api_visibility="private")
    app.queue(default_concurrency_limit=8, max_size=64)
    return app
