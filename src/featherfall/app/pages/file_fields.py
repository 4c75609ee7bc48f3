"""Fields of the page "Look" for what a file does not state itself: how its table or its film is read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from featherfall.app.analysers.dispatch import FIELD_LABELS, FILM_FIELDS, TABLE_FIELDS
from featherfall.app.models import OfferedModel
from featherfall.core.errors import UserError
from featherfall.core.registry import known_names
from featherfall.recorders.capture import open_capture
from featherfall.recorders.dates import DayOrder
from featherfall.recorders.reading import ReadOptions

SLOTS = 3  # sensors of one bundle whose columns can be chosen: accelerometer, gyroscope, magnetometer
STATED, RECOGNISED = "as the file states", "as recognised"
UNITS = [STATED, "g", "m/s2", "mg", "deg/s", "rad/s", "uT"]
TIMES = [STATED, "s", "ms", "us", "ns", "iso"]
ORDERS: dict[str, DayOrder | None] = {STATED: None, "day first": "dmy", "month first": "mdy"}
TURNS = {"not at all": 0, "90 degrees": 90, "180 degrees": 180, "270 degrees": 270}  # clockwise

Values = Mapping[Any, Any]  # of fields, by their components
Updates = dict[Any, Any]  # of components


class TableFields:
    """How a table is read; builds its fields inside a `gr.Blocks`."""

    def __init__(self) -> None:
        with gr.Accordion(TABLE_FIELDS, open=False, visible=False, elem_id="columns") as self.box:
            gr.Markdown("Leave empty what the file states itself.", elem_classes="quiet")
            self._slots = [
                (
                    gr.Dropdown([], multiselect=True, label="columns", visible=False, elem_id=f"columns-{k}"),
                    gr.Dropdown(UNITS, value=STATED, label="unit", visible=False, elem_id=f"unit-{k}"),
                )
                for k in range(SLOTS)
            ]
            self._time = gr.Dropdown([], label="Time column", value=None, elem_id="time")
            self._time_unit = gr.Dropdown(TIMES, value=STATED, label="Unit of the time", elem_id="time-unit")
            self._rate = gr.Textbox("", label="Rate: samples a second, where there is no time column", max_lines=1, elem_id="rate")
            self._dates = gr.Dropdown(list(ORDERS), value=STATED, label=FIELD_LABELS["dates"], elem_id="dates")
            self._counts = gr.Textbox("", label=FIELD_LABELS["counts-per-g"], max_lines=1, elem_id="counts")
            recorders = [RECOGNISED, *known_names("recorder")]
            self._recorder = gr.Dropdown(recorders, value=RECOGNISED, label=FIELD_LABELS["recorder"], elem_id="recorder")
            self._elsewhere = gr.Checkbox(label=FIELD_LABELS["placement-ok"], elem_id="elsewhere")
        self.updated = [*(part for slot in self._slots for part in slot), self._time]
        self.fields = [*self.updated, self._time_unit, self._rate, self._dates, self._counts, self._recorder, self._elsewhere]

    def read(self, path: Path, model: OfferedModel, values: Values) -> tuple[Updates, dict[str, Any]]:
        """Return updates that offer a table's columns, and what the fields say, as options of `analyse_file`.

        Raises: `UserError` for a field that holds no number.
        """
        names = table_columns(path)
        inputs = model.manifest.inputs[:SLOTS]
        updates: Updates = {self.box: gr.update(visible=True)}
        columns, units = {}, {}
        for k, (which, unit) in enumerate(self._slots):
            need = inputs[k] if k < len(inputs) else None
            chosen = [one for one in (values[which] or []) if one in names]
            label = f"{need.name}: {', '.join(need.channels)}" if need else ""
            updates[which] = gr.update(choices=names, value=chosen, visible=need is not None, label=label)
            updates[unit] = gr.update(visible=need is not None, label=f"Unit of {need.name}" if need else "")
            if need is not None and chosen:
                columns[need.name] = chosen
            if need is not None and values[unit] not in (None, STATED):
                units[need.name] = values[unit]
        time = values[self._time] if values[self._time] in names else None
        updates[self._time] = gr.update(choices=names, value=time)
        options = ReadOptions(
            columns,
            units,
            time,
            None if values[self._time_unit] == STATED else values[self._time_unit],
            _number(values[self._rate]),
            recorder=None if values[self._recorder] == RECOGNISED else values[self._recorder],
            counts_per_g=_number(values[self._counts]),
            dates=ORDERS.get(values[self._dates]),
        )
        return updates, {"table": options, "placement_ok": bool(values[self._elsewhere])}


class FilmFields:
    """How a film is read; builds its fields inside a `gr.Blocks`."""

    def __init__(self) -> None:
        with gr.Accordion(FILM_FIELDS, open=False, visible=False, elem_id="film-fields") as self.box:
            self._turn = gr.Dropdown(list(TURNS), value="not at all", label=FIELD_LABELS["rotate"], elem_id="rotate")
            self._rate = gr.Textbox("", label="Rate: pictures a second, where the film states none", max_lines=1, elem_id="pictures")
            self._stream = gr.Textbox("", label=f"{FIELD_LABELS['stream']}, from 0", max_lines=1, elem_id="stream")
        self.fields = [self._turn, self._rate, self._stream]

    def read(self, values: Values) -> tuple[Updates, dict[str, Any]]:
        """As `TableFields.read`: return updates that show the fields, and what they say."""
        rotate, rate, stream = (values[one] for one in self.fields)
        options = {"rotate": TURNS.get(rotate, 0), "rate": _number(rate), "stream": _whole(stream)}
        return {self.box: gr.update(visible=True)}, options


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


def table_columns(path: Path) -> list[str]:
    """Return the columns of a table by name, or by number where it has no header; none where the file is not one table."""
    try:
        table = open_capture(path).table()
    except UserError:
        return []
    if table is None:
        return []
    return list(table.header.names) or [str(k + 1) for k in range(table.header.width)]
