"""Third-party weights that users download once: their source, and the check of their content."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.files import data_folder, sha256
from featherfall.core.tables import nearest


@dataclass(frozen=True)
class Weights:
    """One third-party file. file: its name; sha256: hex digest; url, licence: its source and terms."""

    file: str
    sha256: str
    url: str
    licence: str


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
}


def find_weights(name: str, folder: str | Path | None = None) -> Path:
    """Return the checked file of known weights; nothing is downloaded.

    Arguments:
        name: a key of `KNOWN`.
        folder: that holds it; None looks in $FEATHERFALL_WEIGHTS (else ~/.cache/featherfall/weights), then `weights` beside the recordings.
    Raises: `UserError` for an unknown name, an absent file (with the command that fetches it) or one whose content is not the known one.
    """
    if name not in KNOWN:
        raise UserError(f"no weights {name!r}; {nearest(name, list(KNOWN))}")
    known = KNOWN[name]
    home = Path(os.environ.get("FEATHERFALL_WEIGHTS") or Path.home() / ".cache" / "featherfall" / "weights")
    folders = [Path(folder)] if folder is not None else [home, data_folder() / "weights"]
    for path in (one / known.file for one in folders):
        if path.is_file():
            if sha256(path) != known.sha256:
                raise UserError(
                    f"{path}: not the weights {name!r} (its sha256 differs); delete it and fetch it again: {_fetch(known, path)}"
                )
            return path
    raise UserError(f"{folders[0] / known.file}: the weights {name!r} are not there; fetch them: {_fetch(known, folders[0] / known.file)}")


def _fetch(known: Weights, path: Path) -> str:
    return f"curl -fL --create-dirs -o '{path}' {known.url}"


def stated_weights(weights: str | Path | None, estimator: str, example: str) -> Path:
    """Return the path of weights that the user must give; raises `UserError` where none is given or there is no such file."""
    if weights is None:
        raise UserError(f"the estimator {estimator!r} has no known weights; give the path of yours, e.g. {example}")
    if not Path(weights).is_file():
        raise UserError(f"{weights}: no such file; give the weights of the estimator {estimator!r}, e.g. {example}")
    return Path(weights)
