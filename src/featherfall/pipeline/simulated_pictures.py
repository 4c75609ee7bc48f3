"""Pictures of simulated people for a detector's recipe."""

from __future__ import annotations

from pathlib import Path

from featherfall.clips.build import cache_folder
from featherfall.core.detection import SimulatedPictures
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder, digest, hold
from featherfall.pipeline.progress import Show


def simulated_pictures(wanted: SimulatedPictures, size: int, *, quiet: bool = False, cache: Path | None = None) -> Path:
    """The folder of the pictures (YOLO's layout), drawn now unless they are there.

    Arguments:
        size: side of the pictures, pixels.
    Raises: `UserError` where the simulator is not installed.
    """
    try:
        import mujoco  # noqa: F401
    except ImportError:
        raise UserError("simulated pictures need the simulator; pip install 'featherfall[sim]', or leave out detection.first") from None
    from featherfall.sim.dataset.pictures import write_image_dataset

    what = wanted.model_dump_json(exclude={"teacher_steps", "student_steps", "replay"})
    folder = (cache or cache_folder()).parent / "simulated" / f"pictures-{digest([what, str(size)])[:12]}"
    with hold(folder.parent / f".{folder.name}.lock", wait=True):
        if not folder.is_dir():
            with Show(quiet) as show, atomic_folder(folder) as temporary:
                stage = show.stage("simulating people", round(60 * wanted.hours))

                def report(seconds: float) -> None:
                    stage.at(int(seconds / 60), round(60 * wanted.hours), "pictures and boxes")

                write_image_dataset(temporary, wanted.subjects, wanted.hours, wanted.seed, wanted.each, size, report=report)
    return folder
