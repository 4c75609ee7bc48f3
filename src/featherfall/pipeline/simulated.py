"""Simulated recordings for a recipe whose dataset a user does not have."""

from __future__ import annotations

from pathlib import Path

from featherfall.clips.build import cache_folder
from featherfall.core.errors import UserError
from featherfall.core.files import SIMULATION, digest
from featherfall.core.recipe import Recipe, Simulation
from featherfall.pipeline.progress import Show


def simulated_data(recipe: Recipe, workers: int = 1, *, quiet: bool = False, cache: Path | None = None) -> Path:
    """The folder of the recipe's simulation, made now unless it is there; an interrupted one goes on.

    Raises: `UserError` where the recipe states none, or the simulator is not installed.
    """
    if recipe.simulation is None:
        raise UserError(f"{recipe.name}: no data; give --data the folder that holds {recipe.dataset}")
    try:
        import mujoco  # noqa: F401
    except ImportError:
        raise UserError(f"{recipe.name}: no --data, and the simulator is not installed; pip install 'featherfall[sim]'") from None
    folder = (cache or cache_folder()).parent / "simulated" / f"{recipe.name}-{digest([recipe.simulation.model_dump_json()])[:12]}"
    if not (folder / SIMULATION).is_file():
        _simulate(recipe.simulation, folder, workers, quiet)
    return folder


def _simulate(wanted: Simulation, folder: Path, workers: int, quiet: bool) -> None:
    from featherfall.sim.dataset.aihub import VIEWS, AIHubLayout, round_to_scenes
    from featherfall.sim.dataset.build import build_dataset
    from featherfall.sim.dataset.films import make_film_setup
    from featherfall.sim.dataset.generate import make_plan
    from featherfall.sim.dataset.record import check_part

    plan, scenes = round_to_scenes(make_plan(wanted.subjects, wanted.hours, wanted.seed, share=wanted.falls))
    layout = AIHubLayout(scenes, check_part("mocap"), make_film_setup(VIEWS, wanted.size, wanted.frame_rate))
    minutes = plan.subjects * plan.seconds / 60
    with Show(quiet) as show:
        stage = show.stage("no --data: simulating people", round(minutes))
        build_dataset(folder, plan, layout, workers, True, lambda seconds: stage.at(int(seconds / 60), round(minutes), "films and sensors"))
        stage.at(round(minutes), round(minutes), str(folder))
