"""The bundle's manifest: everything needed to run the model, and its provenance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, model_validator

from featherfall.core.checked import Checked
from featherfall.core.window import Window

FORMAT = 2
BundleKind = Literal["window", "keypoints", "film", "picture", "detector"]


class Input(Checked):
    """One input tensor of the model: (windows, length, channels) float32, raw physical units.

    frames, size: of a film (unit "rgb8"): the tensor is (windows, frames, size, size, 3) uint8 RGB, the pictures nearest to the middles of
    `frames` equal parts of the window, stretched to squares.
    """

    name: str
    unit: str
    channels: list[str]
    placement: str = ""
    frames: int = Field(default=0, ge=0)
    size: int = Field(default=0, ge=0)

    @property
    def is_film(self) -> bool:
        """Whether the input is a film's pictures and not samples."""
        return self.frames > 0


class Decision(Checked):
    """From window probabilities to fall events.

    threshold: a window counts when the positive class's probability reaches it.
    merge_s: windows that count within this many seconds of each other are one event.
    overlap: of a detector: of two boxes that overlap by more than this (IoU) the better one stays.
    """

    threshold: float = Field(default=0.5, ge=0, le=1)
    merge_s: float = Field(default=5.0, ge=0)
    overlap: float = Field(default=0.5, gt=0, lt=1)


class ModelFile(Checked):
    """One model file and what was proven of it.

    format: of the file, e.g. "onnx". precision: of its weights and activations.
    """

    file: str
    format: str = "onnx"
    precision: Literal["float32", "int8"]
    bytes: int
    proof: dict[str, Any] = {}


class Manifest(Checked):
    """Everything in `manifest.json`.

    inputs[0] is the reference whose time is kept (and whose magnitude triggers).
    kind: what the model looks at, and so what the runtime does with it: "window" (samples of worn sensors), "keypoints" (a person's joints
    over time, found in a camera's pictures), "film" (windows of pictures), "picture" (one picture at a time) or "detector" (scores and
    boxes of people in one picture; the threshold is of scores).
    task: kind of labels.
    labels: class names in the order of the model's logits. positive: the label that raises events, or None.
    temperature: logits are divided by it before the softmax.
    sha256: digest of every other file of the bundle, by name.
    """

    format: int = FORMAT
    name: str
    kind: BundleKind
    task: Literal["fall", "activity"]
    inputs: list[Input] = Field(min_length=1)
    window: Window
    labels: list[str] = Field(min_length=2)
    positive: str | None = None
    decision: Decision = Decision()
    temperature: float = Field(default=1.0, gt=0)
    models: list[ModelFile] = Field(min_length=1)
    parameters: int = 0
    macs: int = 0
    provenance: dict[str, Any] = {}
    sha256: dict[str, str]

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
        missing = [model.file for model in self.models if model.file not in self.sha256]
        if missing:
            raise ValueError(f"no sha256 for {', '.join(missing)}")
        return self


def _kind_of_format_1(values: Mapping[str, Any]) -> BundleKind:
    first: Any = next(iter(values.get("inputs") or []), {})
    first = first if isinstance(first, dict) else {}
    if values.get("task") == "detect":
        return "detector"
    if first.get("name") == "keypoints":
        return "keypoints"
    frames = first.get("frames", 0)
    return "window" if not frames else "picture" if frames == 1 else "film"
