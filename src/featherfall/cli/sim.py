"""`featherfall sim`: simulated recordings."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from featherfall.cli.options import JsonFlag
from featherfall.core.console import say, say_json

if TYPE_CHECKING:
    from featherfall.sim.dataset.build import FinishedRecording, Layout
    from featherfall.sim.dataset.generate import Plan


def sim_command(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the recordings: new, or of an interrupted simulation.")],
    subjects: Annotated[int, typer.Option(metavar="N", help="Number of people.")] = 20,
    hours: Annotated[float, typer.Option(metavar="H", help="Hours of recordings in total.")] = 1.0,
    seed: Annotated[int, typer.Option(metavar="N", help="Random seed.")] = 0,
    activities: Annotated[str | None, typer.Option(metavar="A,B,...", help="Activities that may occur. Default: all.")] = None,
    falls: Annotated[float | None, typer.Option(metavar="SHARE", help="Share of recordings that are falls, 0 to 1. Default: 0.35.")] = None,
    sites: Annotated[str | None, typer.Option(metavar="A,B,...", help="Placements of sensors. Default: wrist, left or right.")] = None,
    part: Annotated[str | None, typer.Option(metavar="NAME", help="Sensor model. Default: watch; mocap in the aihub layout.")] = None,
    magnetometer: Annotated[bool, typer.Option("--magnetometer", help="Also record the magnetic field.")] = False,
    skeleton: Annotated[str | None, typer.Option(metavar="kinect|azure|none", help="Joints from a camera. Default: kinect.")] = None,
    video: Annotated[bool, typer.Option("--video", help="Also render films; much slower.")] = False,
    cameras: Annotated[int | None, typer.Option(metavar="N", help="Cameras that film, 1 to 8. Default: 1; always 8 in aihub.")] = None,
    size: Annotated[int, typer.Option(metavar="PIXELS", help="Width and height of films.")] = 160,
    frame_rate: Annotated[float | None, typer.Option(metavar="HZ", help="Frames a second of films. Default: 30; 60 in aihub.")] = None,
    layout: Annotated[Literal["folder", "aihub"], typer.Option(help="The dataset's layout on disk.")] = "folder",
    workers: Annotated[int | None, typer.Option(metavar="N", help="Processes. Default: one per core.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume an interrupted simulation.")] = False,
    json: JsonFlag = False,
) -> None:
    """Simulate falls and daily living: worn sensors, skeletons and films of simulated people, with exact times of the falls."""
    # The parameters are the command's options; the work is done by the functions below and `sim.dataset`.
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy: one thread a process
    import time

    from featherfall.core.errors import UserError

    for library in ("mujoco", "av", "PIL") if video else ("mujoco",):
        import_module(library)
    from featherfall.sim.dataset.build import build_dataset
    from featherfall.sim.dataset.generate import make_plan

    if activities is not None and not _names(activities):
        raise UserError(f"--activities {activities!r}: no activity named; leave it out for all")
    if workers is not None and workers < 1:
        raise UserError(f"--workers {workers}: give at least 1")
    if cameras is not None and not video:
        raise UserError(f"--cameras {cameras}: nothing is filmed without --video; add it, or leave --cameras out")
    plan = make_plan(subjects, hours, seed, _names(activities), falls)
    how: Layout
    if layout == "aihub":
        refused = {"sites": sites, "magnetometer": magnetometer or None, "skeleton": skeleton, "cameras": cameras}
        for option, value in refused.items():
            if value is not None:
                raise UserError(f"--{option}: the aihub layout has all its sensors and eight cameras; leave --{option} out")
        plan, how = _aihub(plan, part, (size, frame_rate or 60.0) if video else None)
    else:
        how = _folder(sites, part, magnetometer, skeleton, (1 if cameras is None else cameras, size, frame_rate or 30.0) if video else None)
    started = time.monotonic()
    with _Bar(plan) as bar:
        made = build_dataset(out, plan, how, workers or os.cpu_count() or 1, resume, bar.at)
    facts = _facts(out, made, time.monotonic() - started)
    if json:
        say_json(facts)
    else:
        _print_facts(facts)


def _names(text: str | None) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()] if text is not None else []


def _folder(sites: str | None, part: str | None, magnetometer: bool, skeleton: str | None, films: tuple[int, int, float] | None) -> Layout:
    from featherfall.sim.dataset.films import make_film_setup
    from featherfall.sim.dataset.record import WRIST, make_sensor_kit
    from featherfall.sim.dataset.write import FolderLayout

    worn = [WRIST] if sites is None else _names(sites)
    kit = make_sensor_kit(worn, part or "watch", magnetometer, skeleton or "kinect")
    return FolderLayout(kit, None if films is None else make_film_setup(*films))


def _aihub(plan: Plan, part: str | None, films: tuple[int, float] | None) -> tuple[Plan, Layout]:
    from featherfall.sim.dataset.aihub import VIEWS, AIHubLayout, round_to_scenes
    from featherfall.sim.dataset.films import make_film_setup
    from featherfall.sim.dataset.record import check_part

    plan, scenes = round_to_scenes(plan)
    return plan, AIHubLayout(scenes, check_part(part or "mocap"), None if films is None else make_film_setup(VIEWS, *films))


class _Bar:
    """A progress bar on stderr, in minutes of recordings."""

    def __init__(self, plan: Plan) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        from featherfall.core.rich_console import SafeConsole

        self._minutes = plan.subjects * plan.seconds / 60
        done = TextColumn("{task.completed:.1f} of {task.total:.1f} min")
        columns = (TextColumn("{task.description}"), BarColumn(bar_width=28), done, TimeElapsedColumn(), TimeRemainingColumn(compact=True))
        self._progress = Progress(*columns, console=SafeConsole(stderr=True))
        self._task = self._progress.add_task("simulating", total=self._minutes)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:  # recordings are a little longer or shorter than planned
            self._progress.update(self._task, completed=self._minutes)
        if self._progress.live.is_started:
            self._progress.stop()

    def at(self, seconds: float) -> None:
        """Set the seconds of recordings made. The first call shows the bar, so that refused options show none."""
        self._progress.start()
        self._progress.update(self._task, completed=min(seconds / 60, self._minutes))


def _facts(out: Path, made: list[FinishedRecording], took: float) -> dict[str, Any]:
    seconds = sum(one.seconds for one in made)
    return {
        "folder": str(out),
        "subjects": len({one.subject for one in made}),
        "recordings": len(made),
        "falls": sum(one.fall for one in made),
        "hours": round(seconds / 3600, 4),
        "took_s": round(took, 1),
    }


def _print_facts(facts: dict[str, Any]) -> None:
    say(
        f"{facts['recordings']} simulated recordings, {facts['falls']} of them falls, of {facts['subjects']} people: "
        f"{facts['hours']:.2f} hours in {facts['took_s']:.0f} s",
        facts["folder"],
    )
