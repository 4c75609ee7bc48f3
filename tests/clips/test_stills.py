"""Still pictures in the clip store: one clip a picture, falls by name, splits by source, series and look."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.conftest import tiny_recipe
from tests.stills import scene, write

from featherfall import datasets
from featherfall.clips.build import prepare_clips
from featherfall.clips.labels import clip_labels
from featherfall.clips.splits import folds
from featherfall.clips.store import ClipStore
from featherfall.core.clip_settings import Clip
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe, Split

CLIP = {
    "window": {"kind": "trial", "length": 8},
    "films": {"camera": {"view": "cam0", "frames": 1, "size": 32, "quality": 95}},
    "reference": "camera",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Eight pictures of four sources in two series; those of series 1 look alike."""
    for source, series in enumerate("1122"):
        for version in "ab":
            name = f"{series}_{source}_png.rf.{version}"
            write(tmp_path / "data" / "images" / f"{name}.png", scene(0 if series == "1" else source))
            (tmp_path / "data" / "labels").mkdir(exist_ok=True)
            (tmp_path / "data" / "labels" / f"{name}.txt").write_text(f"{source % 2} .5 .5 .2 .2\n")
    (tmp_path / "data" / "data.yaml").write_text("names: [fall, sit]\n")
    return tmp_path / "data"


def recipe(group: str = "subject", fall: tuple[str, ...] = ("fall",)) -> Recipe:
    rest = [name for name in ("fall", "sit") if name not in fall]
    network = {"kind": "mono_video", "inputs": ["camera"]}
    return tiny_recipe(
        dataset="yolo",
        labels={"by": "fall", "positive": "fall", "names": {"fall": list(fall), "not_fall": rest}},
        clip=CLIP,
        split={"protocol": "kfold", "folds": 2, "group": group},
        teacher={"network": network},
        student={"network": network},
    )


def cut(stated: Recipe, data: Path, cache: Path) -> ClipStore:
    return prepare_clips(datasets.open_for(stated, data), stated.clip, ["camera"], cache=cache)


def test_one_clip_a_picture(data: Path, tmp_path: Path) -> None:
    store = cut(recipe(), data, tmp_path / "clips")
    assert len(store) == len(store.recordings) == 8 and store.whole and not store.skipped
    assert store.films["camera"].shape == (8, 1, 32, 32, 3)
    want = scene(0)[::40, ::48][0, 0].astype(int)
    assert np.abs(store.read("camera", np.array([0]))[0, 0, 0, 0].astype(int) - want).max() < 40
    labels = clip_labels(store, recipe().labels)
    assert [int(label) for label in labels] == [int(recording.activity == "fall") for recording in store.recordings]
    assert sum(labels) == 4 and {recording.fall is not None for recording in store.recordings} == {True, False}


def test_another_mapping_is_another_store(data: Path, tmp_path: Path) -> None:
    first, second = cut(recipe(), data, tmp_path / "clips"), cut(recipe(fall=("sit",)), data, tmp_path / "clips")
    assert first.folder != second.folder and cut(recipe(), data, tmp_path / "clips").folder == first.folder
    assert [recording.fall is None for recording in first.recordings] == [recording.fall is not None for recording in second.recordings]


@pytest.mark.parametrize(("group", "names"), [("subject", 4), ("series", 2), ("look", 3)])
def test_no_group_on_two_sides(data: Path, tmp_path: Path, group: str, names: int) -> None:
    stated = recipe(group)
    store = cut(stated, data, tmp_path / "clips")
    key = (lambda one: one.subject) if group == "subject" else (lambda one: one.traits[group])
    assert len({key(recording) for recording in store.recordings}) == names
    for fold in folds(store.recordings, stated.split):
        sides = [{key(store.recordings[i]) for i in side} for side in (fold.train, fold.test)]
        assert sides[0] and sides[1] and not sides[0] & sides[1]


def test_a_trait_that_nobody_has(data: Path, tmp_path: Path) -> None:
    store = cut(recipe(), data, tmp_path / "clips")
    with pytest.raises(UserError, match=r"split\.group 'room': no recording has this trait; give subject, recording, series"):
        folds(store.recordings, Split(protocol="kfold", folds=2, group="room"))


def test_a_broken_picture_is_left_out(data: Path, tmp_path: Path) -> None:
    first = min((data / "images").iterdir())
    first.write_bytes(b"text")
    store = cut(recipe("look"), data, tmp_path / "clips")
    assert len(store) == 7 and len(store.skipped) == 1 and first.name in store.skipped[0] and "not a picture" in store.skipped[0]


def test_stills_beside_a_film_need_no_clock(data: Path) -> None:
    assert Clip.model_validate(CLIP).films["camera"].frames == 1
