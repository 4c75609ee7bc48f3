from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from tests.films import gray_film

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.skeletons import parents_of
from featherfall.datasets import utd_mhad


@pytest.fixture
def folder(tmp_path: Path, resting: np.ndarray) -> Path:
    """Two whole trials, on the wrist and on the thigh."""
    for name in ("a1_s1_t1", "a27_s2_t3"):
        for kind in ("Inertial", "Skeleton"):
            (tmp_path / kind).mkdir(exist_ok=True)
        savemat(tmp_path / "Inertial" / f"{name}_inertial.mat", {"d_iner": np.hstack([resting, 100 * resting])})
        skeleton = np.random.default_rng(1).normal(size=(20, 3, 25))
        savemat(tmp_path / "Skeleton" / f"{name}_skeleton.mat", {"d_skel": skeleton})
    return tmp_path


def test_a_trial_is_read_as_it_was_written(folder: Path, resting: np.ndarray) -> None:
    dataset = utd_mhad.UTDMHAD().scan(folder)
    assert [source.id for source in dataset.sources] == ["S1/swipe left/1", "S2/squat/3"]
    assert dataset.problems == ()
    first, last = (pickle.loads(pickle.dumps(source)).load() for source in dataset.sources)
    assert first.id == "S1/swipe left/1"
    assert first.fall is None
    assert (first.streams["gyroscope"].placement, last.streams["gyroscope"].placement) == ("right wrist", "right thigh")
    accelerometer, skeleton = first.streams["accelerometer"], first.streams["skeleton"]
    np.testing.assert_allclose(accelerometer.values, resting, rtol=1e-6)
    np.testing.assert_allclose(accelerometer.times, np.arange(40) / 50)
    assert (accelerometer.unit, first.streams["gyroscope"].unit, skeleton.unit) == ("g", "deg/s", "m")
    assert (accelerometer.clock, skeleton.clock, skeleton.rate) == ("shared", "own", 30.0)
    written = np.random.default_rng(1).normal(size=(20, 3, 25))
    assert skeleton.values.shape == (25, 60)
    assert skeleton.channels[4] == "shoulder centre.y"
    np.testing.assert_allclose(skeleton.values[7, 4], written[1, 1, 7], rtol=1e-6)
    assert len(parents_of(skeleton.channels)) == 20


def test_a_film_is_located_where_a_user_has_it(folder: Path) -> None:
    (folder / "RGB").mkdir()
    gray_film(folder / "RGB" / "a1_s1_t1_color.mp4", 20).rename(folder / "RGB" / "a1_s1_t1_color.avi")
    (folder / "RGB" / "a27_s3_t3_color.avi").write_bytes(b"")
    dataset = utd_mhad.UTDMHAD().scan(folder)
    films = [source.load().videos for source in dataset.sources]
    assert [list(one) for one in films] == [["cam0"], [], ["cam0"]]
    assert films[0]["cam0"].path.name == "a1_s1_t1_color.avi" and films[0]["cam0"].clock == "own"
    assert len(dataset.problems) == 1 and "the inertial and skeleton file of this trial is missing" in dataset.problems[0]


def test_a_missing_modality_is_told_unless_missing_by_design(folder: Path) -> None:
    (folder / "Skeleton/a1_s1_t1_skeleton.mat").unlink()
    (folder / "Inertial/a27_s2_t3_inertial.mat").rename(folder / "Inertial/a27_s8_t4_inertial.mat")
    (folder / "Skeleton/a27_s2_t3_skeleton.mat").unlink()
    (folder / "Inertial/a28_s1_t1_inertial.mat").touch()
    dataset = utd_mhad.UTDMHAD().scan(folder)
    assert len(dataset.sources) == 2
    assert set(dataset.sources[0].load().streams) == {"accelerometer", "gyroscope"}
    assert [problem.removeprefix(f"{folder}/") for problem in dataset.problems] == [
        "Inertial/a28_s1_t1_inertial.mat: not the name of a trial, left out; expected a1_s1_t1_inertial.mat or a1_s1_t1_skeleton.mat",
        "Inertial/a1_s1_t1_inertial.mat: the skeleton file of this trial is missing",
    ]


def test_a_file_cut_anywhere_is_named(folder: Path) -> None:
    path = folder / "Inertial/a1_s1_t1_inertial.mat"
    whole = path.read_bytes()
    source = utd_mhad.UTDMHAD().scan(folder).sources[0]
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"a1_s1_t1_inertial\.mat: (cannot be read as a MATLAB file|has no variable)"):
            source.load()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"other": np.zeros((40, 6))}, "has no variable 'd_iner'; copy the original"),
        ({"d_iner": np.zeros((40, 5))}, r"'d_iner' has the shape \(40, 5\), expected N x 6"),
        ({"d_iner": np.full((40, 6), np.nan)}, "'d_iner' holds values that are no finite numbers"),
        ({"d_iner": np.ones((1, 6))}, r"1 sample\(s\), at least 2 are needed"),
        ({"d_iner": np.full((40, 6), 9.81 / 3**0.5)}, "so the unit is m/s2, not g"),
    ],
)
def test_foreign_content_is_refused(folder: Path, content: dict[str, np.ndarray], message: str) -> None:
    savemat(folder / "Inertial/a1_s1_t1_inertial.mat", content)
    with pytest.raises(UserError, match=rf"a1_s1_t1_inertial\.mat: .*{message}"):
        utd_mhad.UTDMHAD().scan(folder).sources[0].load()


@pytest.mark.parametrize(
    ("split", "train", "test", "sizes"),
    [
        ("by_trial", "UTD_rgb_train_list_subject_specific.txt", "UTD_rgb_val_list_subject_specific.txt", (432, 429)),
        ("cross_subject", "UTD_rgb_train_list.txt", "UTD_rgb_val_list.txt", (431, 430)),
    ],
)
def test_splits_equal_the_published_lists(real: Callable[[str], Path], split: str, train: str, test: str, sizes: tuple[int, int]) -> None:
    lists = real("split-lists") / "split-lists" / "data"
    dataset = datasets.open("utd-mhad", real("UTD-MHAD"))
    for side, name, size in zip(("train", "test"), (train, test), sizes, strict=True):
        published = {line.split()[0].split("\\")[-1].removesuffix("_color") for line in (lists / name).read_text().splitlines()}
        ours = {source.files[0].name.removesuffix("_inertial.mat") for source in dataset.sources if dataset.splits[split](source) == side}
        assert ours == published
        assert len(ours) == size
