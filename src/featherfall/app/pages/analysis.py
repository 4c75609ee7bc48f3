"""Page "Look": analyse a file, a webcam or a phone's motion with one or two models."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from featherfall.app import parts
from featherfall.app.alarms import brief_false_alarms, describe_false_alarms
from featherfall.app.analysers.dispatch import (
    FIELD_LABELS,
    FILM_FIELDS,
    SUFFIXES_BY_MEDIA,
    TABLE_FIELDS,
    analyse_file,
    media_type,
    page_message,
)
from featherfall.app.analysis import Analysis, Draw, TaskProgress
from featherfall.app.media import MediaStore
from featherfall.app.models import MediaType, OfferedModel, choose_model
from featherfall.app.pages.upload_field import send_again
from featherfall.app.peers import address_key
from featherfall.app.work import Failed, InProgress, WorkQueue
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_write
from featherfall.core.registry import known_names
from featherfall.core.text import in_markdown
from featherfall.recorders.capture import open_capture
from featherfall.recorders.dates import DayOrder
from featherfall.recorders.reading import ReadOptions

ANY, NONE = "Choose for me", "No second model"
PANELS = ("a", "b")
SLOTS = 3  # sensors of one bundle whose columns can be chosen: accelerometer, gyroscope, magnetometer
UNITS = ["as the file states", "g", "m/s2", "mg", "deg/s", "rad/s", "uT"]
TIMES = ["as the file states", "s", "ms", "us", "ns", "iso"]
DATES = ["as the file states", "day first", "month first"]
ORDERS: dict[Any, DayOrder] = {DATES[1]: "dmy", DATES[2]: "mdy"}
RECOGNISED = "as recognised"
TURNS = ["not at all", "90 degrees", "180 degrees", "270 degrees"]  # clockwise
SAMPLES = Path(__file__).parent.parent / "samples"
SCROLL = "() => { if (innerWidth < 760) document.getElementById('result').scrollIntoView({ behavior: 'smooth' }); }"
AT_ONCE = 32  # pages that wait for an analysis; more than the work queue takes, so that each is told why it waits
TRY = {"film": "Try a film", "table": "Try a watch", "picture": "Try a picture"}
EMPTY = '<div class="empty">Results are shown here.</div>'


@dataclass(frozen=True, eq=False)
class PanelState:
    """Result that a panel shows, kept by the server while the page is open."""

    analysis: Analysis
    model: OfferedModel
    folder: Path


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
                        self.panels = [self._panel(name) for name in PANELS]
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
        with gr.Accordion(TABLE_FIELDS, open=False, visible=False, elem_id="columns") as self.columns:
            gr.Markdown("Leave empty what the file states itself.", elem_classes="quiet")
            self.slots = [
                (
                    gr.Dropdown([], multiselect=True, label="columns", visible=False, elem_id=f"columns-{k}"),
                    gr.Dropdown(UNITS, value=UNITS[0], label="unit", visible=False, elem_id=f"unit-{k}"),
                )
                for k in range(SLOTS)
            ]
            self.time = gr.Dropdown([], label="Time column", value=None, elem_id="time")
            self.time_unit = gr.Dropdown(TIMES, value=TIMES[0], label="Unit of the time", elem_id="time-unit")
            self.rate = gr.Textbox("", label="Rate: samples a second, where there is no time column", max_lines=1, elem_id="rate")
            self.dates = gr.Dropdown(DATES, value=DATES[0], label=FIELD_LABELS["dates"], elem_id="dates")
            self.counts = gr.Textbox("", label=FIELD_LABELS["counts-per-g"], max_lines=1, elem_id="counts")
            recorders = [RECOGNISED, *known_names("recorder")]
            self.recorder = gr.Dropdown(recorders, value=RECOGNISED, label=FIELD_LABELS["recorder"], elem_id="recorder")
            self.elsewhere = gr.Checkbox(label=FIELD_LABELS["placement-ok"], elem_id="elsewhere")
        with gr.Accordion(FILM_FIELDS, open=False, visible=False, elem_id="film-fields") as self.film_fields:
            self.rotate = gr.Dropdown(TURNS, value=TURNS[0], label=FIELD_LABELS["rotate"], elem_id="rotate")
            self.pictures = gr.Textbox("", label="Rate: pictures a second, where the film states none", max_lines=1, elem_id="pictures")
            self.stream = gr.Textbox("", label=f"{FIELD_LABELS['stream']}, from 0", max_lines=1, elem_id="stream")

    def _panel(self, name: str) -> dict[str, Any]:
        with gr.Column(min_width=320, visible=name == "a", elem_id=f"panel-{name}") as holder:
            head = gr.HTML(EMPTY if name == "a" else "")
            view = gr.HTML("")
            line = gr.HTML("")
            slider = gr.Slider(
                0.01, 0.99, value=0.5, step=0.01, label="Threshold: how sure it must be", visible=False, elem_id=f"threshold-{name}"
            )
            alarms = gr.Markdown("", elem_classes="quiet", elem_id=f"cost-{name}")
            links = gr.HTML("", elem_id=f"links-{name}")
            draw = gr.Button("Make the annotated film", visible=False, elem_id=f"draw-{name}")
            drawn = gr.HTML("", elem_id=f"drawn-{name}")
            state = gr.State(None, time_to_live=7200, delete_callback=self._discard)
        return {
            "name": name, "holder": holder, "head": head, "view": view, "line": line, "slider": slider,
            "alarms": alarms, "links": links, "draw": draw, "drawn": drawn, "state": state,
        }  # fmt: skip

    def _connect(self) -> None:
        table = [*(part for slot in self.slots for part in slot), self.time, self.time_unit, self.rate]
        stated = [self.dates, self.counts, self.recorder, self.elsewhere, self.rotate, self.pictures, self.stream]
        states = [panel["state"] for panel in self.panels]
        given = [self.file, self.first, self.second, self.private, *table, *stated, *states]
        out = [
            self.status,
            self.again,
            self.stop,
            self.columns,
            self.film_fields,
            *table,
            *(part for panel in self.panels for part in self._parts(panel)),
            self.file,
        ]
        hidden: dict[str, Any] = {"show_progress": "hidden", "concurrency_limit": AT_ONCE, "api_visibility": "private"}
        shown: dict[str, Any] = {"fn": None, "js": SCROLL, "api_visibility": "private"}
        self.file.upload(self._analyse, given, out, **hidden).then(**shown)
        self.again.click(self._analyse, given, out, js=send_again("file", 0), **hidden).then(**shown)
        self.file.clear(lambda: gr.update(interactive=False), None, self.again, **hidden)
        self.stop.click(self._stop, None, None, queue=False, api_visibility="private")
        for button, sample in self.samples:
            button.click(lambda sample=sample: str(self._copy(sample)), None, self.file, **hidden).then(
                self._analyse, given, out, **hidden
            ).then(**shown)
        for panel in self.panels:
            moved = [panel["head"], panel["line"], panel["alarms"], panel["links"], panel["drawn"]]
            panel["slider"].input(
                self._decide(panel["name"]), [panel["slider"], panel["state"]], moved, trigger_mode="always_last", **hidden
            )
            panel["draw"].click(self._draw, [panel["slider"], self.private, panel["state"]], panel["drawn"], **hidden)

    @staticmethod
    def _parts(panel: dict[str, Any]) -> list[Any]:
        return [panel[key] for key in ("holder", "head", "view", "line", "slider", "alarms", "links", "draw", "drawn", "state")]

    def _analyse(
        self, request: gr.Request, file: str | None, first: str, second: str, private: bool, *rest: Any
    ) -> Iterator[dict[Any, Any]]:
        """Analyse the uploaded file with the chosen models, and remove it."""
        raw, held = rest[: -len(PANELS)], rest[-len(PANELS) :]
        path = self.store.find_upload(file)
        if path is None:
            yield {self.status: parts.error("Choose a file first." if not file else "This file is not here any more; choose it again.")}
            return
        try:
            yield from self._analyse_upload(request, path, first, second, private, raw, held)
        finally:
            self.store.remove(path.parent)

    def _analyse_upload(
        self, request: gr.Request, path: Path, first: str, second: str, private: bool, raw: Sequence[Any], held: Sequence[Any]
    ) -> Iterator[dict[Any, Any]]:
        yield {
            self.status: parts.waiting(InProgress(0.0, "starting")),
            self.again: gr.update(interactive=False),
            self.stop: gr.update(visible=True),
        }
        done = {self.again: gr.update(interactive=True), self.stop: gr.update(visible=False)}
        update: dict[Any, Any] = {self.columns: gr.update(visible=False), self.film_fields: gr.update(visible=False)}
        try:
            media = media_type(path.name)
            chosen = [self.models.get(first) or choose_model(list(self.models.values()), media)]
            chosen += [self.models[second]] if second in self.models else []
            how: dict[str, Any] = {"private": private}
            if media == "table":
                fields, how["table"] = self._table(path, chosen[0], raw)
                how["placement_ok"] = bool(raw[-4])
                update |= fields
            elif media == "film":
                how |= {"rotate": _turn(raw[-3]), "rate": _number(raw[-2]), "stream": _whole(raw[-1])}
                update |= {self.film_fields: gr.update(visible=True)}
        except UserError as error:
            yield done | {self.status: parts.error(page_message(str(error), path, path.name))}
            return
        new: list[PanelState] = []
        for news in self.queue.run(f"{request.session_hash}", self._work(request, path, chosen, new, how)):
            if isinstance(news, InProgress):
                yield {self.status: parts.waiting(news)}
            elif isinstance(news, Failed):
                if media in ("table", "film"):  # the error is mended in these fields
                    update |= {(self.columns if media == "table" else self.film_fields): gr.update(visible=True, open=True)}
                yield done | update | {self.status: parts.error(news.why)}
                return
        for one in held:
            self._discard(one)
        for k, panel in enumerate(self.panels):
            update |= self._fill(panel, new[k] if k < len(new) else None)
        if private:
            update |= {self.file: None}
            done |= {self.again: gr.update(interactive=False)}
        yield done | update | {self.status: ""}

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
                    watched = self._watched(progress, folders[-1])
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

    def _drawn(self, folder: Path, draw: Draw, target: Path, threshold: float, private: bool, progress: TaskProgress) -> Path:
        """Write an annotated film or picture within the limits of the disk. Raises: `UserError`; `Cancelled`."""
        try:
            draw(target, threshold, private, self._watched(progress, folder))
            self.store.measure(folder)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return target

    def _watched(self, progress: TaskProgress, folder: Path) -> TaskProgress:
        """Return a progress that also counts what the task writes, and ends it at the limits of the disk."""

        def report(share: float, what: str) -> None:
            self.store.measure(folder)
            progress.report(share, what)

        return TaskProgress(report)

    def _fill(self, panel: dict[str, Any], held: PanelState | None) -> dict[Any, Any]:
        """Return the updates that show a result in a panel, or hide it."""
        if held is None:
            blank = {panel[key]: "" for key in ("head", "view", "line", "alarms", "links", "drawn")}
            return blank | {panel["holder"]: gr.update(visible=False), panel["state"]: None}
        analysis, threshold, name = held.analysis, held.analysis.threshold, panel["name"]
        return {
            panel["holder"]: gr.update(visible=True),
            panel["head"]: parts.heading(analysis, threshold),
            panel["view"]: parts.view(analysis, name, self.store),
            panel["line"]: self._timeline(held, name, threshold),
            panel["slider"]: gr.update(visible=threshold is not None, value=threshold or 0.5),
            panel["alarms"]: in_markdown(describe_false_alarms(held.model.metrics, threshold, held.model.manifest.operating))
            if threshold is not None
            else "",
            panel["links"]: self._links(held, threshold),
            panel["draw"]: gr.update(
                visible=analysis.draw is not None, value=f"Make the annotated {'film' if analysis.media.film else 'picture'}"
            ),
            panel["drawn"]: "",
            panel["state"]: held,
        }

    @staticmethod
    def _timeline(held: PanelState, name: str, threshold: float | None) -> str:
        alarms = brief_false_alarms(held.model.metrics, threshold, held.model.manifest.operating) if threshold is not None else ""
        return parts.timeline(held.analysis, name, threshold, alarms)

    def _links(self, held: PanelState, threshold: float | None) -> str:
        if not held.folder.is_dir():
            return '<p class="quiet">The files of this result were removed, because they were not used for too long. Look again.</p>'
        stem = Path(held.analysis.file).stem
        level = 0.0 if threshold is None else threshold
        files = [("Save the events as CSV", held.folder / f"{stem}-events.csv"), ("as JSON", held.folder / f"{stem}-events.json")]
        files[0][1].write_text(held.analysis.to_csv(level), encoding="utf-8")
        files[1][1].write_text(held.analysis.to_json(level), encoding="utf-8")
        return parts.links(files, self.store)

    def _decide(self, name: str) -> Any:
        def decide(threshold: float, held: PanelState | None) -> tuple[str, str, str, str, str]:
            """Decide again at the slider's threshold; the curve stays."""
            if held is None:
                return "", "", "", "", ""
            return (
                parts.heading(held.analysis, threshold),
                self._timeline(held, name, threshold),
                in_markdown(describe_false_alarms(held.model.metrics, threshold, held.model.manifest.operating)),
                self._links(held, threshold),
                "",
            )

        return decide

    def _draw(self, request: gr.Request, threshold: float, private: bool, held: PanelState | None) -> Iterator[str]:
        """Write the annotated film or picture, and link it."""
        if held is None or held.analysis.draw is None:
            return
        draw, suffix = held.analysis.draw, ".mp4" if held.analysis.media.film else ".jpg"
        target = held.folder / f"{Path(held.analysis.file).stem}-seen{suffix}"
        work = partial(self._drawn, held.folder, draw, target, threshold, private)
        for news in self.queue.run(f"{request.session_hash}", work):
            if isinstance(news, InProgress):
                yield parts.waiting(news)
            elif isinstance(news, Failed):
                yield parts.error(news.why)
            else:
                yield parts.links([(f"Save {target.name}", target)], self.store)

    def _table(self, path: Path, model: OfferedModel, raw: Sequence[Any]) -> tuple[dict[Any, Any], ReadOptions]:
        """Return updates of the column fields, and the options chosen in them."""
        names = table_columns(path)
        inputs = model.manifest.inputs[:SLOTS]
        update: dict[Any, Any] = {self.columns: gr.update(visible=True)}
        columns, units = {}, {}
        for k, (which, unit) in enumerate(self.slots):
            need = inputs[k] if k < len(inputs) else None
            chosen = [one for one in (raw[2 * k] or []) if one in names]
            update[which] = gr.update(
                choices=names, value=chosen, visible=need is not None, label=f"{need.name}: {', '.join(need.channels)}" if need else ""
            )
            update[unit] = gr.update(visible=need is not None, label=f"Unit of {need.name}" if need else "")
            if need is not None and chosen:
                columns[need.name] = chosen
            if need is not None and raw[2 * k + 1] not in (None, UNITS[0]):
                units[need.name] = raw[2 * k + 1]
        time, time_unit, rate, dates, counts, recorder = raw[2 * SLOTS : 2 * SLOTS + 6]
        time = time if time in names else None
        update[self.time] = gr.update(choices=names, value=time)
        return update, ReadOptions(
            columns,
            units,
            time,
            None if time_unit in (None, TIMES[0]) else time_unit,
            _number(rate),
            recorder=None if recorder in (None, RECOGNISED) else recorder,
            counts_per_g=_number(counts),
            dates=ORDERS.get(dates),
        )

    def _stop(self, request: gr.Request) -> None:
        self.queue.stop(f"{request.session_hash}")

    def _discard(self, held: Any) -> None:
        if isinstance(held, PanelState):
            self.store.remove(held.folder)

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


def _number(text: str | None) -> float | None:
    if not text or not text.strip():
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"{text!r} is not a number; correct the field, or leave it empty")
    return number


def _whole(text: str | None) -> int | None:
    number = _number(text)
    if number is not None and (number < 0 or number != int(number)):
        raise UserError(f"{text!r} is not the number of a stream, 0 or more; correct the field, or leave it empty")
    return None if number is None else int(number)


def _turn(text: str | None) -> int:
    return 90 * TURNS.index(text) if text in TURNS else 0


def table_columns(path: Path) -> list[str]:
    """Return the columns of a table by name, or by number where it has no header; none where the file is not one table."""
    try:
        table = open_capture(path).table()
    except UserError:
        return []
    if table is None:
        return []
    return list(table.header.names) or [str(k + 1) for k in range(table.header.width)]
