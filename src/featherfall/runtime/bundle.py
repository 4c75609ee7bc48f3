"""Open a bundle: manifest, verified files, one model on one thread."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from featherfall.core.checked import check
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import sha256
from featherfall.core.manifest import Decision, Manifest, ModelFile
from featherfall.core.placement import refuse_elsewhere, same_place
from featherfall.core.recording import Recording
from featherfall.runtime.embedded import embedded_bundles, find_bundle
from featherfall.runtime.perceive.windows import predict_windows
from featherfall.runtime.prediction import Prediction, make_prediction
from featherfall.runtime.session import fits, open_session, window_arrays
from featherfall.runtime.sources.source import open_recording
from featherfall.runtime.trial import try_model

if TYPE_CHECKING:
    import onnxruntime

Precision = Literal["int8", "float32"]
BATCH = 256  # windows a run of the model, so that memory does not grow with the recording's length
BATCH_OF_FILMS = 8  # windows of films, whose pictures are large


class Bundle:
    """A deployed model; `load_bundle` opens one.

    Attributes:
        path: the bundle's folder.
        manifest: inputs, decision settings, provenance.
        model: the model file in use.
    """

    def __init__(self, path: Path, manifest: Manifest, model: ModelFile, session: onnxruntime.InferenceSession) -> None:
        self.path = path
        self.manifest = manifest
        self.model = model
        self._session = session

    def at(self, threshold: float) -> Bundle:
        """Return the same bundle with another threshold, 0..1; the model is shared. Raises `UserError` for another number."""
        decision = Decision(**{**self.manifest.decision.model_dump(), "threshold": threshold})
        return Bundle(self.path, self.manifest.model_copy(update={"decision": decision}), self.model, self._session)

    def probabilities(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the class probabilities of windows.

        Arguments:
            inputs: (K, length, channels) float32 by input name, in the manifest's units; of a film (K, F, size, size, 3) uint8 RGB.
        Returns: (K, classes) float32: softmax of the logits divided by the manifest's temperature; NaN where a logit is not finite.
        """
        windows = {one.name: np.asarray(inputs[one.name], np.uint8 if one.is_film else np.float32) for one in self.manifest.inputs}
        count = len(windows[self.manifest.inputs[0].name])
        out = np.empty((count, len(self.manifest.labels)), dtype=np.float32)
        batch = BATCH_OF_FILMS if any(one.is_film for one in self.manifest.inputs) else BATCH
        for at in range(0, count, batch):
            logits = self._session.run(None, {name: values[at : at + batch] for name, values in windows.items()})[0]
            out[at : at + batch] = softmax(logits / self.manifest.temperature)
        return out

    def raw(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the graph's outputs by name; inputs as `probabilities`, all at once."""
        names = [one.name for one in self._session.get_outputs()]
        return dict(zip(names, self._session.run(names, dict(inputs)), strict=True))

    def predict(self, data: Any, *, source: str | None = None, placement_ok: bool = False, **options: Any) -> Prediction:
        """Return the windows of a recording, their probabilities, the events and the label.

        Arguments:
            data: `Recording`; path of a sensor file (CSV, export of an app or device), a film or a picture; array (N, channels), mapping of
                arrays, or DataFrame.
            source: name of the source that opens it; None chooses by the type of `data`, or a path's ending.
            placement_ok: also judge sensors that were worn elsewhere than those that the model was trained on; a note says so.
            options: of the source: `rate`, `unit`, `columns`, ..., see `recorders.reading.ReadOptions` and `sources.array.ArrayOptions`.
        Raises: `UserError` when it cannot be read, lacks an input, has it in another unit or with other channels, or it was worn
            elsewhere.
        """
        if self.manifest.kind == "detector":
            raise UserError(f"bundle {self.manifest.name!r} finds boxes in pictures; open it with runtime.perceive.detector")
        if self.manifest.kind == "keypoints" and not isinstance(data, Recording):
            raise UserError(f"bundle {self.manifest.name!r} follows people in films; watch the film, or give keypoints as a Recording")
        recording = open_recording(data, self.manifest, source, **options)
        places = self._places(str(data) if isinstance(data, str | Path) else recording.id, recording, placement_ok)
        windows = predict_windows(recording, self.manifest, self.probabilities)
        return make_prediction(self.manifest, *windows, recording.recognised, (*places, *recording.remarks))

    def _places(self, where: str, recording: Recording, placement_ok: bool) -> list[str]:
        """Return a line for each sensor that was worn elsewhere than the model's; raises `UserError` unless that is fine."""
        lines = []
        for need in self.manifest.inputs:
            found = recording.streams[need.name].placement if need.name in recording.streams else ""
            if not placement_ok:
                refuse_elsewhere(f"{where}: {need.name}", need.placement, found)
            elif same_place(need.placement, found) is False:
                lines.append(
                    f"{need.name} was worn at the {found}, the model was trained for the {need.placement}: its figures do not hold"
                )
        return lines


def load_bundle(path: str | Path, model: Precision | None = None) -> Bundle:
    """Open a bundle.

    Arguments:
        path: its folder, the run that holds it, or the name of one that comes with the package (`runtime.embedded`).
        model: "int8" or "float32"; None takes int8 where there is one.
    Raises: `UserError` if it is not a bundle, a file is missing or altered, or the model does not fit the manifest.
    """
    path = find_bundle(path)
    manifest = read_manifest(path)
    _verify(path, manifest)
    chosen = _choose(path, manifest, model)
    if path not in embedded_bundles().values():
        try_model(path / chosen.file, manifest)
    session = _session(path / chosen.file)
    _fits(path / chosen.file, manifest, session)
    return Bundle(path, manifest, chosen, session)


def read_manifest(path: Path) -> Manifest:
    """Return the manifest of a bundle's folder; raises `UserError` where there is none or it is not valid."""
    if not path.is_dir():
        what = "not a folder" if path.exists() else "no such folder"
        names = " or ".join(embedded_bundles()) or "none"
        raise UserError(f"{path}: {what}; give a bundle, the folder that holds manifest.json, or one that comes along ({names})")
    file = path / "manifest.json"
    if not file.is_file():
        raise UserError(f"{path}: not a bundle, it holds no manifest.json; `featherfall export` makes one from a run")
    return check(Manifest, read_json(file), file)


def onnx_models(manifest: Manifest) -> list[ModelFile]:
    """Return the models that ONNX Runtime runs, int8 first."""
    return sorted((one for one in manifest.models if Path(one.file).suffix == ".onnx"), key=lambda one: one.precision != "int8")


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return the softmax over the last axis, NaN where a logit is not finite; (K, classes) -> (K, classes)."""
    logits = np.where(np.isfinite(logits).all(axis=-1, keepdims=True), logits, np.nan)
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]


def _verify(path: Path, manifest: Manifest) -> None:
    inside = path.resolve()
    allowed = [inside]
    if inside.parent.name == "snapshots":  # the hub's cache, whose folders of a revision hold links to files beside them
        allowed.append(inside.parent.parent / "blobs")
    for name, expected in manifest.sha256.items():
        if not any((path / name).resolve().is_relative_to(folder) for folder in allowed):
            raise UserError(f"{path / name}: a link that leads out of the bundle; copy the file itself into it")
        if not (path / name).is_file():
            raise UserError(f"{path / name}: missing, though manifest.json lists it; copy the bundle again or re-export it")
        if sha256(path / name) != expected:
            raise UserError(f"{path / name}: not the file that was exported (sha256 differs); copy the bundle again or re-export it")


def _choose(path: Path, manifest: Manifest, precision: Precision | None) -> ModelFile:
    models = onnx_models(manifest)
    fitting = [one for one in models if precision in (None, one.precision)]
    if not fitting:
        has = ", ".join(one.precision for one in models) or "none"
        raise UserError(f"{path}: no {precision or 'ONNX'} model in this bundle; it has: {has}")
    return fitting[0]


def _session(file: Path) -> onnxruntime.InferenceSession:
    try:
        return open_session(file)
    except Exception as error:  # the file's digest is right, so this ONNX Runtime does not support its content
        import onnxruntime

        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise UserError(f"{file}: ONNX Runtime {onnxruntime.__version__} cannot open it ({reason}); update onnxruntime") from error


def _fits(file: Path, manifest: Manifest, session: onnxruntime.InferenceSession) -> None:
    """Check inputs by name and shape, classes by number; symbolic sizes fit anything. Raises `UserError`."""
    graph = {one.name: one.shape[1:] for one in session.get_inputs()}
    stated = {name: list(window.shape[1:]) for name, window in window_arrays(manifest).items()}
    if graph.keys() != stated.keys():
        raise UserError(f"{file}: the model takes {sorted(graph)}, the manifest says {sorted(stated)}; re-export the bundle")
    for name, shape in stated.items():
        if not fits(graph[name], shape):
            raise UserError(f"{file}: input {name!r} is {graph[name]} in the model, {shape} in the manifest; re-export the bundle")
    classes = session.get_outputs()[0].shape[-1 if manifest.kind == "detector" else 1 :]  # a detector's are those of every place
    if not fits(classes, [len(manifest.labels)]):
        raise UserError(f"{file}: the model gives {classes} classes, the manifest has {len(manifest.labels)} labels; re-export the bundle")
