"""Simulated people: recordings for a recipe without a dataset, and pictures for the pretraining of a detector."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from featherfall.clips.build import cache_folder
from featherfall.core.detection import SimulatedPictures
from featherfall.core.errors import UserError
from featherfall.core.files import SIMULATION, atomic_folder, digest, hold
from featherfall.core.recipe import Recipe, Simulation
from featherfall.pipeline.progress import Show


def simulated_data(recipe: Recipe, workers: int = 1, *, quiet: bool = False, cache: Path | None = None) -> Path:
    """Return the folder of the recipe's simulation; simulate it unless it exists, or resume an interrupted one.

    Raises: `UserError` where the recipe states none, or the simulator is not installed.
    """
    if recipe.simulation is None:
        raise UserError(f"{recipe.name}: no data; give --data the folder that holds {recipe.dataset}")
    _need_simulator(f"{recipe.name}: no --data, and the simulator is not installed; pip install 'featherfall[sim]'")
    folder = _folder(cache, recipe.name, [recipe.simulation.model_dump_json()])
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
    minutes = round(plan.subjects * plan.seconds / 60)
    with Show(quiet) as show:
        bar = show.stage("no --data: simulating people", minutes)
        build_dataset(folder, plan, layout, workers, True, lambda seconds: bar.at(int(seconds / 60), minutes, "films and sensors"))
        bar.at(minutes, minutes, str(folder))


def simulated_pictures(wanted: SimulatedPictures, size: int, *, quiet: bool = False, cache: Path | None = None) -> Path:
    """Return the folder of pictures with boxes (YOLO's layout); draw them unless it exists.

    Arguments:
        size: side of the pictures, pixels.
    Raises: `UserError` where the simulator is not installed.
    """
    _need_simulator("simulated pictures need the simulator; pip install 'featherfall[sim]', or leave out detection.pretrain")
    from featherfall.sim.dataset.pictures import write_image_dataset

    what = wanted.model_dump_json(exclude={"teacher_steps", "student_steps", "replay"})
    folder, minutes = _folder(cache, "pictures", [what, str(size)]), round(60 * wanted.hours)
    with hold(folder.parent / f".{folder.name}.lock", wait=True):
        if not folder.is_dir():
            with Show(quiet) as show, atomic_folder(folder) as temporary:
                bar = show.stage("simulating people", minutes)

                def report(seconds: float) -> None:
                    bar.at(min(int(seconds / 60), minutes), minutes, "pictures and boxes")  # the last person's day ends a little later

                write_image_dataset(temporary, wanted.subjects, wanted.hours, wanted.seed, wanted.each, size, report=report)
    return folder


def _need_simulator(otherwise: str) -> None:
    if importlib.util.find_spec("mujoco") is None:
        raise UserError(otherwise)


def _folder(cache: Path | None, name: str, settings: list[str]) -> Path:
    return (cache or cache_folder()).parent / "simulated" / f"{name}-{digest(settings)[:12]}"
