"""Page "Look": analyse a file, a webcam or a phone's motion with one or two models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from featherfall.app import parts
from featherfall.app.analysers.dispatch import SUFFIXES_BY_MEDIA, analyse_file, media_type, page_message
from featherfall.app.analysis import TaskProgress
from featherfall.app.media import MediaStore
from featherfall.app.models import MediaType, OfferedModel, choose_model
from featherfall.app.pages.file_fields import FilmFields, TableFields, Updates, Values
from featherfall.app.pages.panel import Panel, PanelState
from featherfall.app.pages.upload_field import send_again
from featherfall.app.peers import address_key
from featherfall.app.work import Failed, InProgress, WorkQueue
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_write

ANY, NONE = "Choose for me", "No second model"
SAMPLES = Path(__file__).parent.parent / "samples"
SCROLL = "() => { if (innerWidth < 760) document.getElementById('result').scrollIntoView({ behavior: 'smooth' }); }"
AT_ONCE = 32  # pages that wait for an analysis; more than the work queue takes, so that each is told why it waits
TRY = {"film": "Try a film", "table": "Try a watch", "picture": "Try a picture"}


class AnalysisPage:
    """The page; `build` builds it inside a `gr.Blocks`."""

    def __init__(self, models: Sequence[OfferedModel], store: MediaStore, queue: WorkQueue) -> None:
        self.models, self.store, self.queue = {one.label: one for one in models}, store, queue

    def build(self) -> None:
        """Build the page."""
        with gr.Tabs(elem_id="sources"):
            with gr.Tab("A file", id="file"), gr.Row(equal_height=False, elem_id="looking"):  # the style sheet places the columns
                with gr.Column(min_width=280, elem_id="choose"):
                    self._choose()
                with gr.Column(min_width=280, elem_id="result"):
                    self.status = gr.HTML("", elem_id="status")
                    with gr.Row(equal_height=False):
                        self.panels = [Panel(name, self.store, self.queue, name == "a") for name in ("a", "b")]
                with gr.Column(min_width=280, elem_id="options"):
                    self._options()
            with gr.Tab("Webcam", id="camera", visible=bool(self._names("keypoints", "detector"))):
                gr.HTML(f'<fall-camera models="{self._names("keypoints", "detector")}"></fall-camera>')
            with gr.Tab("Phone", id="phone", visible=bool(self._names("window"))):
                gr.HTML(f'<fall-motion models="{self._names("window")}"></fall-motion>')
        self._connect()

    def _choose(self) -> None:
        self.file = gr.File(
            label="A film, picture or sensor file",
            file_types=sorted(set().union(*SUFFIXES_BY_MEDIA.values())),
            height=150,
            elem_id="file",
        )
        samples = [one for one in sorted(SAMPLES.glob("*.*")) if self._accepts(media_type(one.name))]
        if samples:
            gr.HTML('<p class="quiet">No file at hand? Simulated people:</p>')
        with gr.Row():
            self.samples = [(gr.Button(TRY[media_type(one.name)], min_width=100), one) for one in samples]

    def _options(self) -> None:
        names = list(self.models)
        self.first = gr.Dropdown([ANY, *names], value=ANY, label="Model", elem_id="model")
        self.second = gr.Dropdown([NONE, *names], value=NONE, label="Compare with", elem_id="second", visible=len(names) > 1)
        self.private = gr.Checkbox(label="Private: keypoints on black, no picture is kept", elem_id="private")
        with gr.Row():
            self.again = gr.Button("Look again", variant="primary", interactive=False, elem_id="again")
            self.stop = gr.Button("Stop", visible=False, elem_id="stop")
        self.table, self.film = TableFields(), FilmFields()

    def _connect(self) -> None:
        fields = [*self.table.fields, *self.film.fields, *(panel.state for panel in self.panels)]
        given: set[Block] = {self.file, self.first, self.second, self.private, *fields}  # a set: the function takes values by component
        out = [self.status, self.again, self.stop, self.table.box, self.film.box, *self.table.updated, self.file]
        out += [part for panel in self.panels for part in panel.parts]
        hidden: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": AT_ONCE, "api_visibility": "private"}
        shown: dict[str, Any] = {"fn": None, "js": SCROLL, "api_visibility": "private"}
        position = sorted(one._id for one in given).index(self.file._id)  # the order in which Gradio sends a set
        self.file.upload(self._analyse, given, out, **hidden).then(**shown)
        self.again.click(self._analyse, given, out, js=send_again("file", position), **hidden).then(**shown)
        self.file.clear(lambda: gr.update(interactive=False), None, self.again, **hidden)
        self.stop.click(self._stop, None, None, queue=False, api_visibility="private")
        for button, sample in self.samples:
            button.click(lambda sample=sample: str(self._copy(sample)), None, self.file, **hidden).then(
                self._analyse, given, out, **hidden
            ).then(**shown)
        for panel in self.panels:
            panel.connect(self.private, hidden)

    def _analyse(self, request: gr.Request, values: Values) -> Iterator[Updates]:
        """Analyse the uploaded file with the chosen models, and remove it."""
        file = values[self.file]
        path = self.store.find_upload(file)
        if path is None:
            yield {self.status: parts.error("Choose a file first." if not file else "This file is not here any more; choose it again.")}
            return
        try:
            yield from self._analyse_upload(request, path, values)
        finally:
            self.store.remove(path.parent)

    def _analyse_upload(self, request: gr.Request, path: Path, values: Values) -> Iterator[Updates]:
        yield {
            self.status: parts.waiting(InProgress(0.0, "starting")),
            self.again: gr.update(interactive=False),
            self.stop: gr.update(visible=True),
        }
        done = {self.again: gr.update(interactive=True), self.stop: gr.update(visible=False)}
        updates: Updates = {self.table.box: gr.update(visible=False), self.film.box: gr.update(visible=False)}
        try:
            media = media_type(path.name)
            chosen = [self.models.get(values[self.first]) or choose_model(list(self.models.values()), media)]
            chosen += [self.models[values[self.second]]] if values[self.second] in self.models else []
            more, how = self._how(path, media, chosen[0], values)
        except UserError as error:
            yield done | {self.status: parts.error(page_message(str(error), path, path.name))}
            return
        updates |= more
        new: list[PanelState] = []
        for news in self.queue.run(f"{request.session_hash}", self._work(request, path, chosen, new, how)):
            if isinstance(news, InProgress):
                yield {self.status: parts.waiting(news)}
            elif isinstance(news, Failed):
                if media in ("table", "film"):  # the error is mended in these fields
                    updates |= {(self.table if media == "table" else self.film).box: gr.update(visible=True, open=True)}
                yield done | updates | {self.status: parts.error(news.why)}
                return
        for k, panel in enumerate(self.panels):
            panel.discard(values[panel.state])
            updates |= panel.show(new[k] if k < len(new) else None)
        if values[self.private]:
            updates |= {self.file: None}
            done |= {self.again: gr.update(interactive=False)}
        yield done | updates | {self.status: ""}

    def _how(self, path: Path, media: MediaType, model: OfferedModel, values: Values) -> tuple[Updates, dict[str, Any]]:
        """Return updates of the fields of such files, and the options of `analyse_file` that they state; raises `UserError`."""
        fields, how = self.table.read(path, model, values) if media == "table" else ({}, {})
        if media == "film":
            fields, how = self.film.read(values)
        return fields, how | {"private": values[self.private]}

    def _work(
        self, request: gr.Request, path: Path, chosen: Sequence[OfferedModel], new: list[PanelState], how: dict[str, Any]
    ) -> Callable[[TaskProgress], None]:
        """Return the task that analyses a file with each chosen model. new: takes the results; all or none, on disk as well."""
        owner = address_key(request.client.host if request.client else "")

        def work(progress: TaskProgress) -> None:
            folders = []
            try:
                for model in chosen:
                    folders.append(self.store.new_folder(owner, f"{request.session_hash}"))
                    watched = self.store.watched(folders[-1], progress)
                    models = list(self.models.values())
                    result = analyse_file(path, path.name, models, folders[-1], model=model, progress=watched, **how)
                    self.store.measure(folders[-1])
                    new.append(PanelState(result, model, folders[-1]))
            except BaseException:
                new.clear()
                for folder in folders:
                    self.store.remove(folder)
                raise

        return work

    def _stop(self, request: gr.Request) -> None:
        self.queue.stop(f"{request.session_hash}")

    def _copy(self, sample: Path) -> Path:
        """Copy a sample to where Gradio reads files from, once."""
        target = self.store.samples / sample.name
        if not target.is_file():
            with atomic_write(target) as out:
                out.write(sample.read_bytes())
        return target

    def _accepts(self, media: MediaType) -> bool:
        try:
            choose_model(list(self.models.values()), media)
        except UserError:
            return False
        return True

    def _names(self, *kinds: str) -> str:
        """Return the names of models of some kinds, for an attribute of a page element."""
        return escape("|".join(one.name for one in self.models.values() if one.kind in kinds), quote=True)
