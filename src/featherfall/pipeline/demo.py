"""The demo: a recipe from start to end on simulated people, without data, network access or account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from featherfall.core.files import atomic_write
from featherfall.core.recipe_file import load_recipe
from featherfall.evaluation.day import DayResult, draw_day, match_day
from featherfall.pipeline.distill import run_recipe
from featherfall.runtime import load_bundle

RECIPE = "simulated_wrist_falls"
PEOPLE, HOURS, SEED = 16, 0.8, 0
DAY_HOURS, DAY_FALLS, DAY_SEED = 8.0, 4, 1_000_000  # the seed differs from those of the people in the training data
Report = Callable[[float], None]  # called with the share that is done, 0 to 1


@dataclass(frozen=True)
class Places:
    """Paths of the demo's output."""

    out: Path

    @property
    def recordings(self) -> Path:
        """The simulated dataset."""
        return self.out / "recordings"

    @property
    def run(self) -> Path:
        """The run: report.html, metrics.json, bundle."""
        return self.out / "run"

    @property
    def day(self) -> Path:
        """The new day as a file that `featherfall predict` reads."""
        return self.out / "day.csv"

    @property
    def picture(self) -> Path:
        """The day as a picture."""
        return self.out / "day.png"


def simulate_people(places: Places, workers: int, report: Report, people: int = PEOPLE, hours: float = HOURS) -> dict[str, Any]:
    """Write the dataset that the demo trains on; return counts of recordings, falls and people."""
    from featherfall.sim.dataset.build import build_dataset
    from featherfall.sim.dataset.generate import make_plan
    from featherfall.sim.dataset.record import make_sensor_kit
    from featherfall.sim.dataset.write import FolderLayout

    plan = make_plan(people, hours, SEED)
    made = build_dataset(
        places.recordings, plan, FolderLayout(make_sensor_kit()), workers, False, lambda seconds: report(seconds / (hours * 3600))
    )
    return {"recordings": len(made), "falls": sum(one.fall for one in made), "people": people}


def train_demo(places: Places, workers: int, resume: bool, changes: Sequence[str] = ()) -> dict[str, Any]:
    """Run the demo's recipe and return its metrics. changes: to the recipe."""
    return run_recipe(load_recipe(RECIPE, changes), places.recordings, places.run, resume=resume, workers=workers)


def live_a_day(places: Places, report: Report, hours: float = DAY_HOURS, falls: int = DAY_FALLS) -> DayResult:
    """The bundle meets a day of somebody it was not trained on: day.csv, day.png, and what it got right."""
    from featherfall.sim.dataset.day import simulate_day

    day = simulate_day(hours, falls, DAY_SEED, report=report)
    bundle = load_bundle(places.run / "bundle")
    result = match_day(day, bundle.predict(day.recording).events)
    stream = day.recording.streams["accelerometer"]
    with atomic_write(places.day) as file:
        file.write(b"t,accelerometer_x,accelerometer_y,accelerometer_z\n")
        for at in range(0, len(stream.times), 50_000):
            part = slice(at, at + 50_000)
            rows = zip(stream.times[part].tolist(), *stream.values[part].T.tolist(), strict=True)
            file.write("".join(f"{t:.3f},{x:.4f},{y:.4f},{z:.4f}\n" for t, x, y, z in rows).encode())
    with atomic_write(places.picture) as file:
        file.write(draw_day(stream, result))
    return result
