from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import tiny_recipe

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.recipe import Simulation
from featherfall.core.recipe_file import load_recipe
from featherfall.pipeline.simulated import simulated_data


def test_a_recipe_brings_its_own_people_where_there_are_no_data(tmp_path: Path) -> None:
    pytest.importorskip("mujoco", reason="the simulator needs MuJoCo: pip install 'featherfall[sim]'")
    few = Simulation(subjects=1, hours=0.0028, falls=1, size=32, frame_rate=1)
    recipe = load_recipe("aihub_multimodal_to_mono").model_copy(update={"simulation": few})
    folder = simulated_data(recipe, quiet=True, cache=tmp_path / "clips")
    assert folder.parent == tmp_path / "simulated"
    dataset = datasets.open_for(recipe, folder)
    assert len(dataset.sources) == 8 and dataset.sources[0].fall
    recording = dataset.sources[0].load()
    assert set(recipe.clip.inputs) <= set(recording.streams) and list(recording.videos) == ["each"]
    before = (folder / "simulation.json").stat().st_mtime_ns
    assert simulated_data(recipe, quiet=True, cache=tmp_path / "clips") == folder
    assert (folder / "simulation.json").stat().st_mtime_ns == before  # made once


def test_other_recipes_need_data(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no data; give --data"):
        simulated_data(tiny_recipe(), cache=tmp_path)
