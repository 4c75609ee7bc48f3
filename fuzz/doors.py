"""Every function that takes bytes, files or messages from outside, with what opens it. A module that reads from outside and is in no
door's `reads` fails `tests/test_doors.py`.

A door's corpus is `corpus/NAME`: each file in it is a seed, and so is each folder (a data set in small, any file of which is damaged).
"""

from __future__ import annotations

import contextlib
import functools
import io
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from featherfall.core.errors import UserError

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Door:
    """One way in.

    Attributes:
        name: of the door and of its corpus.
        open: takes a seed's folder and the damaged file in it; raises `UserError` or nothing.
        reads: modules of the package, without "featherfall." and ".py", whose reading it covers.
        share: inputs in a run of 1,000 on average over all doors; slow doors get fewer.
        corpus: of another door; None has its own.
        leaves: endings of files in a seed that are not damaged (films in a data set).
    """

    name: str
    open: Callable[[Path, Path], object]
    reads: tuple[str, ...]
    share: int = 1000
    corpus: str | None = None
    leaves: tuple[str, ...] = ()

    def seeds(self) -> list[dict[str, bytes]]:
        """Return the seeds, each as its files' contents by name."""
        found = []
        for one in sorted((CORPUS / (self.corpus or self.name)).iterdir()):
            files = [path for path in sorted(one.rglob("*")) if path.is_file()] if one.is_dir() else [one]
            found.append({path.relative_to(one if one.is_dir() else one.parent).as_posix(): path.read_bytes() for path in files})
        return found

    def damages(self, name: str) -> bool:
        """Return whether the file of this name is damaged."""
        return not name.endswith(self.leaves) if self.leaves else True


def _yaml(root: Path, file: Path) -> object:
    from featherfall.core.documents import read_yaml

    return read_yaml(file)


def _json(root: Path, file: Path) -> object:
    from featherfall.core.documents import read_json

    return read_json(file)


def _recipe(root: Path, file: Path) -> object:
    from featherfall.core.recipe_file import load_recipe

    return load_recipe(file)


def _setting(root: Path, file: Path) -> object:
    """`--set KEY=VALUE`."""
    from featherfall.core.recipe_file import load_recipe

    changes = file.read_bytes().decode("utf-8", "surrogateescape").split("\n")
    return load_recipe("weda_fall_wrist", changes[:4])


def _manifest(root: Path, file: Path) -> object:
    from featherfall.runtime.bundle import read_manifest

    return read_manifest(root)


def _onnx(root: Path, file: Path) -> object:
    """The bytes of a model, before ONNX Runtime sees them."""
    from featherfall.runtime.onnx_file import external_files

    try:
        return external_files(file.read_bytes())
    except ValueError as error:
        raise UserError(str(error)) from error


def _bundle(root: Path, file: Path) -> object:
    """A bundle whose model is damaged and whose digest is right, as an attacker would send it."""
    import json

    from featherfall.core.files import sha256
    from featherfall.runtime import load_bundle

    _keep_trial_child()
    manifest = root / "manifest.json"
    before = manifest.read_bytes()
    if file.suffix == ".onnx":
        manifest.write_text(json.dumps(json.loads(before) | {"sha256": {file.name: sha256(file)}}))
    try:
        return load_bundle(root).predict(_quiet(), rate=50.0)
    finally:
        manifest.write_bytes(before)


@functools.cache
def _keep_trial_child() -> None:
    """Try all models in one child process, whose start takes a second; a crash or a limit still ends it."""
    from featherfall.runtime import trial

    kept = trial.Child("featherfall.runtime.trial:run_once", 5.0, 400 << 20)
    trial.trial_child = lambda size, *_: contextlib.nullcontext(kept)  # type: ignore[assignment]


@functools.cache
def _quiet() -> Any:
    import numpy as np

    return np.random.default_rng(0).normal(0, 0.02, (300, 3)) + np.array([0.0, 0.0, 1.0])


@functools.cache
def _wrist() -> Any:
    from featherfall.runtime import load_bundle

    return load_bundle("wrist")


def _predict(root: Path, file: Path) -> object:
    """A file of a worn sensor, as `predict` opens it."""
    return _wrist().predict(_given(root)).to_json()


def _given(root: Path) -> Path:
    """Return the only file of a seed, or its folder where there are several."""
    inside = list(root.iterdir())
    return inside[0] if len(inside) == 1 else root


def _recorder(root: Path, file: Path) -> object:
    """A file of a worn sensor, as recorders recognise it; all its rows are read."""
    from featherfall.recorders.capture import open_capture
    from featherfall.recorders.recognise import recognise

    found = recognise(open_capture(_given(root)))
    return [block.values.sum() for series in found.series for block in islice(series.blocks(), 50)]


def _xlsx(root: Path, file: Path) -> object:
    from featherfall.datasets.xlsx import read_sheet

    return read_sheet(file)


def _mat(root: Path, file: Path) -> object:
    from featherfall.datasets.mat import read_matrix

    return read_matrix(file, "d_iner", (None, 6))


def _list(root: Path, file: Path) -> object:
    from featherfall.datasets.lists import read_list

    return read_list(file)


def _picture_head(root: Path, file: Path) -> object:
    from featherfall.signals.picture_head import read_header, strip_png

    data = file.read_bytes()
    head = read_header(data)
    if head is not None and head.kind == "png" and head.width:
        strip_png(data)
    return head


def _picture(root: Path, file: Path) -> object:
    from featherfall.signals.picture_file import load_picture

    frame, _ = load_picture(file)
    return frame.to_ndarray(format="rgb24")


def _film(root: Path, file: Path) -> object:
    from featherfall.core.recording import Video
    from featherfall.signals.video import read_frames

    return [frame.time for frame in islice(read_frames(Video(file), rate=5.0, problems=[]), 40)]


def _dataset(name: str) -> Callable[[Path, Path], object]:
    def read(root: Path, file: Path) -> object:
        """Scan a small data set and read its first recordings."""
        from featherfall import datasets

        dataset = datasets.reader(name).scan(root)
        for source in dataset.sources[:4]:
            for split in dataset.splits.values():
                split(source)
            source.load()
        return dataset

    return read


@functools.cache
def _offered(kind: str) -> Any:
    from featherfall.app.models import open_models

    return next(one for one in open_models() if one.kind == kind)


def _phone(root: Path, file: Path) -> object:
    """Messages of a phone's motion sensors, one a paragraph, then what a page would send after them."""
    from featherfall.app.live import LiveMotion

    live = LiveMotion(_offered("window"))
    for time, body in enumerate(file.read_bytes().split(b"\n\n")[:5]):
        live.take(float(time), body)
    return live


def _payload(root: Path, file: Path) -> object:
    """A message of the payload that the file is named after, and the samples that a bundle takes of it."""
    from featherfall.runtime.sources.assemble import Assembler
    from featherfall.runtime.sources.payloads.payload import find_payload

    assembler = Assembler(_offered("window").manifest)
    for packet in find_payload(file.stem)(file.read_bytes(), "homeassistant/sensor/watch_battery_level/state"):
        list(assembler.take(packet))
    return assembler


def _order(root: Path, file: Path) -> object:
    """What a person orders by MQTT, or in the reply to a webhook."""
    from featherfall.runtime.sinks.orders import read_order

    return read_order(file.read_bytes(), "anna", "mqtt")


def _alarm_store(root: Path, file: Path) -> object:
    """A document of the store of alarms, which others may have changed."""
    from featherfall.alarms.snippets import Snippet
    from featherfall.alarms.spill import read_spill
    from featherfall.alarms.store import read_memory, read_message

    if file.stem == "snippet":
        return Snippet.from_bytes(file.read_bytes(), "anna", 0.0, "watch", 1).recording
    if file.stem == "spill":
        return read_spill(file)
    text = file.read_bytes().decode("utf-8", "replace")
    return read_memory(text, "anna") if file.stem == "memory" else read_message(text, "anna").text


@functools.cache
def _http_server() -> Any:
    import threading

    from featherfall.runtime.http_server import HttpAnswer, ServerOptions, SmallServer
    from featherfall.runtime.sources.payloads.payload import find_payload

    decode = find_payload("samples")

    def route(request: Any) -> HttpAnswer:
        return HttpAnswer(str(len(list(decode(request.body, "-".join(request.path))))))

    server = SmallServer(route, ServerOptions())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


def _http(root: Path, file: Path) -> object:
    """Bytes on a connection to the server of pushed samples: requests, and what follows them on a WebSocket."""
    import socket

    server = _http_server()
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(file.read_bytes())
        client.shutdown(socket.SHUT_WR)
        while client.recv(1 << 16):
            pass
    fault, server.fault = server.fault, None
    if fault is not None:
        raise fault
    return server


def _watch_config(root: Path, file: Path) -> object:
    from featherfall.household.config import load_config

    return load_config(file)


def _webcam(root: Path, file: Path) -> object:
    """A webcam's picture, before a pose estimator sees it."""
    from featherfall.app.live import _picture as webcam_picture

    return webcam_picture(file.read_bytes())


def _upload(root: Path, file: Path) -> object:
    """What the app's page shows of an uploaded file before it is analysed."""
    from featherfall.app.pages.file_fields import table_columns

    return table_columns(_given(root))


def _form(root: Path, file: Path) -> object:
    """The form of the app's log-in, and the address and headers of a request."""
    import asyncio

    from featherfall.app.gate import Gate
    from featherfall.app.login import Login

    lines = file.read_bytes().split(b"\n")
    lines += [b""] * (5 - len(lines))
    headers = [(b"host", b"localhost:7860"), (b"content-type", b"application/x-www-form-urlencoded")]
    headers += [tuple(line.lower().split(b": ", 1)) for line in lines[2:20] if b": " in line]
    scope = {
        "type": "http",
        "method": "POST" if lines[0] == b"POST" else "GET",
        "path": lines[1].decode("latin-1"),
        "raw_path": lines[1],
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 7860),
        "scheme": "http",
    }

    async def app(*_: object) -> None:
        return

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": lines[-1], "more_body": False}

    async def send(message: object) -> None:
        return

    return asyncio.run(Gate(app, 1000, Login("token"))(scope, receive, send))  # type: ignore[arg-type]


def _multipart(root: Path, file: Path) -> object:
    """The form of an upload: its content type in the first line, then its body, in pieces."""
    from python_multipart.multipart import parse_options_header

    from featherfall.app.uploads import BadForm, FormFile

    kind, _, body = file.read_bytes().partition(b"\n")
    options = parse_options_header(kind)[1]
    if b"boundary" not in options:
        raise BadForm
    form = FormFile(options[b"boundary"])
    for start in range(0, len(body), 700):
        form.write(body[start : start + 700])
    return form.name


def _hub(root: Path, file: Path) -> object:
    """The address of a bundle on the hub; a well-formed one would be fetched, which needs a network."""
    from featherfall.publish import hub

    address = file.read_bytes().decode("utf-8", "surrogateescape")
    return hub.split_address(address)


def _metrics(root: Path, file: Path) -> object:
    """A run or a bundle that others give: its metrics as tables, its report."""
    from featherfall.cli import tables
    from featherfall.core.documents import as_written, read_json

    with as_written(file, "metrics of a run"), contextlib.redirect_stdout(io.StringIO()):
        metrics = read_json(file)
        tables.show_metrics(metrics, root)
        tables.show_comparison([metrics])


def _run(root: Path, file: Path) -> object:
    """A run that others give: its record, and what the app shows of it."""
    from featherfall.app.training_runs import TrainingRuns
    from featherfall.pipeline.run import read_run

    TrainingRuns(root.parent, root.parent).state(root.name)
    return read_run(root)


_SENSORS = (
    *("recorders/capture", "recorders/member", "recorders/table", "recorders/layout", "recorders/rows", "recorders/encoding"),
    *("recorders/readings", "recorders/known/garmin", "recorders/known/actigraph_gt3x", "recorders/known/openseizuredetector"),
    *("recorders/known/axivity_cwa", "recorders/known/geneactiv_bin", "recorders/known/sensor_logger"),
)

_ALL = (
    Door("yaml", _yaml, ("core/documents",), 2500),
    Door("json", _json, ("core/documents",), 3500),
    Door("recipe", _recipe, ("core/recipe_file", "core/checked"), 1200),
    Door("set", _setting, ("core/recipe_file",), 600),
    Door("manifest", _manifest, ("core/manifest", "runtime/bundle"), 2500),
    Door("onnx", _onnx, ("runtime/onnx_file", "runtime/trial"), 2500),
    Door("bundle", _bundle, ("runtime/bundle", "runtime/trial", "runtime/session"), 200),
    Door("predict", _predict, ("runtime/sources/csv", "core/tables"), 250, corpus="recorder"),
    Door("recorder", _recorder, _SENSORS, 250),
    Door("xlsx", _xlsx, ("datasets/xlsx",), 250),
    Door("mat", _mat, ("datasets/mat", "core/child"), 1000),
    Door("list", _list, ("datasets/lists",), 4000),
    Door("picture-head", _picture_head, ("signals/picture_head",), 5000, corpus="picture"),
    Door("picture", _picture, ("signals/picture_file",), 1500),
    Door("film", _film, ("signals/video_file", "signals/video_pictures", "signals/video_shots", "signals/video_shape"), 400),
    Door("phone", _phone, ("app/live", "runtime/sources/stream"), 500),
    Door("payload", _payload, ("runtime/sources/payloads/payload",), 4000),
    Door("order", _order, ("runtime/sinks/orders",), 4000),
    Door("alarm-store", _alarm_store, ("alarms/store", "alarms/snippets", "alarms/spill"), 3000),
    Door("http", _http, ("runtime/http_server",), 500),
    Door("watch-config", _watch_config, ("household/config",), 1200),
    Door("webcam", _webcam, ("app/live",), 3000, corpus="picture"),
    Door("upload", _upload, ("app/pages/file_fields",), 250, corpus="recorder"),
    Door("form", _form, ("app/gate", "app/login"), 1500),
    Door("multipart", _multipart, ("app/uploads",), 3000),
    Door("hub", _hub, ("publish/hub",), 4000),
    Door("metrics", _metrics, ("cli/tables", "cli/runs", "cli/compare", "app/models", "app/reports", "publish/offer", "api/run"), 250),
    Door("run", _run, ("pipeline/run", "app/training_runs"), 800),
    *(
        Door(f"data-{name}", _dataset(name), (f"datasets/{module}", *more), share, leaves=(".mp4", ".avi", ".jpg", ".png"))
        for name, module, more, share in (
            ("folder", "folder", ("datasets/streams",), 500),
            ("yolo", "pictures/yolo", ("datasets/pictures/data_yaml", "datasets/pictures/yolo_labels", "datasets/pictures/names"), 600),
            ("aihub", "aihub", (), 250),
            ("kfall", "kfall", (), 250),
            ("weda_fall", "weda_fall", (), 500),
            ("sisfall", "sisfall", (), 700),
            ("smartfallmm", "smartfallmm", (), 500),
            ("up_fall", "up_fall", (), 500),
            ("urfd", "urfd", (), 700),
            ("le2i", "le2i", (), 1500),
            ("omnifall", "omnifall", (), 1200),
            ("mmact", "mmact", (), 300),
            ("berkeley_mhad", "berkeley_mhad", (), 400),
            ("utd_mhad", "utd_mhad", (), 600),
            ("wisdm-watch", "wisdm_watch", (), 500),
            ("capture24", "capture24", (), 300),
            ("le2i-frames", "pictures/le2i_frames", (), 600),
            ("kaggle-fall", "pictures/kaggle_fall", (), 800),
        )
    ),
)
DOORS = {door.name: door for door in _ALL}
