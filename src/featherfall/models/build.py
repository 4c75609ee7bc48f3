"""Build networks from a recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

from featherfall.core.errors import UserError
from featherfall.core.skeletons import parents_of
from featherfall.models.detect.net import Detector
from featherfall.models.fusion import FusionNet
from featherfall.models.gaf_image import GafNet
from featherfall.models.image import PictureNet
from featherfall.models.inertial import InertialNet
from featherfall.models.keypoints import KeypointNet
from featherfall.models.multimodal import MultimodalNet
from featherfall.models.parts import PartsNet
from featherfall.models.r2plus1d import MonoVideoNet, VisionNet
from featherfall.models.skeleton import SkeletonNet
from featherfall.models.trn import TRN

Channels = Mapping[str, Sequence[str]]
RGB = ("red", "green", "blue")  # channels of a film


def _inertial(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    return InertialNet(inputs, classes, **options)


def _skeleton(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    (name,) = inputs
    return SkeletonNet(parents_of(channels[name]), classes, input=name, **options)


def _keypoints(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    (name,) = inputs
    return KeypointNet(classes, input=name, **options)


def _fusion(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    return FusionNet(
        {kind: build(kind, names, channels, classes) for kind, names in branches_of(inputs).items()},
        classes,
        **options,
    )


def _video(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    return VisionNet(_one_film(inputs, channels), classes, **options)


def _mono_video(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    return MonoVideoNet(_one_film(inputs, channels), classes, **options)


def _parts(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    return PartsNet(inputs, classes, **options)


def _multimodal(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """Options under "video" and "parts" are those of the branch."""
    films = [name for name in inputs if tuple(channels[name]) == RGB]
    sensors = [name for name in inputs if name not in films]
    if not films or not sensors:
        raise ValueError("it takes a film and sensors")
    branches = {
        kind: build(kind, names, channels, classes, **options.pop(kind, {})) for kind, names in (("video", films), ("parts", sensors))
    }
    return MultimodalNet(branches, classes, **options)


def _one_film(inputs: Sequence[str], channels: Channels) -> str:
    if len(inputs) != 1 or tuple(channels[inputs[0]]) != RGB:
        raise ValueError(f"it takes one film, an input of the channels {', '.join(RGB)}")
    return inputs[0]


def _gaf(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    return GafNet(inputs, {name: len(channels[name]) for name in inputs}, classes, **options)


def _trn(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    (name,) = inputs
    return TRN(name, None if tuple(channels[name]) == RGB else channels[name], classes, **options)


def _image(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    return PictureNet(_one_film(inputs, channels), classes, **options)


def _detector(inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    return Detector(_one_film(inputs, channels), classes, **options)


BUILDERS: dict[str, Callable[..., nn.Module]] = {
    "inertial": _inertial,
    "skeleton": _skeleton,
    "keypoints": _keypoints,
    "fusion": _fusion,
    "video": _video,
    "mono_video": _mono_video,
    "parts": _parts,
    "multimodal": _multimodal,
    "gaf": _gaf,
    "trn": _trn,
    "detector": _detector,
    "image": _image,
}


def branches_of(inputs: Sequence[str]) -> dict[str, list[str]]:
    """The branch networks of a fusion model and the inputs of each: {"skeleton": [...], "inertial": [...]}."""
    branches: dict[str, list[str]] = {}
    for name in inputs:
        branches.setdefault("skeleton" if name.endswith("skeleton") else "inertial", []).append(name)
    return branches


def build(kind: str, inputs: Sequence[str], channels: Channels, classes: int, **options: Any) -> nn.Module:
    """A freshly initialised network.

    Arguments:
        kind: "inertial" (the wrist student), "skeleton", "keypoints" (the camera's student), "fusion", "video", "mono_video" (the film
            student), "parts", "multimodal", "gaf" (VSKD's student), "trn" (its teacher), "image" (one picture) or "detector" (boxes in
            one).
        inputs: names of the clip's inputs that it sees.
        channels: channel names by input.
        classes: number of logits.
        options: keyword arguments of the network.
    Raises: `UserError` for options that the network does not have or inputs that it cannot take.
    """
    try:
        return BUILDERS[kind](inputs, channels, classes, **options)
    except (TypeError, ValueError) as error:
        raise UserError(f"model {kind!r} with inputs {list(inputs)}: {error}") from error
