from __future__ import annotations

from pathlib import Path

import pytest

from featherfall.core.errors import UserError
from featherfall.core.recipe_file import find_recipe, load_recipe, shipped_recipes


def test_every_recipe_that_ships_is_valid_and_named_as_its_file() -> None:
    for name in shipped_recipes():
        assert load_recipe(name).name == name


def test_a_shipped_recipe_by_any_of_its_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where no file of that name lies
    paths = {find_recipe(name) for name in ("images_resnet18", "recipes/images_resnet18", "recipes/images_resnet18.yaml")}
    assert paths == {shipped_recipes()["images_resnet18"]}


def test_a_slip_is_guessed() -> None:
    with pytest.raises(UserError, match="did you mean 'images_resnet18'"):
        find_recipe("images_resnet81")


def test_changes_reach_every_level() -> None:
    changed = load_recipe("detect_falls", ["student.training.steps=9", "distillation.terms.0.weight=.5", "seeds=[4]"])
    assert changed.student.training.steps == 9 and changed.required_supervision.distillation.terms[0].weight == 0.5 and changed.seeds == [4]


@pytest.mark.parametrize(
    ("change", "message"),
    [("steps", "write it as key=value"), ("seeds.first.one=3", "not a mapping"), ("name.x=3", "is not in the recipe")],
)
def test_changes_that_lead_nowhere(change: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_recipe("detect_falls", [change])


def test_files_that_are_no_recipe(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("name: [\n")
    with pytest.raises(UserError, match=r"broken.yaml: line 2: not valid YAML"):
        load_recipe(tmp_path / "broken.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UserError, match="not UTF-8 text"):
        load_recipe(tmp_path / "binary.yaml")


@pytest.mark.parametrize("name", shipped_recipes())
def test_a_saved_recipe_is_the_same(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name)
    assert load_recipe(recipe.save(tmp_path / "again.yaml")) == recipe
