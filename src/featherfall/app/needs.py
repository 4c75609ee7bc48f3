"""What the app's environment lacks, and how to get it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.runtime.perceive.weights import find_weights

_MODULES = {"train": "torch", "sim": "mujoco", "camera": "av"}  # of extras, where the package's own list cannot be read
_REQUIREMENT = re.compile(r"([A-Za-z0-9_.-]+)[^;]*; *extra *== *['\"]([a-z]+)['\"]")
_MAKE_APP = ".venv-app"  # the folder of `make app`'s environment, which holds the extras `app` and `camera` only
_POSES = "movenet_lightning_int8"


def missing_packages(extra: str) -> list[str]:
    """Return the packages of an extra that are not installed, by name."""
    try:
        stated = [match.groups() for one in requires("featherfall") or () if (match := _REQUIREMENT.match(one))]
    except PackageNotFoundError:
        stated = []
    packages = [name for name, needed_by in stated if needed_by == extra]
    if not packages:
        return [] if find_spec(_MODULES[extra]) is not None else [_MODULES[extra]]
    return [name for name in packages if not _is_installed(name)]


def how_to_install(*extras: str) -> str:
    """Return the command that installs extras into the app's environment, as one phrase."""
    if Path(sys.prefix).name == _MAKE_APP:
        return "stop the app and run `make setup`, which installs everything (some GB); `make app` uses it from then on"
    return f"pip install 'featherfall[{','.join(extras)}]' in the app's environment, then start the app again"


def check_extra(what: str, *extras: str) -> None:
    """Raise `UserError` where packages of extras are missing. what: needs them, in the plural."""
    missing = list(dict.fromkeys(name for extra in extras for name in missing_packages(extra)))
    if missing:
        raise UserError(f"{what} need packages that are not installed here ({', '.join(missing)}): {how_to_install(*extras)}")


def limits(kinds: Sequence[str]) -> list[str]:
    """Return a line for each thing that the app cannot do in this environment. kinds: of the open models."""
    lines = []
    if {"keypoints", "detector", "film", "picture"} & set(kinds) and (missing := missing_packages("camera")):
        lines.append(f"films and pictures are not analysed, as packages are missing ({', '.join(missing)}): {how_to_install('camera')}")
    elif "keypoints" in kinds:
        try:
            find_weights(_POSES)
        except UserError as error:
            lines.append(f"people in films and at the webcam are not found: {error}")
    if missing := missing_packages("train"):
        lines.append(f"the page Train is closed, as packages are missing ({', '.join(missing)}): {how_to_install('train', 'sim')}")
    return lines


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
