from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import tiny_recipe

from featherfall.core.checked import check
from featherfall.core.documents import read_json
from featherfall.core.errors import UserError
from featherfall.core.files import write_json
from featherfall.core.recipe import Recipe
from featherfall.pipeline.run import Run, Start, open_run, read_run


def test_what_lies_where(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert run.job("fold 1", "alone", 3) == tmp_path / "folds" / "fold-1" / "alone" / "3"
    assert run.teacher_outputs("fold 1") == tmp_path / "folds" / "fold-1" / "teacher"
    assert (run.metrics, run.bundle) == (tmp_path / "metrics.json", tmp_path / "bundle")


def test_a_run_is_recorded_and_read_back(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", tiny_recipe(), Path("data"), resume=False) as run:
        assert run == Run(tmp_path / "run")
    assert read_run(tmp_path / "run") == (Run(tmp_path / "run"), tiny_recipe(), Path("data"))


def test_what_a_run_starts_from_is_noted_once(tmp_path: Path) -> None:
    first, second = (Start("a/weights.pt", digest, ["not_fall", "fall"], []) for digest in ("0a", "0b"))
    assert Run(tmp_path).start(0) is None
    with open_run(tmp_path, tiny_recipe(), Path("data"), resume=False) as run:
        run.of_starts({})
        assert run.start(0) is None and "starts" not in read_json(tmp_path / "run.json")
        run.of_starts({0: first, 3: second})
        run.of_starts({0: first, 3: second})
        assert (run.start(0), run.start(3), run.start(1)) == (first, second, None)
        with pytest.raises(UserError, match=r"started with other weights of student\.init \(they changed since\); give another --out"):
            run.of_starts({0: second, 3: second})


def test_a_run_of_an_older_version_that_lacks_a_key_goes_on(tmp_path: Path) -> None:
    old = tiny_recipe().model_dump()
    del old["student"]["init"], old["split"]["train_share"]
    write_json(tmp_path / "run.json", {"recipe": old, "data": "data"})
    with open_run(tmp_path, tiny_recipe(), Path("data"), resume=True):
        pass


def test_resume_without_a_run_starts_one(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", tiny_recipe(), Path("data"), resume=True):
        assert read_json(tmp_path / "run" / "run.json")["recipe"]["name"] == "tiny"


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with (
        open_run(tmp_path, tiny_recipe(), Path("data"), resume=False),
        pytest.raises(UserError, match="another run is writing here"),
        open_run(tmp_path, tiny_recipe(), Path("data"), resume=True),
    ):
        pass
    with open_run(tmp_path, tiny_recipe(), Path("data"), resume=True):
        pass  # free again


def test_the_same_recipe_or_none(tmp_path: Path) -> None:
    with open_run(tmp_path, tiny_recipe(), Path("data"), resume=False):
        pass
    with (
        pytest.raises(UserError, match=r"another recipe \(or other --set, --seed\)"),
        open_run(tmp_path, tiny_recipe(seeds=[4]), Path("data"), resume=True),
    ):
        pass


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"not a run, it holds no run\.json"):
        read_run(tmp_path)
    write_json(tmp_path / "run.json", {"recipe": tiny_recipe().model_dump() | {"sedes": [1]}, "data": "data"})
    with pytest.raises(UserError, match="unknown key 'sedes'; did you mean 'seeds'"):
        read_run(tmp_path)


def test_seeds_are_not_negative() -> None:
    with pytest.raises(UserError, match=r"key 'seeds\.1': Input should be greater than or equal to 0 \(found -1\)"):
        check(Recipe, tiny_recipe().model_dump() | {"seeds": [0, -1]}, "a recipe")


@pytest.mark.parametrize("text", ["17", "[]", "{}", '{"recipe": {}, "data": 3}', '{"data": "/data"}', '{"recipe": 3, "data": "/data"}'])
def test_a_record_that_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(UserError, match=r"run\.json: "):
        read_run(tmp_path)
