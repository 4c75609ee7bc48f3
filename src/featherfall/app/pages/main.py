"""All pages in one Gradio app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from featherfall.app.media import MediaStore
from featherfall.app.models import OfferedModel
from featherfall.app.pages.about import build_about
from featherfall.app.pages.analysis import AnalysisPage
from featherfall.app.pages.reports import build_reports
from featherfall.app.pages.train import build_train
from featherfall.app.training_runs import TrainingRuns
from featherfall.app.work import WorkQueue

if TYPE_CHECKING:
    from featherfall.app.settings import ServerSettings

_SUBTITLE = "finds falls in films and in the motion of a watch; nothing leaves this machine"
_MASTHEAD = f'<header id="masthead"><h1>featherfall</h1><p>{_SUBTITLE}</p></header>'


def blocks(models: Sequence[OfferedModel], settings: ServerSettings, store: MediaStore, runs: TrainingRuns) -> Any:
    """Return the Gradio app with all pages."""
    queue = WorkQueue()

    def end_session(request: gr.Request) -> None:
        """Stop the analysis of a page that was closed, and remove its files."""
        queue.stop(f"{request.session_hash}")
        store.end(f"{request.session_hash}")

    with gr.Blocks(title="featherfall", analytics_enabled=False, delete_cache=(900, 7200), fill_width=True) as app:
        gr.HTML(_MASTHEAD)
        with gr.Tabs(elem_id="pages"):
            with gr.Tab("Look", id="look"):
                AnalysisPage(models, store, queue).build()
            if settings.household is not None:
                with gr.Tab("Live", id="live"):
                    gr.HTML("<fall-household></fall-household>", elem_id="household")
            with gr.Tab("Train", id="train"):
                opened = [build_train(runs, store)]
            with gr.Tab("Reports", id="reports"):
                opened.append(build_reports(settings.runs))
            with gr.Tab("About", id="about"):
                build_about(models)
        for refresh, parts in opened:
            if parts:
                app.load(refresh, None, parts, show_progress="hidden", api_visibility="private")
        app.unload(end_session)
    app.queue(default_concurrency_limit=8, max_size=64)
    return app
