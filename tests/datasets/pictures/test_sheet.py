"""A contact sheet of pictures with their boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.stills import still
from typer.testing import CliRunner

from featherfall import datasets
from featherfall.cli.data import data_app as app
from featherfall.core.errors import UserError
from featherfall.datasets.pictures.sheet import MOST, draw_sheet


def pictures(folder: Path, falls: int, others: int) -> Path:
    for i in range(falls + others):
        still(folder / "images" / f"{i}.png", colour=(40, 60, 120))
        (folder / "labels").mkdir(exist_ok=True)
        (folder / "labels" / f"{i}.txt").write_text(f"{int(i >= falls)} 0.5 0.5 0.5 0.5\n")
    (folder / "data.yaml").write_text("names: [fall, sit]\n")
    return folder


def test_boxes_are_drawn_in_the_colour_of_what_they_mean(tmp_path: Path) -> None:
    from PIL import Image

    assert draw_sheet(datasets.open("yolo", pictures(tmp_path / "data", 1, 1)), tmp_path / "sheet.png") == 2
    with Image.open(tmp_path / "sheet.png") as opened:
        sheet = np.asarray(opened)
    fall, other = np.split(sheet, 2, axis=1)
    red, green = (229, 72, 77), (48, 164, 108)
    assert (fall == red).all(axis=2).sum() > 100 and (other == green).all(axis=2).sum() > 100
    assert not (other == red).all(axis=2).any() and not (fall == green).all(axis=2).any()


@pytest.mark.parametrize(("falls", "others", "drawn"), [(40, 3, 30), (3, 40, 30), (40, 40, 30), (4, 5, 9), (0, 50, 30)])
def test_a_sheet_is_spread_over_falls_and_others(tmp_path: Path, falls: int, others: int, drawn: int) -> None:
    assert draw_sheet(datasets.open("yolo", pictures(tmp_path / "data", falls, others)), tmp_path / "sheet.png") == drawn <= MOST


def test_nothing_to_draw(tmp_path: Path, tiny: Path) -> None:
    with pytest.raises(UserError, match="no picture to draw"):
        draw_sheet(datasets.open("folder", tiny), tmp_path / "sheet.png")
    assert not (tmp_path / "sheet.png").exists()


def test_the_command_line(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data", 1, 1)
    done = CliRunner().invoke(app, ["inspect", str(data), "--sheet", str(tmp_path / "out" / "sheet.png")])
    assert done.exit_code == 0 and "2 pictures drawn" in done.output and (tmp_path / "out" / "sheet.png").is_file()
