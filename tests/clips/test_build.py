from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import IMPACT_S, RATE, tiny_dataset, tiny_recipe

from featherfall import datasets
from featherfall.clips.build import cache_folder, prepare_clips
from featherfall.clips.store import ClipStore, open_store
from featherfall.core.clip_settings import Clip
from featherfall.core.errors import UserError

CLIP = tiny_recipe().clip
WORN = Clip.model_validate(CLIP.model_dump() | {"inputs": {"accelerometer": "accelerometer"}})


def cut(
    data: Path, cache: Path, clip: Clip = WORN, required: tuple[str, ...] = ("accelerometer",), workers: int = 1
) -> tuple[ClipStore, int]:
    """The store, and how many recordings had to be read for it."""
    read: list[str] = []
    store = prepare_clips(
        datasets.open("folder", data), clip, required, cache=cache, workers=workers, progress=lambda done, total, note: read.append(note)
    )
    return store, len(read)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tiny_dataset(tmp_path / "data", subjects=2, streams=["accelerometer"])


def test_what_a_store_holds(tiny_store: ClipStore) -> None:
    assert [recording.id for recording in tiny_store.recordings][:3] == ["S1/fall/0", "S1/sit/0", "S1/walk/0"]
    assert tiny_store.channels["accelerometer"] == ("x", "y", "z") and len(tiny_store.channels["skeleton"]) == 60
    assert tiny_store.facts["gyroscope"].unit == "deg/s" and tiny_store.facts["gyroscope"].placement == "left wrist"
    count = len(tiny_store)
    assert count == sum(recording.clips for recording in tiny_store.recordings) == 8
    for name, values in tiny_store.inputs.items():
        assert values.shape == (count, 40, len(tiny_store.channels[name])) and values.dtype == np.float32
    falls = [i for i, owner in enumerate(tiny_store.recording) if tiny_store.recordings[owner].fall]
    np.testing.assert_allclose(tiny_store.centre_s[falls], IMPACT_S, atol=1.5 / RATE)
    np.testing.assert_allclose(tiny_store.end_s - tiny_store.start_s, 39 / RATE)
    peak = np.linalg.norm(tiny_store.inputs["accelerometer"][falls, 20], axis=1)
    assert (peak > 3.5).all()  # the impact stands in the window's middle
    assert not tiny_store.inputs["accelerometer"].flags.writeable


def test_recordings_in_which_nothing_triggers_are_kept(tiny_store: ClipStore) -> None:
    assert {recording.activity for recording in tiny_store.recordings if not recording.clips} == {"walk"}
    assert len(tiny_store.clips_of(np.asarray([2]))) == 0


def test_a_missing_optional_input_is_flagged(tiny_store: ClipStore) -> None:
    first = tiny_store.clips_of(np.asarray([i for i, one in enumerate(tiny_store.recordings) if one.subject == "S1"]))
    assert len(first) == 2
    assert not tiny_store.present["skeleton"][first].any()
    assert np.isnan(tiny_store.inputs["skeleton"][first]).all()
    others = np.setdiff1d(np.arange(len(tiny_store)), first)
    assert tiny_store.present["skeleton"][others].all() and np.isfinite(tiny_store.inputs["skeleton"][others]).all()
    assert tiny_store.present["accelerometer"].all()


def test_a_recording_without_a_required_input_is_skipped_with_a_reason(tiny: Path, tmp_path: Path) -> None:
    store, _ = cut(tiny, tmp_path, CLIP, ("accelerometer", "skeleton"))
    assert {recording.subject for recording in store.recordings} == {"S2", "S3", "S4"}
    assert store.skipped == [f"S1/{activity}/0: lacks skeleton" for activity in ("fall", "sit", "walk")]
    assert open_store(store.folder).skipped == store.skipped


def test_a_broken_file_is_skipped_with_a_reason(data: Path, tmp_path: Path) -> None:
    file = data / "data" / "S1-sit-0-accelerometer.csv"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:76], "1,2", *lines[76:], *lines[1:]]) + "\n")
    store, _ = cut(data, tmp_path)
    assert len(store.recordings) == 5
    assert len(store.skipped) == 1 and "S1-sit-0-accelerometer.csv: row 77" in store.skipped[0]


def test_nothing_usable_is_an_error_that_leaves_nothing(data: Path, tmp_path: Path) -> None:
    clip = Clip.model_validate(WORN.model_dump() | {"inputs": {"accelerometer": "accelerometer", "skeleton": "skeleton"}})
    cache = tmp_path / "cache"
    with pytest.raises(UserError, match=r"no recording has skeleton; it has accelerometer.*: name one of these in clip\.inputs, or leave"):
        cut(data, cache, clip)
    with pytest.raises(UserError, match="first problem: S1/fall/0: lacks skeleton"):
        cut(data, cache, clip, ("skeleton",))
    assert list(cache.iterdir()) == []


def test_inputs_that_disagree_are_an_error(data: Path, tmp_path: Path) -> None:
    # All files of one stream share a description, so two datasets' units can only meet where a reader mixes them.
    from featherfall.clips.build import _agree
    from featherfall.clips.store import InputFacts

    known = {"accelerometer": InputFacts("g", ("x", "y", "z"), 25, "")}
    with pytest.raises(UserError, match="S9/walk/1: input 'accelerometer' has 3 channels in 'm', other recordings 3 in 'g'"):
        _agree(known, "accelerometer", InputFacts("m", ("x", "y", "z"), 25, ""), "S9/walk/1")


def test_the_second_time_comes_from_the_cache(data: Path, tmp_path: Path) -> None:
    first, read = cut(data, tmp_path)
    assert read == 6
    second, read = cut(data, tmp_path)
    assert read == 0 and second.folder == first.folder


@pytest.mark.parametrize("change", ["a file", "a table", "the window", "what is required"])
def test_other_content_is_another_store(data: Path, tmp_path: Path, change: str) -> None:
    before, _ = cut(data, tmp_path)
    clip, required = WORN, ("accelerometer",)
    if change == "a file":
        file = data / "data" / "S1-sit-0-accelerometer.csv"
        file.write_text(file.read_text().replace("0.", "0.0", 1))
    elif change == "a table":
        table = data / "recordings.csv"
        table.write_text(table.read_text().replace("S2,walk", "S2,stroll"))
    elif change == "the window":
        clip = Clip.model_validate(WORN.model_dump() | {"window": WORN.window.model_dump() | {"length": 32}})
    else:
        required = ()
    after, read = cut(data, tmp_path, clip, required)
    assert read == 6 and after.folder != before.folder
    assert open_store(before.folder).folder.is_dir()  # the old one stays


def test_an_interruption_leaves_no_store(data: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int, note: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    cache = tmp_path / "cache"
    with pytest.raises(KeyboardInterrupt):
        prepare_clips(datasets.open("folder", data), WORN, ["accelerometer"], cache=cache, progress=stop)
    assert list(cache.iterdir()) == []
    assert cut(data, cache)[1] == 6


def test_processes_side_by_side_give_the_same_bytes(tmp_path: Path) -> None:
    data = tiny_dataset(tmp_path / "data", subjects=11, trials=2, streams=["accelerometer"], lacking=[], seconds=2.0)
    alone, read_alone = cut(data, tmp_path / "alone", workers=1)
    together, read_together = cut(data, tmp_path / "together", workers=2)
    assert read_alone == read_together == 66
    names = sorted(path.name for path in alone.folder.iterdir())
    assert names == ["accelerometer.f32", "index.parquet", "meta.json", "recordings.parquet"]
    assert all((alone.folder / name).read_bytes() == (together.folder / name).read_bytes() for name in names)


def test_where_clips_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FEATHERFALL_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path / "clips"
    monkeypatch.delenv("FEATHERFALL_CACHE")
    assert cache_folder() == Path.home() / ".cache" / "featherfall" / "clips"


def test_a_folder_that_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a clip store"):
        open_store(tmp_path)


def test_two_processes_cut_the_same_clips_once(data: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:  # flock keeps two openings of one file apart, also within a process
        stores = list(pool.map(lambda _: cut(data, tmp_path / "cache"), range(2)))
    assert sorted(read > 0 for _, read in stores) == [False, True]
    np.testing.assert_array_equal(stores[0][0].inputs["accelerometer"], stores[1][0].inputs["accelerometer"])
