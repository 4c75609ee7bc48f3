"""Pictures, whole: a recipe without a teacher for a network of pictures, to a bundle that is judged from the pictures' files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from featherfall.core.documents import read_json
from featherfall.core.recipe import Recipe
from featherfall.pipeline.distill import run_recipe
from featherfall.runtime import load_bundle

pytest.importorskip("torchvision", reason="torchvision is not installed (extra 'vision')")
Image = pytest.importorskip("PIL.Image", reason="pictures need Pillow: pip install 'featherfall[video]'")


def recipe() -> Recipe:
    training = {"steps": 6, "batch": 4, "lr": 1e-3, "average": 0, "mixup": 0.4, "swa": {"start": 0.5}, "augment": {"film_flip": True}}
    network = {"kind": "image", "inputs": ["picture"], "options": {"backbone": "mobilenet_v1_025"}}
    return Recipe.model_validate(
        {
            "name": "stills",
            "dataset": "class-folders",
            "labels": {"by": "fall", "positive": "fall", "names": {"fall": ["fallen"], "not_fall": ["standing"]}},
            "clip": {
                "window": {"kind": "trial", "length": 8},
                "films": {"picture": {"view": "cam0", "frames": 1, "size": 32}},
                "reference": "picture",
            },
            "split": {"protocol": "kfold", "folds": 2, "balance": "fall", "validation": 2},
            "student": {"network": network, "training": training},
            "export": {"budget_points": 100},
        }
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight pictures: the fallen are bright below, the standing on one side."""
    folder = tmp_path_factory.mktemp("stills")
    random = np.random.default_rng(0)
    for name in ("fallen", "standing"):
        (folder / name).mkdir()
        for i in range(4):
            pixels = random.integers(0, 40, (40, 48, 3), dtype=np.uint8)
            pixels[(slice(28, 40), slice(8, 40)) if name == "fallen" else (slice(4, 36), slice(20, 30))] += 180
            Image.fromarray(pixels).save(folder / name / f"{name}{i}.png")
    return folder


def test_from_pictures_to_a_bundle_of_pictures(data: Path, tmp_path: Path) -> None:
    metrics = run_recipe(recipe(), data, tmp_path / "run", quiet=True, cache=tmp_path / "cache")
    assert list(metrics["roles"]) == ["alone", "int8"] and metrics["positive"] == "fall"
    assert metrics["counts"]["alone"][0]["falls"] == 4 and "event_f1" not in metrics["roles"]["alone"]
    assert metrics["trained"]["student"].startswith("image: mobilenet_v1_025, fine-tuned, random weights; cross-entropy")
    assert read_json(tmp_path / "run" / "metrics.json")["over_groups"]["group"] == "subject"
    bundle = load_bundle(tmp_path / "run" / "bundle", "int8")
    (picture,) = bundle.manifest.inputs
    assert picture.is_film and (picture.frames, picture.size, picture.unit) == (1, 32, "rgb8")
    assert bundle.model.bytes < 500_000
