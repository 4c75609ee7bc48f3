"""`featherfall demo`: distillation from start to end, on simulated people."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from featherfall.evaluation.day import DayResult


def demo_command(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for everything that the demo writes.")] = Path("runs/demo"),
    resume: Annotated[bool, typer.Option("--resume", help="Resume the demo in --out.")] = False,
) -> None:
    """Simulate people, train a watch to detect their falls, and test it on a new day. Needs no data; about three minutes on two cores."""
    from importlib import import_module

    from featherfall.core.errors import UserError

    if out.exists() and any(out.iterdir()) and not resume:
        raise UserError(f"{out}: not empty; add --resume to go on with the demo in it, or give --out another folder")
    from featherfall.cli.console import console
    from featherfall.cli.tables import show_metrics
    from featherfall.core.files import SIMULATION

    import_module("mujoco")
    from featherfall.pipeline.demo import DAY_FALLS, DAY_HOURS, HOURS, PEOPLE, Places, live_a_day, simulate_people, train_demo

    places, workers = Places(out), os.cpu_count() or 1
    say = console().print
    say("[bold]featherfall demo[/bold]: everything below is simulated. It shows how the parts work together,")
    say("not how well a watch does on real people.")
    say(f"\n[bold]1 of 3[/bold]  {PEOPLE} people move and fall in a physics simulator, {HOURS * 60:.0f} minutes in all (half a minute)")
    if (places.recordings / SIMULATION).is_file():
        say(f"        exists already: {places.recordings}", markup=False)
    else:
        with _bar("simulating") as report:
            facts = simulate_people(places, workers, report)
        say(f"        {facts['recordings']} recordings, {facts['falls']} of them falls; a watch at the wrist, joints from a camera")
    say("\n[bold]2 of 3[/bold]  A teacher uses joints, accelerometer and gyroscope, a student only the accelerometer. It learns alone and")
    say("        with the teacher; both are evaluated on other people. Then it is quantised (about two minutes)")
    metrics = train_demo(places, workers, resume)
    show_metrics(metrics, places.run)
    say(f"\n[bold]3 of 3[/bold]  The bundle analyses a new day: {DAY_HOURS:.0f} hours of another person, {DAY_FALLS} falls among them")
    with _bar("analysing the day") as report:
        result = live_a_day(places, report)
    _print_day(result, say)
    say(f"\nday      {places.day}\npicture  {places.picture}", soft_wrap=True, highlight=False, markup=False)
    say(f"next     featherfall predict {places.run / 'bundle'} {places.day}", soft_wrap=True, highlight=False, markup=False)
    say("         featherfall data list    # real datasets; the README walks through your own recordings", highlight=False)


def _print_day(result: DayResult, say: Callable[..., None]) -> None:
    from featherfall.evaluation.day import time_of_day

    for moment in sorted((*result.falls, *result.false_alarms), key=lambda moment: moment.time):
        if moment in result.false_alarms:
            verdict = "[yellow]false alarm[/yellow]"
        else:
            verdict = "[red]missed[/red]" if moment.delay_s is None else f"alarm {moment.delay_s:.1f} s after the impact"
        say(f"        {time_of_day(moment.time)}  {moment.activity:<20} {verdict}", highlight=False)
    say(
        f"        {result.detected} of {len(result.falls)} falls noticed, {len(result.false_alarms)} false alarm(s) "
        f"in {result.activities} activities and {result.hours:.0f} hours",
        highlight=False,
    )


@contextmanager
def _bar(what: str) -> Iterator[Callable[[float], None]]:
    """Show a progress bar on stderr; yield a function that sets the share done."""
    from rich.progress import Progress

    from featherfall.core.rich_console import SafeConsole

    out = SafeConsole(stderr=True)
    with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task(what, total=1.0)
        yield lambda share: progress.update(task, completed=share)
