"""What `data inspect` tells about pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.conftest import tiny_recipe
from tests.stills import scene, write
from typer.testing import CliRunner

from featherfall import datasets
from featherfall.cli.data import data_app as app
from featherfall.core.class_names import ClassNames
from featherfall.datasets.inspect import inspect

FALL, LIE, BED = "0 .5 .5 .2 .2\n", "1 .5 .5 .2 .2\n", "2 .2 .2 .1 .1\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Six pictures: two versions of one source, one doubled under another name, one broken."""
    rows = {
        "train/9_a.rf.1": FALL + BED + BED,
        "train/9_a.rf.2": FALL,
        "train/9_b": LIE,
        "test/c": "",
        "test/d": LIE + BED,
        "test/e": "3 .5 .5 .2 .2\n",
    }
    for number, (name, text) in enumerate(rows.items()):
        part, _, file = name.partition("/")
        write(tmp_path / part / "images" / f"{file}.png", scene(number, 45 + 9 * number))
        (tmp_path / part / "labels").mkdir(exist_ok=True)
        (tmp_path / part / "labels" / f"{file}.txt").write_text(text)
    (tmp_path / "test" / "images" / "d.png").write_bytes((tmp_path / "train" / "images" / "9_b.png").read_bytes())
    whole = (tmp_path / "test" / "images" / "e.png").read_bytes()
    (tmp_path / "test" / "images" / "e.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "data.yaml").write_text("names: [fall, lie, bed, dog]\n")
    return tmp_path


def test_facts(data: Path) -> None:
    facts = inspect(datasets.open("yolo", data))
    pictures = facts.pictures
    assert pictures is not None and not facts.films and not facts.streams
    assert (facts.recordings, facts.falls, pictures.readable, pictures.sources) == (6, 2, 5, 5)
    assert (pictures.smallest, pictures.median, pictures.largest, pictures.shapes) == ((45, 40), (63, 40), (72, 40), 4)
    assert (pictures.with_versions, pictures.most_versions, pictures.nothing, pictures.endings) == (1, 2, 1, {".png": 6})
    assert pictures.looks == [2, 1, 1, 1] and pictures.traits == {"folder": {"test": 3, "train": 3}, "series": {"9": 3}}
    assert [(one.name, one.taken_for, one.boxes, one.pictures) for one in pictures.classes] == [
        ("fall", "fall", 2, 2),
        ("lie", "not_fall", 2, 2),
        ("dog", None, 1, 1),
        ("bed", "ignore", 3, 2),
    ]
    told = "\n".join(facts.problems)
    assert "e.png: damaged or cut short; copy it again or leave it out" in told
    assert "the same picture as 9_b.png, under another name (1 such case(s)); keep one of each" in told
    assert facts.splits == {"folders": {"train": 3, "test": 3}} and not pictures.stated


def test_what_a_recipe_takes_names_for(data: Path) -> None:
    known = ClassNames(fall=["fall", "lie"], ignore=["bed"])
    facts = inspect(datasets.open("yolo", data), names=known)
    assert facts.pictures is not None and facts.pictures.stated
    assert facts.falls == facts.pictures.falls == 4
    assert {one.name: one.taken_for for one in facts.pictures.classes} == {"fall": "fall", "lie": "fall", "bed": "ignore", "dog": None}
    assert "the recipe's labels.names does not say what 'dog' is" in facts.problems


def test_the_command_line_shows_it(data: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["inspect", str(data)])
    assert shown.exit_code == 0, shown.output
    for line in (
        "6 pictures, 2 of them falls",
        "45 x 40 to 72 x 40, half below 63 x 40, 4 different  (6 .png)",
        "5: 1 of them in several versions, 2 at most",
        "4: 2 pictures look like others (groups of 2); split.group: look keeps them on one side",
        "test (3), train (3)",
        "nothing is marked in 1 picture(s)",
    ):
        assert line in shown.output
    rows = {line.split()[0]: line.split()[1:] for line in shown.output.splitlines() if line.split()[:1] in (["fall"], ["dog"], ["bed"])}
    assert rows == {"fall": ["fall", "2", "2"], "dog": ["?", "1", "1"], "bed": ["ignored", "3", "2"]}

    recipe = tiny_recipe(
        labels={"by": "fall", "positive": "fall", "names": {"fall": ["lie"], "ignore": ["bed"], "not_fall": ["fall", "dog"]}}
    )
    (tmp_path / "recipe.yaml").write_text(json.dumps(recipe.model_dump(mode="json")))
    told = runner.invoke(app, ["inspect", "yolo", "--data", str(data), "--recipe", str(tmp_path / "recipe.yaml"), "--json"])
    facts = json.loads(told.output)
    assert facts["falls"] == 2 and facts["pictures"]["classes"][0] == {"name": "lie", "taken_for": "fall", "boxes": 2, "pictures": 2}
    assert "pictures" in runner.invoke(app, ["list"]).output
