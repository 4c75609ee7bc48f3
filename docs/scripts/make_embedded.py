"""Make the bundles that come with the package: of simulated people, and for the wrist of two sets of real daily life, too.

    python docs/scripts/make_embedded.py wrist|camera|picture WORK [--real DIR] [--workers N]

WORK keeps recordings and run, so that a second call only copies; docs/reference/models.md has the figures. --real: the folder that holds
WISDM-watch and sp-sw-har, which the wrist's model is also trained on.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from featherfall.core.documents import read_json
from featherfall.core.files import atomic_folder, sha256, write_json
from featherfall.evaluation.day import match_day
from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.sim.dataset.day import ACTIVITIES_AN_HOUR, simulate_day

EMBEDDED = Path(__file__).parents[2] / "src" / "featherfall" / "embedded"
WAKING_HOURS = 16.0
DAYS, FALLS_A_DAY, FIRST_SEED = 5, 8, 4_000_000  # seeds of nobody who was trained on
DAILY_LIFE = ("WISDM-watch", "sp-sw-har")  # both CC BY 4.0, so that the weights can be shared; nobody falls in them
WRIST_DATA = {
    "simulated": False,
    "data": "falls: simulated; daily life: simulated, and of WISDM's and GeoTec's watches (sp-sw-har), both CC BY 4.0",
    "licence": "apache-2.0",
}
# Of 212 real pictures (docs/reference/models.md).
PICTURE_LIMITS = (
    "trained on simulated pictures only: of 127 real pictures of falls it found 56, and it took 14 of 85 others for falls; "
    "a picture shows how somebody lies, not that they fell"
)
THRESHOLDS = (*(tenth / 10 for tenth in range(1, 10)), 0.95)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=("wrist", "camera", "picture"))
    parser.add_argument("work", type=Path)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--workers", default="1")
    stated = parser.parse_args()
    run = stated.work / "run"
    if not (run / "metrics.json").is_file():
        train(stated.name, stated.work, run, stated.workers, stated.real)
    metrics: dict[str, Any] = read_json(run / "metrics.json")
    bundle = load_bundle(run / "bundle")
    if stated.name == "wrist":
        metrics["days"] = waking_days(bundle)
        embed(bundle.path, metrics, EMBEDDED / stated.name, provenance=WRIST_DATA)
        return
    people = bundle.manifest.provenance["trained_on"]
    assert all(one.removeprefix("simulated-").startswith("P") for one in people), f"{run}: not only of simulated people: {people}"
    metrics["simulated"] = True
    if stated.name == "picture":  # pictures have no days
        embed(bundle.path, metrics, EMBEDDED / stated.name, precisions=("int8",), provenance={"simulated": True, "limits": PICTURE_LIMITS})
        return
    metrics["days"] = acted_days(metrics, bundle.manifest.decision.threshold)
    embed(bundle.path, metrics, EMBEDDED / stated.name)


def train(name: str, work: Path, run: Path, workers: str, real: Path | None) -> None:
    """The two commands that anybody would give."""
    data = work / "data"
    if name == "wrist":
        if real is None:
            raise SystemExit(f"--real is missing: the folder that holds {' and '.join(DAILY_LIFE)}")
        if not (data / "simulated").is_dir():
            people = ("--subjects", "36", "--hours", "5", "--part", "fitbit", "--skeleton", "none")
            featherfall("sim", *people, "--out", str(data / "simulated"), "--workers", workers)
        for folder in DAILY_LIFE:
            if not (data / folder).exists():
                (data / folder).symlink_to((real / folder).resolve())
        featherfall("distill", "wrist_falls_open", "--data", str(data), "--out", str(run), "--workers", workers, "--resume")
    elif name == "picture":
        from featherfall.sim.dataset.pictures import write_image_dataset

        if not (data / "data.yaml").is_file():
            write_image_dataset(data, 60, 2.4, seed=21, each=8, size=160)
        featherfall("distill", "simulated_picture_falls", "--data", str(data), "--out", str(run), "--workers", workers)
    else:
        people = ("--subjects", "36", "--hours", "4", "--seed", "4", "--falls", "0.4")
        featherfall("sim", *people, "--out", str(data / "simulated"), "--workers", workers)
        featherfall("distill", "camera_falls", "--data", str(data), "--out", str(run), "--seed", "0", "--workers", workers)


def featherfall(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "featherfall.cli", *words], check=True)


def waking_days(bundle: Bundle) -> dict[str, Any]:
    """Days of people who were not trained on, at several thresholds."""
    days = [simulate_day(WAKING_HOURS, FALLS_A_DAY, FIRST_SEED + number) for number in range(DAYS)]
    points = []
    for threshold in sorted({*THRESHOLDS, bundle.manifest.decision.threshold}):
        moved = bundle.manifest.model_copy(update={"decision": bundle.manifest.decision.model_copy(update={"threshold": threshold})})
        watch = Bundle(bundle.path, moved, bundle.model, bundle._session)
        judged = [match_day(day, watch.predict(day.recording).events) for day in days]
        falls = sum(len(one.falls) for one in judged)
        points.append(point(threshold, sum(one.detected for one in judged) / falls, sum(len(one.false_alarms) for one in judged) / DAYS))
    return {
        "what": f"{DAYS} simulated days of {WAKING_HOURS:g} waking hours, each of somebody new, {ACTIVITIES_AN_HOUR} activities an hour",
        "simulated": True,
        "falls": falls,
        "hours": sum(day.hours for day in days),
        "days": DAYS,
        "points": points,
    }


def acted_days(metrics: dict[str, Any], threshold: float) -> dict[str, Any]:
    """A camera sees no simulated day: what it did in the held-out people's single activities, as many as a day has."""
    (counts,) = metrics["counts"]["int8"]
    daily, activities = counts["recordings"] - counts["falls"], WAKING_HOURS * ACTIVITIES_AN_HOUR
    shipped = {"threshold": threshold, "sensitivity": 1 - counts["missed"] / counts["falls"], "false_alarms": counts["false_alarms"]}
    measured = sorted([*counts["operating_points"], shipped], key=lambda one: one["threshold"])
    points = [point(one["threshold"], one["sensitivity"], one["false_alarms"] / daily * activities) for one in measured]
    return {
        "what": f"{daily} activities of simulated people that the model never met, each seen by a random camera, scaled to a day of "
        f"{WAKING_HOURS:g} waking hours with {ACTIVITIES_AN_HOUR} activities an hour; a live camera's further rules hold back alarms",
        "simulated": True,
        "falls": counts["falls"],
        "hours": counts.get("hours"),
        "days": daily / (WAKING_HOURS * ACTIVITIES_AN_HOUR),
        "points": points,
    }


def point(threshold: float, sensitivity: float, false_alarms: float) -> dict[str, float]:
    return {"threshold": threshold, "sensitivity": round(sensitivity, 4), "false_alarms_per_day": round(false_alarms, 2)}


def embed(
    bundle: Path,
    metrics: dict[str, Any],
    out: Path,
    precisions: Sequence[str] = ("float32", "int8"),
    provenance: Mapping[str, Any] = MappingProxyType({"simulated": True}),
) -> None:
    """The bundle with its figures, and a manifest that says what it was trained on, and what it cannot do."""
    manifest: dict[str, Any] = read_json(bundle / "manifest.json")
    manifest["models"] = [model for model in manifest["models"] if model["precision"] in precisions]
    names: Sequence[str] = [model["file"] for model in manifest["models"]]
    with atomic_folder(out) as folder:
        for name in names:
            (folder / name).write_bytes((bundle / name).read_bytes())
        write_json(folder / "metrics.json", metrics)
        manifest["provenance"] |= provenance
        manifest["sha256"] = {name: sha256(folder / name) for name in (*names, "metrics.json")}
        write_json(folder / "manifest.json", manifest)
    load_bundle(out)
    print(out, sum(file.stat().st_size for file in out.iterdir()), "bytes")


if __name__ == "__main__":
    main()
