"""Every way in is fuzzed: the table of doors is whole, what once broke stays mended, and a few inputs go through each."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from fuzz.doors import CORPUS, DOORS, Door
from fuzz.worker import Inputs, complaint
from tests.datasets.conftest import REAL

import featherfall
from featherfall.core.errors import UserError

SOURCE = Path(featherfall.__file__).parent
# What reads bytes, text or times that may come from outside.
READING = re.compile(
    r"(?<![\w.])(?<!def )open\((?!self|cls|name)|(?:path|file|av|Image)\.open\("
    r"|(?<!def )\b(?:open_file|read_bytes|read_text|read_json|read_yaml)\("
    r"|(?<!def )\b(?:parse_json|parse_yaml|loadmat|ZipFile|load_workbook|InferenceSession|Interpreter|fromisoformat|strptime)\("
    r"|(?:json|pickle|torch|yaml|np)\.(?:safe_)?loads?\(|np\.(?:loadtxt|genfromtxt|fromfile|frombuffer|datetime64)\(|csv\.(?:reader|DictReader)\("
    r"|\b(?:gzip|bz2|lzma|ElementTree)\."
)
# Modules that read, but nothing from outside, or through a door of another module; with the reason.
NO_DOOR = {
    "export/microcontroller/proof": "files that it has written itself, and what the C that it compiled prints",
    "export/microcontroller/source": "templates of the package",
    "core/files": "the primitive itself, tested in tests/core/test_files.py",
    "datasets/content": "digests of files that readers open",
    "household/secrets": "one bounded line, which is compared and never parsed",
    "core/registry": "the package's own source",
    "runtime/measure": "a child process of its own, and /proc",
    **dict.fromkeys(
        [
            *("clips/build", "clips/films", "clips/store", "evaluation/film_cache", "evaluation/of_films", "evaluation/pictures"),
            *("pipeline/distill", "pipeline/progress", "pipeline/tasks/detection", "pipeline/tasks/detections", "pipeline/tasks/windows"),
            *("training/checkpoint", "training/fit", "training/yolo", "training/yolo_worker", "sim/dataset/build"),
        ],
        "files of a cache or a run that this program wrote and resumes; weights are opened with weights_only=True",
    ),
    **dict.fromkeys(
        ["app/theme", "app/pages/analysis", "publish/wheel", "export/onnx"],
        "the package's own files, or what this process has just written",
    ),
    **dict.fromkeys(["runtime/sinks/film", "runtime/sinks/jsonl", "sim/dataset/write", "sim/film/film", "signals/spool"], "writes"),
    "app/analysers/picture": "copies an upload that was opened by door picture",
    "datasets/__init__": "its own function of that name",
    "models/pretrained": "weights whose sha256 is known, with weights_only=True",
    "runtime/perceive/litert": "weights whose sha256 is known, or that the user states",
}


def modules() -> dict[str, str]:
    """Source texts by module, without strings that only explain."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        text = re.sub(r'"""(?:.|\n)*?"""', "", path.read_text())
        found[path.relative_to(SOURCE).with_suffix("").as_posix()] = re.sub(r"#.*", "", text)
    return found


def test_no_module_reads_without_a_door() -> None:
    covered = {module for door in DOORS.values() for module in door.reads}
    reading = {name for name, text in modules().items() if READING.search(text)}
    missing = sorted(reading - covered - NO_DOOR.keys())
    assert not missing, f"these modules read, and no door of fuzz/doors covers them; add one, or say in NO_DOOR why not: {missing}"


def test_the_table_is_about_modules_that_exist() -> None:
    known = modules()
    assert {module for door in DOORS.values() for module in door.reads} <= known.keys()
    assert NO_DOOR.keys() <= known.keys()
    assert {path.name for path in CORPUS.iterdir()} == {door.corpus or door.name for door in DOORS.values()}


@pytest.mark.parametrize("door", DOORS.values(), ids=lambda door: door.name)
def test_seeds_and_a_few_inputs(door: Door, tmp_path: Path) -> None:
    """Every seed opens or is refused, and so do some inputs; `make fuzz-short` runs more, `benchmarks/fuzz.py` millions."""
    inputs = Inputs(door, tmp_path)
    for root, tree in zip(inputs.roots, inputs.seeds, strict=True):
        for name, data in tree.items():
            _check(inputs, root, name, data)
    for number in range(1_000_000, 1_000_000 + max(2, door.share // 100)):
        _check(inputs, *inputs.damaged(number))


def _check(inputs: Inputs, root: Path, name: str, data: bytes) -> None:
    try:
        inputs.give(root, name, data)
    except UserError as error:
        assert complaint(error) is None, str(error)  # noqa: PT017


# Files that once broke a parser, named NAME-EXCEPTION-WHERE: the door that each is for.
FIELD = {
    "csv": "predict",
    "manifest": "manifest",
    "recipe": "recipe",
    "folder": "data-folder",
    "datayaml": "data-yolo",
    "xlsx": "xlsx",
    "mat": "mat",
    "head": "picture-head",
    "picture": "picture",
    "aihub": "data-aihub",
    "live": "phone",
    "loadbundle": "onnx",
}
NAMES = {
    "data-folder": "streams.yaml",
    "data-yolo": "data.yaml",
    "data-aihub": "Training/L/00015_H_A_SY_C2.json",
    "manifest": "manifest.json",
}


def test_files_that_once_broke_a_parser() -> None:
    folder = REAL / "field" / "fuzz"
    if not folder.is_dir():
        pytest.skip(f"no {folder}; set FEATHERFALL_REAL_DATA to the folder of the real datasets")
    for file in sorted(folder.iterdir()):
        door = DOORS[FIELD[file.name.partition("-")[0]]]
        with tempfile.TemporaryDirectory() as temporary:
            inputs = Inputs(door, Path(temporary))
            root = inputs.roots[0]
            name = NAMES.get(door.name) or next(iter(inputs.seeds[0]))
            _check(inputs, root, name, file.read_bytes())
