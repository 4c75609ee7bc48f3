from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from featherfall.core.errors import UserError
from featherfall.datasets import mat
from featherfall.datasets.mat import read_matrix

SHAPE = (None, 6)


def test_many_files_by_one_child(tmp_path: Path) -> None:
    children = set()
    for number in range(3):
        savemat(tmp_path / "a.mat", {"d_iner": np.full((4, 6), number, float)}, do_compression=number > 1)
        assert (read_matrix(tmp_path / "a.mat", "d_iner", SHAPE) == number).all()
        assert mat._CHILD._process is not None
        children.add(mat._CHILD._process.pid)
    assert len(children) == 1


def test_a_child_that_crashes_is_named_and_replaced(tmp_path: Path) -> None:
    """Every byte of a small file, in turn, is the largest: SciPy 1.16 and 1.17 crash on some of them."""
    savemat(tmp_path / "a.mat", {"d_iner": np.ones((4, 6))})
    whole = (tmp_path / "a.mat").read_bytes()
    for at in range(124, 200, 4):
        (tmp_path / "b.mat").write_bytes(whole[:at] + b"\xff\xff\xff\x7f" + whole[at + 4 :])
        try:
            read_matrix(tmp_path / "b.mat", "d_iner", SHAPE)
        except UserError as error:
            assert str(error).endswith(("copy it again", "copy the original file again", "leave the trial out"))  # noqa: PT017
    assert (read_matrix(tmp_path / "a.mat", "d_iner", SHAPE) == 1).all()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"other": np.ones((4, 6))}, "has no variable 'd_iner'"),
        ({"d_iner": np.ones((4, 5))}, r"has the shape \(4, 5\), expected N x 6"),
        ({"d_iner": np.full((4, 6), np.nan)}, "no finite numbers"),
        ({"d_iner": np.array([["a"] * 6], dtype=object)}, "no finite numbers"),
    ],
)
def test_files_without_the_matrix(content: dict[str, np.ndarray], told: str, tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", content)
    with pytest.raises(UserError, match=rf"a\.mat: .*{told}"):
        read_matrix(tmp_path / "a.mat", "d_iner", SHAPE)


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    with pytest.raises(UserError, match="no such file"):
        read_matrix(path, "d_iner", SHAPE)
    path.write_bytes(b"MATLAB 5.0 MAT-file")
    with pytest.raises(UserError, match="cannot be read as a MATLAB file"):
        read_matrix(path, "d_iner", SHAPE)
    with open(path, "wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(UserError, match="larger than"):
        read_matrix(path, "d_iner", SHAPE)
