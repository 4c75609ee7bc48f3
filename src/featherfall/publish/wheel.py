"""Build a wheel of the installed package, so that a Space needs no package index for it."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.recipe_file import shipped_recipes

NAME = "featherfall"
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest of a zip; the same files give the same wheel
_KEPT = ("METADATA", "WHEEL", "entry_points.txt", "top_level.txt")


def write_wheel(folder: Path) -> Path:
    """Write `featherfall-VERSION-py3-none-any.whl` into `folder`.

    Raises: `UserError` where the package is not installed, so that its dependencies are unknown.
    """
    try:
        distribution = metadata.distribution(NAME)
    except metadata.PackageNotFoundError:
        raise UserError("featherfall is not installed here, only found on the path; pip install it first") from None
    version = distribution.version
    path = folder / f"{NAME}-{version}-py3-none-any.whl"
    info = f"{NAME}-{version}.dist-info"
    record: list[str] = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in _files(distribution, info):
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(data)}")
            _add(wheel, name, data)
        _add(wheel, f"{info}/RECORD", "\n".join([*record, f"{info}/RECORD,,", ""]).encode())
    return path


def _files(distribution: metadata.Distribution, info: str) -> Iterator[tuple[str, bytes]]:
    package = Path(__file__).resolve().parent.parent
    for file in sorted(package.rglob("*")):
        within = file.relative_to(package)
        if file.is_file() and file.suffix != ".pyc" and within.parts[0] != "recipes":
            yield f"{NAME}/{within.as_posix()}", file.read_bytes()
    for name, recipe in sorted(shipped_recipes().items()):  # beside the package in a checkout, in it elsewhere
        yield f"{NAME}/recipes/{name}.yaml", recipe.read_bytes()
    for name in _KEPT:
        text = distribution.read_text(name)
        if text is not None:
            yield f"{info}/{name}", text.encode()


def _add(wheel: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _FIXED_DATE)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
    wheel.writestr(entry, data)
