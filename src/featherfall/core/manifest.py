"""The bundle's manifest: everything needed to run the model, and its provenance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from featherfall.core.checked import Checked
from featherfall.core.operating import Operating
from featherfall.core.window import Window

FORMAT = 2
# Limits of what a bundle may ask for. Real ones stay far below; a damaged or malicious one would fill the memory.
_SAMPLES = 1_000_000  # numbers in a window, all inputs together; 256 windows run at a time
_PICTURE_BYTES = 64_000_000  # of a film's pictures in a window
_OVERLAP = 2000  # windows that share a sample
BundleKind = Literal["window", "keypoints", "film", "picture", "detector"]
Text = Annotated[str, Field(max_length=200)]


def _plain_name(name: str) -> str:
    """Return the name of a file in the bundle's folder; refuses paths, which could lead out of it."""
    if name in ("", ".", "..") or len(name) > 200 or not name.isprintable() or any(mark in name for mark in "/\\:"):
        raise ValueError("write the plain name of a file in the bundle's folder")
    return name


FileName = Annotated[str, AfterValidator(_plain_name)]


class Input(Checked):
    """One input tensor of the model: (windows, length, channels) float32, raw physical units.

    frames, size: of a film (unit "rgb8"): the tensor is (windows, frames, size, size, 3) uint8 RGB, the pictures nearest to the middles of
    `frames` equal parts of the window, stretched to squares.
    """

    name: Text
    unit: Text
    channels: list[Text] = Field(max_length=1000)
    placement: Text = ""
    frames: int = Field(default=0, ge=0, le=1000)
    size: int = Field(default=0, ge=0, le=8192)

    @property
    def is_film(self) -> bool:
        """Whether the input is a film's pictures and not samples."""
        return self.frames > 0


class Merging(Checked):
    """What is one event, or one box.

    merge_s: windows that count within this many seconds of each other are one event.
    overlap: of a detector: of two boxes that overlap by more than this (IoU) the better one stays.
    """

    merge_s: float = Field(default=5.0, ge=0, le=86_400)
    overlap: float = Field(default=0.5, gt=0, lt=1)


class Decision(Merging):
    """From window probabilities to fall events.

    threshold: a window counts when the positive class's probability reaches it. merge_s, overlap: see `Merging`.
    """

    threshold: float = Field(default=0.5, ge=0, le=1)


class ModelFile(Checked):
    """One model file and what was proven of it.

    format: of the file, e.g. "onnx". precision: of its weights and activations. beside: other files that belong to it.
    """

    file: FileName
    beside: list[FileName] = Field(default=[], max_length=10)
    format: Text = "onnx"
    precision: Literal["float32", "int8"]
    bytes: int = Field(ge=0)
    proof: dict[str, Any] = {}

    @property
    def files(self) -> list[str]:
        """The names of all files of the model."""
        return [self.file, *self.beside]


class Manifest(Checked):
    """Everything in `manifest.json`.

    inputs[0] is the reference whose time is kept (and whose magnitude triggers).
    kind: what the model looks at, and so what the runtime does with it: "window" (samples of worn sensors), "keypoints" (a person's joints
    over time, found in a camera's pictures), "film" (windows of pictures), "picture" (one picture at a time) or "detector" (scores and
    boxes of people in one picture; the threshold is of scores).
    task: kind of labels.
    labels: class names in the order of the model's logits. positive: the label that raises events, or None.
    temperature: logits are divided by it before the softmax.
    operating: how many falls are found, and false alarms raised, at each threshold, on recordings left out of training, and thresholds with
    names; None where that was not measured.
    sha256: digest of every other file of the bundle, by name.
    """

    format: int = FORMAT
    name: Text
    kind: BundleKind
    task: Literal["fall", "activity"]
    inputs: list[Input] = Field(min_length=1, max_length=100)
    window: Window
    labels: list[Text] = Field(min_length=2, max_length=1000)
    positive: str | None = None
    decision: Decision = Decision()
    temperature: float = Field(default=1.0, ge=1e-3, le=1e3)
    operating: Operating | None = None
    models: list[ModelFile] = Field(min_length=1, max_length=20)
    parameters: int = Field(default=0, ge=0)
    macs: int = Field(default=0, ge=0)
    provenance: dict[str, Any] = {}
    sha256: dict[FileName, Annotated[str, Field(max_length=64)]] = Field(max_length=100)

    def of_training(self, *keys: str) -> Mapping[str, Any]:
        """Return what the provenance states below these keys, e.g. "recipe", "split"; empty where it states nothing of the kind."""
        found: Any = self.provenance
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}

    @model_validator(mode="before")
    @classmethod
    def _renewed(cls, values: Any) -> Any:
        """Read format 1, whose kind follows from its task and inputs."""
        if not isinstance(values, dict) or "kind" in values or values.get("format", 1) != 1:
            return values
        task = "fall" if values.get("task") == "detect" else values.get("task")
        return {**values, "format": FORMAT, "kind": _kind_of_format_1(values), "task": task}

    @model_validator(mode="after")
    def _consistent(self) -> Manifest:
        if self.format != FORMAT:
            raise ValueError(f"bundle format {self.format} is not known to this version (it reads {FORMAT}); update featherfall")
        if self.positive is not None and self.positive not in self.labels:
            raise ValueError(f"positive class {self.positive!r} is not among the labels {self.labels}")
        for what, names in (("label", self.labels), ("input", [one.name for one in self.inputs])):
            if len(set(names)) < len(names):
                raise ValueError(f"two of the {what}s have one name")
        self._check_size()
        missing = [name for model in self.models for name in model.files if name not in self.sha256]
        if missing:
            raise ValueError(f"no sha256 for {', '.join(missing)}")
        return self

    def _check_size(self) -> None:
        samples = self.window.length * sum(len(one.channels) for one in self.inputs if not one.is_film)
        pictures = sum(one.frames * one.size**2 * 3 for one in self.inputs)
        if samples > _SAMPLES or pictures > _PICTURE_BYTES:
            raise ValueError(f"a window of {samples:,} numbers and {pictures / 1e6:,.0f} MB of pictures is too large to run")
        if self.window.kind == "sliding" and self.window.length > _OVERLAP * self.window.stride:
            raise ValueError(f"window.stride_s {self.window.stride_s:g} is too small: more than {_OVERLAP:,} windows share a sample")


def _kind_of_format_1(values: Mapping[str, Any]) -> BundleKind:
    first: Any = next(iter(values.get("inputs") or []), {})
    first = first if isinstance(first, dict) else {}
    if values.get("task") == "detect":
        return "detector"
    if first.get("name") == "keypoints":
        return "keypoints"
    frames = first.get("frames", 0)
    return "window" if not frames else "picture" if frames == 1 else "film"
