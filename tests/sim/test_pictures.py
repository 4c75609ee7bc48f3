from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mujoco", reason="the simulator needs MuJoCo: pip install 'featherfall[sim]'")
pytest.importorskip("av", reason="pictures need PyAV: pip install 'featherfall[video]'")

from featherfall import datasets
from featherfall.sim.dataset.generate import CAMERA_STREAM, EXCERPT_STREAM, make_plan, make_subjects, simulate_item
from featherfall.sim.dataset.pictures import CLASS_NAMES, render_images, write_image_dataset


def test_boxes_hold_the_person_who_is_in_the_picture() -> None:
    item = make_subjects(make_plan(1, 0.01, 3, ("faint",)))[0].item(0)
    made = list(render_images(simulate_item(item), item.rng(CAMERA_STREAM), item.rng(EXCERPT_STREAM), 4, 96))
    assert {one.name for one in made} == {"fall", "person"}
    one = next(one for one in made if one.name == "person")
    other = next(two for two in made if two.name == "fall")
    # The room is the same, so pictures differ where the person is in either of them, or casts a shadow.
    changed = np.abs(one.image.astype(int) - other.image).sum(axis=2) > 120
    inside = np.zeros(changed.shape, bool)
    for left, top, right, bottom in (one.box, other.box):
        inside[int(top * 96) : int(np.ceil(bottom * 96)), int(left * 96) : int(np.ceil(right * 96))] = True
    assert changed[inside].mean() > 0.1 and changed[~inside].mean() < 0.02


def test_the_folder_is_one_that_the_yolo_reader_reads(tmp_path: Path) -> None:
    count = write_image_dataset(tmp_path / "yolo", 1, 0.002, seed=1, each=3, size=48)
    dataset = datasets.open("yolo", tmp_path / "yolo")
    assert 0 < count == len(dataset.sources) and set(dataset.class_names) == set(CLASS_NAMES)
    recording = dataset.sources[0].load()
    assert len(recording.boxes) == 1 and recording.boxes[0].name in CLASS_NAMES
    assert len({source.subject for source in dataset.sources}) < count  # pictures of one motion belong together
