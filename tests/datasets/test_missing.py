from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from tests.conftest import tiny_dataset

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.files import SIMULATION
from featherfall.core.recipe_file import load_recipe

COMMAND = "featherfall sim --out {}/simulated --subjects 24 --hours 3 --seed 7 --part fitbit --skeleton none"

WORN = "accelerometer: accelerometer | wrist_accelerometer | watch_accelerometer, gyroscope: gyroscope | wrist_gyroscope"

# With inputs that only some parts of the pool have.
SEEN = [
    f"clip.inputs={{{WORN}, orientation: orientation, skeleton: skeleton}}",
    "teacher.network.inputs=[skeleton, accelerometer, gyroscope, orientation]",
]


def weda(folder: Path) -> None:
    for name in ("D01/U01_R01", "F01/U02_R01"):
        path = folder / "WEDA-FALL" / "dataset" / "50Hz" / f"{name}_accel.csv"
        path.parent.mkdir(parents=True)
        path.touch()


def wisdm(folder: Path) -> None:
    (folder / "WISDM-watch").mkdir()
    (folder / "WISDM-watch" / "data_1600_accel_watch.txt").write_text("1600,A,1,2,9;\n")


def up_fall(folder: Path) -> None:
    for name in ("Falls/1_1_1.csv", "ADL/1_6_1.csv"):
        path = folder / "UP-Fall" / "wrist" / name
        path.parent.mkdir(parents=True)
        path.touch()


def test_what_is_missing_and_where_it_comes_from(tmp_path: Path) -> None:
    weda(tmp_path)
    with pytest.raises(UserError) as caught:
        datasets.open("weda-fall + up-fall + simulated", tmp_path)
    command = COMMAND.format(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: no up-fall (folder UP-Fall), simulated (written by: {command}); add what is missing to --data, or name only those "
        'that are there: "weda-fall"'
    )
    with pytest.raises(UserError, match=r"no wisdm-watch \(folder WISDM-watch\), up-fall \(folder UP-Fall\); give --data$"):
        datasets.open("wisdm-watch + up-fall", tmp_path)


@pytest.mark.parametrize(
    ("write", "changes"),
    [
        (
            (weda, wisdm),
            [
                "dataset=weda-fall + wisdm-watch",
                "split.options.train_only=[]",
                "split.protocol=kfold",
                f"clip.inputs={{{WORN}, orientation: orientation}}",
                "teacher.network.inputs=[accelerometer, gyroscope, orientation]",
            ],
        ),
        (
            (up_fall, wisdm),
            [
                "dataset=up-fall + wisdm-watch",
                "split.options.train_only=[]",
                "split.protocol=kfold",
                f"clip.inputs={{{WORN}}}",
                "teacher.network.inputs=[accelerometer, gyroscope]",
            ],
        ),
        ((wisdm,), []),  # nobody falls
    ],
)
def test_a_pooled_recipe_goes_on_without(tmp_path: Path, write: tuple[object, ...], changes: list[str]) -> None:
    for one in write:
        one(tmp_path)  # type: ignore[operator]
    recipe = load_recipe("wrist_falls_pooled", SEEN)
    with pytest.raises(UserError) as caught:
        datasets.open_for(recipe, tmp_path)
    assert "\n" not in str(caught.value) and re.findall(r'--set "([^"]+)"', str(caught.value)) == changes
    if changes:
        changed = load_recipe("wrist_falls_pooled", [*SEEN, *changes])
        assert len(datasets.open_for(changed, tmp_path).sources) == 3


def test_the_recipe_that_ships_says_how_its_part_is_simulated() -> None:
    summary = load_recipe("wrist_falls_pooled").summary
    assert COMMAND.format("DIR") in summary


def test_simulated_people_beside_real_ones(tmp_path: Path) -> None:
    weda(tmp_path)
    tiny_dataset(tmp_path / "simulated", subjects=2)
    with pytest.raises(
        UserError, match=rf"simulated: not a finished simulation \(simulation.json is missing\).*sim --out {tmp_path}/simulated"
    ):
        datasets.open("weda-fall + simulated", tmp_path)
    (tmp_path / "simulated" / SIMULATION).write_text("{}")
    joined = datasets.open("weda-fall + simulated", tmp_path)
    assert {source.dataset for source in joined.sources} == {"weda-fall", "simulated"} and not joined.simulated
    recording = joined.sources[-1].load()
    assert (recording.dataset, recording.subject) == ("simulated", "simulated-S2")
    shutil.rmtree(tmp_path / "WEDA-FALL")
    assert datasets.open("simulated", tmp_path).simulated
