"""The demo's three steps, small: simulated people, a run with its bundle, a day."""

from __future__ import annotations

from pathlib import Path

from featherfall import datasets
from featherfall.pipeline.demo import Places, live_a_day, simulate_people, train_demo
from featherfall.runtime import load_bundle
from featherfall.runtime.sources.csv import read_csv

SMALL = (
    "split.folds=2", "teacher.training.steps=3", "student.training.steps=3", "teacher.training.augment.views=0",
    "student.training.augment.views=0", "teacher.training.batch=8", "student.training.batch=8", "export.budget_points=100",
)  # fmt: skip


def test_from_nothing_to_a_day(tmp_path: Path) -> None:
    places = Places(tmp_path / "demo")
    told: list[float] = []
    facts = simulate_people(places, 1, told.append, people=4, hours=0.09)
    assert facts["people"] == 4 and 0 < facts["falls"] < facts["recordings"]
    assert told == sorted(told) and told[-1] > 0.9
    assert len(datasets.open("folder", places.recordings).sources) == facts["recordings"]

    metrics = train_demo(places, 1, resume=False, changes=SMALL)
    assert set(metrics["roles"]) >= {"teacher", "alone", "distilled", "int8"}
    assert "All people here are simulated" in (places.run / "report.html").read_text(encoding="utf-8")

    judged = live_a_day(places, told.append, hours=0.2, falls=1)
    assert len(judged.falls) == 1 and judged.activities == 4
    assert places.picture.read_bytes().startswith(b"\x89PNG")
    bundle = load_bundle(places.run / "bundle")
    again = read_csv(places.day, bundle.manifest.inputs)
    assert 700 < again.duration < 900
