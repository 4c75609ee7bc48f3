"""A recipe whose student sees a film, whole: teacher live, block by block, to a bundle that is judged from the films' files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.conftest import tiny_dataset
from tests.films import gray_film
from typer.testing import CliRunner

from featherfall import datasets
from featherfall.cli.main import app
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.evaluation.evaluate import evaluate
from featherfall.pipeline.distill import run_recipe
from featherfall.runtime import load_bundle

TRAINING = {"steps": 3, "batch": 4, "lr": 0.01, "average": 0, "augment": {"views": 1, "blends": 1}}
TERMS = [
    {"loss": "mse", "weight": 0.35, "student_tap": "blocks.0", "teacher_tap": "blocks.1"},
    {"loss": "mse", "weight": 0.35, "student_tap": "blocks.1", "teacher_tap": "blocks.3"},
    {"loss": "soft", "weight": 0.3, "temperature": 3},
]


def recipe(**distillation: object) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "filmed",
            "dataset": "folder",
            "labels": {"by": "fall", "positive": "fall"},
            "clip": {
                "window": {"kind": "trial", "length": 20},
                "films": {"video": {"view": "cam1", "frames": 4, "size": 32}},
                "reference": "video",
            },
            "split": {"protocol": "kfold", "folds": 2},
            "teacher": {"network": {"kind": "video", "inputs": ["video"]}, "training": TRAINING},
            "student": {"network": {"kind": "mono_video", "inputs": ["video"]}, "training": TRAINING},
            "distillation": {"hard": 1.0, "live": True, "terms": TERMS} | distillation,
        }
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tiny_dataset(tmp_path_factory.mktemp("filmed") / "data", subjects=2, streams=["accelerometer"])
    rows = (folder / "recordings.csv").read_text().splitlines()
    (folder / "recordings.csv").write_text(
        "\n".join([rows[0] + ",cam1", *(f"{row},film-{i}.mp4" for i, row in enumerate(rows[1:]))]) + "\n"
    )
    for i in range(len(rows) - 1):
        gray_film(folder / f"film-{i}.mp4", 12, size=48, by=40)  # of two greys, as pictures of one show nothing
    with open(folder / "streams.yaml", "a") as file:
        file.write("films: {cam1: {}}\n")
    return folder


def test_from_films_to_a_bundle_of_films(data: Path, tmp_path: Path) -> None:
    metrics = run_recipe(recipe(), data, tmp_path / "run", quiet=True, cache=tmp_path / "cache")
    assert {"teacher", "alone", "distilled", "int8"} <= metrics["roles"].keys()
    log = next(tmp_path.glob("run/folds/*/distilled/*/log.csv")).read_text().splitlines()
    assert log[0].startswith("step,loss,hard,mse,mse_1,soft")
    bundle = load_bundle(tmp_path / "run" / "bundle", "float32")
    (film,) = bundle.manifest.inputs
    assert film.is_film and (film.frames, film.size, film.unit) == (4, 32, "rgb8")
    assert bundle.manifest.parameters == 143_617
    said = bundle.probabilities({"video": np.zeros((3, 4, 32, 32, 3), np.uint8)})
    assert said.shape == (3, 2) and np.allclose(said.sum(axis=1), 1)
    assert read_json(tmp_path / "run" / "metrics.json")["sizes"]["teacher"]["parameters"] > 143_617
    result = evaluate(bundle, datasets.open("folder", data))  # its films go by the recipe's names for them
    assert result["counts"]["hours"] > 0 and not [note for note in result["notes"] if note.startswith("left out")]


def test_maps_are_not_kept_for_every_clip(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"set distillation\.live: true"):
        run_recipe(recipe(live=False), data, tmp_path / "run", quiet=True, cache=tmp_path / "cache")


def test_a_tap_that_is_not_there_is_named(data: Path, tmp_path: Path) -> None:
    terms = [{"loss": "mse", "student_tap": "blocks.0", "teacher_tap": "blocks.9"}]
    with pytest.raises(UserError, match=r"no submodule 'blocks.9'"):
        run_recipe(recipe(terms=terms), data, tmp_path / "run", quiet=True, cache=tmp_path / "cache")


def test_a_bundle_of_films_reads_a_film(data: Path, tmp_path: Path) -> None:
    run_recipe(recipe(), data, tmp_path / "run", quiet=True, cache=tmp_path / "cache")
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    said = CliRunner().invoke(app, ["predict", str(tmp_path / "run" / "bundle"), str(tmp_path / "broken.mp4"), str(data / "film-0.mp4")])
    assert said.exit_code == 2 and "broken.mp4" in said.output and "label" in said.output and "1 judged" in said.output
