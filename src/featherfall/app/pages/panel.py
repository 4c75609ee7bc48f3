"""A panel of the page "Look": one result, with its curve, its threshold and its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from featherfall.app import parts
from featherfall.app.alarms import brief_false_alarms, describe_false_alarms
from featherfall.app.analysis import Analysis, Draw, TaskProgress
from featherfall.app.media import MediaStore
from featherfall.app.models import OfferedModel
from featherfall.app.work import Failed, InProgress, WorkQueue
from featherfall.core.text import in_markdown

_EMPTY = '<div class="empty">Results are shown here.</div>'


@dataclass(frozen=True, eq=False)
class PanelState:
    """Result that a panel shows, kept by the server while the page is open."""

    analysis: Analysis
    model: OfferedModel
    folder: Path


class Panel:
    """One panel; builds its components inside a `gr.Blocks`.

    Arguments:
        name: for its elements in the page.
        first: whether it is shown, empty, before anything was analysed.
    """

    def __init__(self, name: str, store: MediaStore, queue: WorkQueue, first: bool) -> None:
        self.name, self._store, self._queue = name, store, queue
        with gr.Column(min_width=320, visible=first, elem_id=f"panel-{name}") as holder:
            self._head = gr.HTML(_EMPTY if first else "")
            self._view = gr.HTML("")
            self._line = gr.HTML("")
            self._slider = gr.Slider(
                0.01, 0.99, value=0.5, step=0.01, label="Threshold: how sure it must be", visible=False, elem_id=f"threshold-{name}"
            )
            self._alarms = gr.Markdown("", elem_classes="quiet", elem_id=f"cost-{name}")
            self._links = gr.HTML("", elem_id=f"links-{name}")
            self._draw_button = gr.Button("Make the annotated film", visible=False, elem_id=f"draw-{name}")
            self._drawn = gr.HTML("", elem_id=f"drawn-{name}")
            self.state = gr.State(None, time_to_live=7200, delete_callback=self.discard)
        self._holder = holder
        self._texts = [self._head, self._line, self._alarms, self._links, self._drawn]  # what a move of the threshold changes
        self.parts = [holder, self._view, self._slider, self._draw_button, self.state, *self._texts]

    def connect(self, private: gr.Checkbox, how: dict[str, Any]) -> None:
        """Connect the slider and the button. how: further arguments of their events."""
        self._slider.input(self._decide, [self._slider, self.state], self._texts, trigger_mode="always_last", **how)
        self._draw_button.click(self._draw, [self._slider, private, self.state], self._drawn, **how)

    def show(self, held: PanelState | None) -> dict[Any, Any]:
        """Return the updates that show a result, or hide the panel."""
        if held is None:
            return dict.fromkeys([*self._texts, self._view], "") | {self._holder: gr.update(visible=False), self.state: None}
        analysis, threshold = held.analysis, held.analysis.threshold
        noun = "film" if analysis.media.film else "picture"
        return {
            self._holder: gr.update(visible=True),
            **dict(zip(self._texts, self._decided(held, threshold), strict=True)),
            self._view: parts.view(analysis, self.name, self._store),
            self._slider: gr.update(visible=threshold is not None, value=threshold or 0.5),
            self._draw_button: gr.update(visible=analysis.draw is not None, value=f"Make the annotated {noun}"),
            self.state: held,
        }

    def discard(self, held: Any) -> None:
        """Remove a result's files."""
        if isinstance(held, PanelState):
            self._store.remove(held.folder)

    def _decide(self, threshold: float, held: PanelState | None) -> tuple[str, ...]:
        """Decide again at the slider's threshold; the curve stays."""
        return ("",) * len(self._texts) if held is None else self._decided(held, threshold)

    def _decided(self, held: PanelState, threshold: float | None) -> tuple[str, ...]:
        """Return `_texts` at a threshold; None where none decides."""
        brief, alarms = "", ""
        if threshold is not None:
            measured = held.model.metrics, threshold, held.model.manifest.operating
            brief, alarms = brief_false_alarms(*measured), in_markdown(describe_false_alarms(*measured))
        line = parts.timeline(held.analysis, self.name, threshold, brief)
        return parts.heading(held.analysis, threshold), line, alarms, self._event_links(held, threshold), ""

    def _event_links(self, held: PanelState, threshold: float | None) -> str:
        if not held.folder.is_dir():
            return '<p class="quiet">The files of this result were removed, because they were not used for too long. Look again.</p>'
        stem = Path(held.analysis.file).stem
        level = 0.0 if threshold is None else threshold
        files = [("Save the events as CSV", held.folder / f"{stem}-events.csv"), ("as JSON", held.folder / f"{stem}-events.json")]
        files[0][1].write_text(held.analysis.to_csv(level), encoding="utf-8")
        files[1][1].write_text(held.analysis.to_json(level), encoding="utf-8")
        return parts.links(files, self._store)

    def _draw(self, request: gr.Request, threshold: float, private: bool, held: PanelState | None) -> Iterator[str]:
        """Write the annotated film or picture, and link it."""
        if held is None or held.analysis.draw is None:
            return
        draw, suffix = held.analysis.draw, ".mp4" if held.analysis.media.film else ".jpg"
        target = held.folder / f"{Path(held.analysis.file).stem}-seen{suffix}"
        for news in self._queue.run(f"{request.session_hash}", partial(self._write, draw, target, threshold, private)):
            if isinstance(news, InProgress):
                yield parts.waiting(news)
            elif isinstance(news, Failed):
                yield parts.error(news.why)
            else:
                yield parts.links([(f"Save {target.name}", target)], self._store)

    def _write(self, draw: Draw, target: Path, threshold: float, private: bool, progress: TaskProgress) -> None:
        """Write an annotated film or picture within the limits of the disk. Raises: `UserError`; `Cancelled`."""
        try:
            draw(target, threshold, private, self._store.watched(target.parent, progress))
            self._store.measure(target.parent)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
