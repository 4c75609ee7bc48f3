from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.datasets.lists import Listed, read_list
from featherfall.datasets.utd_mhad import _ACTIVITIES


def test_a_list(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text("E:\\UTD-MHAD\\Frames2\\a1_s1_t1_color 42 0\n/data/with space/a 7 3\n")
    assert read_list(path) == [
        Listed(("E:", "UTD-MHAD", "Frames2", "a1_s1_t1_color"), 42, 0),
        Listed(("", "data", "with space", "a"), 7, 3),
    ]
    path.write_text("a 1 2\nb 1\n")
    with pytest.raises(UserError, match=r"train\.txt: row 2: expected a path, a number of frames and a class, found 'b 1'"):
        read_list(path)


@pytest.mark.parametrize(("split", "suffix"), [("by_trial", "_subject_specific"), ("cross_subject", "")])
def test_real_lists_are_the_splits_of_utd_mhad(real: Callable[[str], Path], split: str, suffix: str) -> None:
    lists = real("split-lists") / "split-lists/data"
    dataset = datasets.open("utd-mhad", real("UTD-MHAD"))
    activities = _ACTIVITIES
    ours = {(activities.index(source.activity) + 1, int(source.subject[1:]), int(source.trial)): source for source in dataset.sources}
    listed = 0
    for side, name in (("train", "train"), ("test", "val")):
        for line in read_list(lists / f"UTD_rgb_{name}_list{suffix}.txt"):
            action, subject, trial = map(int, re.findall(r"\d+", line.parts[-1]))
            assert dataset.splits[split](ours[action, subject, trial]) == side
            assert line.label == action - 1
            listed += 1
    assert listed == len(ours) == 861
