"""Page "Reports": finished runs compared, and the report of one."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr

from featherfall.app import reports

_NO_RUNS = '<div class="empty">No finished run yet. Train a model, or start the app with --runs and the folder that holds your runs.</div>'


def build_reports(root: Path) -> tuple[Callable[[], Any], list[Any]]:
    """Build the page inside a `gr.Blocks`; return a function that refreshes it when it is opened, and the components that it updates.

    Arguments:
        root: folder of the runs.
    """

    def frame(name: str | None) -> str:
        """Return the report in a sandboxed frame, which runs no scripts."""
        if not name or reports.read_report(root, name) is None:
            return '<p class="quiet">This run has no report.</p>' if name else ""
        return f'<iframe class="report" sandbox="" title="report of {escape(name, quote=True)}" src="/report/{quote(name)}"></iframe>'

    def compare(chosen: list[str]) -> str:
        return reports.comparison_table(root, chosen) if chosen else _NO_RUNS

    def refresh() -> tuple[object, object, str, str]:
        found = list(reports.find_runs(root))
        return (
            gr.update(choices=found, value=found[:4], visible=bool(found)),
            gr.update(choices=found, value=found[0] if found else None, visible=bool(found)),
            compare(found[:4]),
            frame(found[0] if found else None),
        )

    with gr.Row(equal_height=False):
        chosen = gr.Dropdown([], value=[], multiselect=True, label="Runs side by side", elem_id="compare", scale=5, min_width=320)
        fresh = gr.Button("Look for new runs", scale=1, min_width=160, elem_id="fresh-runs")
    shown = gr.HTML("", elem_id="comparison")
    one = gr.Dropdown([], value=None, label="Report of", elem_id="report-of")
    page = gr.HTML("", elem_id="report")
    chosen.input(compare, chosen, shown, show_progress="hidden", api_visibility="private")
    one.input(frame, one, page, show_progress="hidden", api_visibility="private")
    fresh.click(refresh, None, [chosen, one, shown, page], show_progress="hidden", api_visibility="private")
    return refresh, [chosen, one, shown, page]
