"""A model for use: a bundle that opens by name, path or address, and takes what users have in hand."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from featherfall.api.cameras import predict_camera
from featherfall.api.evaluation import Evaluation, evaluate_bundle
from featherfall.api.result import Result, result_of_windows
from featherfall.api.windows import check_windows
from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.operating import PointName
from featherfall.core.recording import Recording
from featherfall.runtime.bundle import Bundle, Precision, load_bundle
from featherfall.runtime.operating import OperatingPoint, choose_point
from featherfall.signals.picture_file import is_image_file

if TYPE_CHECKING:
    from featherfall.datasets import Dataset

HUB = "hf://"


class Model:
    """A bundle, ready to predict; `featherfall.load` opens one. Needs no torch.

    Attributes:
        bundle: as the runtime uses it.
        manifest: inputs, window, labels, decision and provenance.
        point: what was measured at the threshold that `at` chose; None where none was chosen.
    """

    def __init__(self, bundle: Bundle, point: OperatingPoint | None = None) -> None:
        self.bundle = bundle
        self.manifest: Manifest = bundle.manifest
        self.point = point

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in the order of the columns of probabilities."""
        return tuple(self.manifest.labels)

    @property
    def positive(self) -> str | None:
        """The class that raises events; None for a model that only tells activities apart."""
        return self.manifest.positive

    @property
    def path(self) -> Path:
        """The bundle's folder."""
        return self.bundle.path

    def at(self, point: PointName | None = None, *, false_alarms_per_day: float | None = None) -> Model:
        """Return the same model at another operating point of its curve; the threshold alone differs.

        Arguments:
            point: "sensitive", "balanced" or "quiet".
            false_alarms_per_day: or at most so many. Where the hours of the curve cannot prove that, a warning says so and how many hours
                it would take.
        Raises: `UserError` where both are given, or neither, for an unknown point, and for a model without a curve.
        """
        chosen = choose_point(self.manifest, point, false_alarms_per_day)
        if not chosen.proven:
            warnings.warn(list(chosen.lines())[-1], stacklevel=2)
        return Model(self.bundle.at(chosen.threshold), chosen)

    def predict(
        self,
        data: Any,
        *,
        rate: float | None = None,
        unit: str | Mapping[str, str] | None = None,
        times: Any = None,
        columns: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        time: str | None = None,
        time_unit: str | None = None,
        source: str | None = None,
        placement_ok: bool = False,
        **options: Any,
    ) -> Result:
        """Predict one recording, film or picture.

        Arguments:
            data: for worn sensors an array (N, channels), a mapping of arrays by input, a DataFrame, the path of a CSV, or a `Recording`;
                for cameras the path of a film, a folder of pictures or a picture, a `Video`, or a `Recording` with one film.
            rate: samples per second, Hz, of samples without times.
            unit: of the samples ("g", "m/s2", "deg/s", ...), or units by input; None takes that in the column names, else the bundle's.
            times: (N,) s or datetime64 of the samples of an array.
            columns: names of the columns with the channels, or these by input; None finds them by name.
            time, time_unit: name of the time column, and "s", "ms", "us" or "ns".
            source: name of the registered source that opens `data`; None chooses by what it is.
            placement_ok: also judge sensors that were worn elsewhere than those that the model was trained on.
            options: further ones of the source. Of cameras: `still_down_s` (s after the first sign of a fall, 7), `lies_for_s` (s after
                which somebody who lies where one does not lie is an event, 8; None: never), `zones` (corners of each bed and sofa, in
                shares of the picture), and of keypoints `estimator` ("several") and `pose_weights`.
        Raises: `UserError`, one line, for a wrong shape or dtype, NaN, a rate that is not positive, a unit that is unknown or contradicts
            gravity, missing columns, and a file that cannot be read.
        """
        stated = {"rate": rate, "unit": unit, "times": times, "columns": columns, "time": time, "time_unit": time_unit, "source": source}
        stated["placement_ok"] = placement_ok or None
        options |= {name: value for name, value in stated.items() if value is not None}
        if self.manifest.kind in ("keypoints", "detector") and not _has_keypoints(data):
            return predict_camera(self.bundle, data, options)
        return result_of_windows(self.manifest, self.bundle.predict(data, **options), _picture(data))

    def predict_proba(self, windows: np.ndarray | Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the class probabilities of windows that are cut already.

        Arguments:
            windows: (K, length, channels) in the manifest's units, the channels of all inputs side by side, or such arrays by input; of
                films (K, frames, size, size, 3) uint8 RGB.
        Returns: (K, classes) float32; each row sums to 1.
        Raises: `UserError` for a wrong shape or dtype, for NaN (which only a keypoint may be), and for a detector.
        """
        if self.manifest.kind == "detector":
            raise UserError(f"bundle {self.manifest.name!r} finds boxes in pictures, it has no windows; use predict")
        return self.bundle.probabilities(check_windows(self.manifest, windows))

    def evaluate(
        self,
        dataset: str | Dataset | None = None,
        data: str | Path | None = None,
        *,
        map: Mapping[str, str] | None = None,
        placement_ok: bool = False,
        allow_skipped: bool = False,
    ) -> Evaluation:
        """Evaluate on a dataset's recordings that the model was not trained on; see `featherfall.evaluate`."""
        return evaluate_bundle(self.bundle, dataset, data, map, placement_ok, allow_skipped)

    def __repr__(self) -> str:
        inputs = ", ".join(f"{one.name} ({one.unit})" for one in self.manifest.inputs)
        return (
            f"<Model {self.manifest.name!r}: {self.manifest.kind} of {inputs} -> {', '.join(self.labels)}; {self.bundle.model.precision}>"
        )


def load(name: str | Path, precision: Precision | None = None, point: PointName | None = None) -> Model:
    """Open a model.

    Arguments:
        name: a model that comes with the package ("wrist", "camera", "picture"), the path of a bundle or of a run, or "hf://OWNER/NAME" for
            one of Hugging Face's hub, which is kept in its cache ("hf://OWNER/NAME@REVISION" takes a branch, tag or commit).
        precision: "int8" or "float32"; None takes int8 where there is one.
        point: "sensitive", "balanced" or "quiet", see `Model.at`; None takes the threshold with which the model ships.
    Raises: `UserError` for what is no bundle, for a file that is missing or altered, and for a point that the model does not have.
    """
    if str(name).startswith(HUB):
        from featherfall.publish.hub import fetch

        name = fetch(str(name).removeprefix(HUB))
    model = Model(load_bundle(name, precision))
    return model if point is None else model.at(point)


def evaluate(
    model: Model | str | Path,
    dataset: str | Dataset | None = None,
    data: str | Path | None = None,
    *,
    map: Mapping[str, str] | None = None,
    placement_ok: bool = False,
    allow_skipped: bool = False,
) -> Evaluation:
    """Evaluate a model on a dataset's recordings that it was not trained on. Needs the extra `train`.

    Arguments:
        model: a model, or what `load` takes.
        dataset: a name ("up_fall", see `featherfall.datasets.names()`), several joined by " + ", or a `Dataset`; None takes the one that
            the model comes from.
        data: folder that holds datasets by their usual folder names; None takes $FEATHERFALL_REAL_DATA, else ~/.cache/featherfall/real.
        map: the dataset's stream for an input, e.g. {"accelerometer": "watch_accelerometer"}, where several fit; "a | b" takes the first
            that a recording has. None takes the one that measures the same at the same place.
        placement_ok: also take sensors that were worn elsewhere than the model's.
        allow_skipped: go on where more than a tenth of the recordings cannot be read; `values["left_out"]` has the share.
    Raises: `UserError` for an unknown dataset, one that is not there, where no stream or several fit an input, and where no recording could
        be evaluated, or too many could not be read.
    """
    opened = model if isinstance(model, Model) else load(model)
    return opened.evaluate(dataset, data, map=map, placement_ok=placement_ok, allow_skipped=allow_skipped)


def _picture(data: Any) -> Path | None:
    """The file, where it is one picture."""
    return Path(data) if isinstance(data, str | Path) and is_image_file(Path(data)) else None


def _has_keypoints(data: Any) -> bool:
    return isinstance(data, Recording) and "keypoints" in data.streams
