"""Clips with films, from own recordings with films to the store and back."""

from __future__ import annotations

import os
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import yaml
from tests.conftest import tiny_dataset
from tests.films import gray_film, number

from featherfall import datasets
from featherfall.clips.build import prepare_clips
from featherfall.clips.films import from_jpeg, to_jpeg
from featherfall.clips.splits import copies_of, group_of
from featherfall.clips.store import ClipStore, open_store
from featherfall.core.clip_settings import Clip
from featherfall.core.errors import UserError
from featherfall.datasets.views import cameras, each_view, join_datasets

SLIDING = {"kind": "sliding", "length": 20, "rate": 10, "stride_s": 0.5}
FILMED = Clip.model_validate(
    {
        "window": SLIDING,
        "inputs": {"accelerometer": "accelerometer"},
        "films": {"video": {"view": "cam1", "frames": 4, "size": 16}},
        "reference": "video",
    }
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two people, three recordings of 3 s each; two cameras, the second half a second later; S2 walks unseen by the first."""
    folder = tiny_dataset(tmp_path / "data", subjects=2, streams=["accelerometer"])
    rows = (folder / "recordings.csv").read_text().splitlines()
    lines = [rows[0] + ",cam1,cam2"]
    for row in rows[1:]:
        subject, activity, *_ = row.split(",")
        gray_film(folder / f"{subject}-{activity}.mp4")
        first = "" if (subject, activity) == ("S2", "walk") else f"{subject}-{activity}.mp4"
        lines.append(f"{row},{first},{subject}-{activity}.mp4")
    (folder / "recordings.csv").write_text("\n".join(lines) + "\n")
    with open(folder / "streams.yaml", "a") as file:
        file.write("films:\n  cam1: {}\n  cam2: {start_s: 0.5}\n")
    return folder


def cut(data: Path, cache: Path, clip: Clip = FILMED, required: tuple[str, ...] = ("video",)) -> ClipStore:
    dataset = datasets.open("folder", data)
    return prepare_clips(each_view(dataset) if clip.each_view else dataset, clip, required, cache=cache)


def test_a_jpeg_is_nearly_the_picture() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (2, 2, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    assert np.abs(from_jpeg(to_jpeg(picture, 95)).astype(int) - picture).mean() < 3


def test_a_film_filed_twice_is_a_copy_unless_the_sensors_differ(data: Path, tmp_path: Path) -> None:
    """All films of this dataset are the same; each recording has its own accelerometer."""
    assert copies_of(cut(data, tmp_path / "clips").recordings) == []
    mute = yaml.safe_load((data / "streams.yaml").read_text())
    (data / "streams.yaml").write_text(yaml.safe_dump({"films": mute["films"], "falls": ["fall"]}))
    rows = [row.split(",") for row in (data / "recordings.csv").read_text().splitlines()]
    (data / "recordings.csv").write_text("".join(",".join([*row[:3], *row[-2:]]) + "\n" for row in rows))
    clip = FILMED.model_copy(update={"inputs": {}})
    assert copies_of(cut(data, tmp_path / "clips", clip).recordings) == list(combinations(range(5), 2))


def test_pictures_of_overlapping_windows_are_kept_once(data: Path, tmp_path: Path) -> None:
    store = cut(data, tmp_path / "cache")
    assert [recording.id for recording in store.recordings] == ["S1/fall/0", "S1/sit/0", "S1/walk/0", "S2/fall/0", "S2/sit/0"]
    assert len(store.skipped) == 1 and "S2/walk/0: lacks a film 'cam1'" in store.skipped[0]
    assert store.facts["video"].frames == 4 and store.facts["video"].unit == "rgb8" and store.channels["video"] == ("red", "green", "blue")
    first = store.clips_of(np.array([0]))
    np.testing.assert_allclose(store.start_s[first], [0.0, 0.5, 1.0])  # the film lasts 3 s
    pictures = store.read("video", first)
    assert pictures.shape == (3, 4, 16, 16, 3) and pictures.dtype == np.uint8
    # A window of 2 s, four pictures at .25, .75, ... s; the film has 10 frames a second, of two equally near ones the earlier counts.
    shown = [[number(picture) for picture in clip] for clip in pictures]
    assert np.abs(np.array(shown) - [[2.5, 7.5, 12.5, 17.5], [7.5, 12.5, 17.5, 22.5], [12.5, 17.5, 22.5, 27.5]]).max() <= 0.5
    assert len(np.unique(store.films["video"].index[first])) == 6  # not 12
    assert store.read("accelerometer", first).shape == (3, 20, 3)
    again = open_store(store.folder)
    np.testing.assert_array_equal(again.read("video", first), pictures)


def test_each_view_is_a_recording_and_all_stay_together(data: Path, tmp_path: Path) -> None:
    clip = Clip.model_validate(FILMED.model_dump() | {"films": {"video": {"view": "each", "frames": 4, "size": 16}}})
    store = cut(data, tmp_path / "cache", clip)
    ids = [recording.id for recording in store.recordings]
    assert len(ids) == 11 and ids[:2] == ["S1/fall/0@cam1", "S1/fall/0@cam2"]
    assert {group_of(recording, "recording") for recording in store.recordings[:2]} == {"S1/fall/0"}
    later = store.clips_of(np.array([1]))
    np.testing.assert_allclose(store.start_s[later], [0.5, 1.0, 1.5])


def test_cameras_of_a_source(data: Path) -> None:
    dataset = datasets.open("folder", data)
    assert cameras(dataset.sources[0]) == ["cam1", "cam2"] and cameras(dataset.sources[-1]) == ["cam2"]


def test_without_films_there_are_no_views(tiny: Path) -> None:
    with pytest.raises(UserError, match="no recording has a film"):
        each_view(datasets.open("folder", tiny))


def test_several_datasets_as_one(data: Path, tmp_path: Path) -> None:
    one = datasets.open("folder", data)
    both = join_datasets([one, one])
    assert both.name == "folder+folder" and both.sources[0].subject == "folder-S1"
    assert both.sources[0].load().id == both.sources[0].id == "folder-S1/fall/0"
    with pytest.raises(UserError, match="several, which cannot share the folder"):
        datasets.open("urfd + up-fall", tmp_path, "elsewhere")


@pytest.mark.parametrize("fault", ["text", "empty", "no permission", "no frames"])
def test_a_broken_film_is_one_line_and_loses_no_other_recording(data: Path, tmp_path: Path, fault: str) -> None:
    film = data / "S1-sit.mp4"
    if fault == "text":
        film.write_text("not a film, whatever its name says\n" * 100)
    elif fault == "empty":
        film.write_bytes(b"")
    elif fault == "no permission":
        if os.geteuid() == 0:
            pytest.skip("root may read everything")
        film.chmod(0)
    else:
        film.write_bytes(film.read_bytes()[:400])
    store = cut(data, tmp_path / "cache")
    assert [recording.id for recording in store.recordings] == ["S1/fall/0", "S1/walk/0", "S2/fall/0", "S2/sit/0"]
    broken = [line for line in store.skipped if "S1-sit.mp4" in line]
    assert len(broken) == 1 and "\n" not in broken[0]


def test_where_the_film_is_optional_a_broken_one_costs_only_itself(data: Path, tmp_path: Path) -> None:
    (data / "S1-sit.mp4").write_bytes(b"")
    clip = Clip.model_validate(FILMED.model_dump() | {"reference": "accelerometer"})
    store = cut(data, tmp_path / "cache", clip, ("accelerometer",))
    assert len(store.recordings) == 6
    unseen = [i for i, recording in enumerate(store.recordings) if not store.present["video"][store.clips_of(np.array([i]))].all()]
    assert [store.recordings[i].id for i in unseen] == ["S1/sit/0", "S2/walk/0"]
    assert not store.read("video", store.clips_of(np.array(unseen))).any()
    assert any("S1-sit.mp4" in line for line in store.skipped)


def test_another_film_is_another_store(data: Path, tmp_path: Path) -> None:
    before = cut(data, tmp_path / "cache").folder
    assert cut(data, tmp_path / "cache").folder == before
    gray_film(data / "S1-sit.mp4", 31)
    assert cut(data, tmp_path / "cache").folder != before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"reference": "skeleton"}, "not among the clip's inputs"),
        ({"films": {"accelerometer": {"view": "cam1"}}, "reference": "accelerometer"}, "in both"),
        ({"window": {"kind": "impact", "length": 20, "rate": 10}}, "need an accelerometer"),
        ({"inputs": {}, "films": {}}, "needs 'inputs' or 'films'"),
    ],
)
def test_clips_that_cannot_be_are_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Clip.model_validate(FILMED.model_dump() | change)


def test_patterns_name_several_inputs() -> None:
    clip = Clip.model_validate(FILMED.model_dump() | {"inputs": ["left_accelerometer", "left_gyroscope"], "require": ["left_*", "video"]})
    assert clip.inputs == {"left_accelerometer": "left_accelerometer", "left_gyroscope": "left_gyroscope"}
    assert clip.require == ["left_accelerometer", "left_gyroscope", "video"]
