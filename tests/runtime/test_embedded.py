"""The bundles in the package: whole, small, made of what may be shared, found by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.golden import make, paths, people
from tests.runtime.tiny import write_bundle
from tests.stills import scene, write

from featherfall.core.errors import UserError
from featherfall.runtime import load_bundle
from featherfall.runtime.embedded import embedded_bundles, find_bundle

NAMES = ("camera", "picture", "wrist")
OF_DAYS = ("camera", "wrist")


def test_names() -> None:
    assert tuple(embedded_bundles()) == NAMES


@pytest.mark.parametrize(
    ("name", "precision"), [*((name, precision) for name in OF_DAYS for precision in ("int8", "float32")), ("picture", "int8")]
)
def test_they_open_by_name(name: str, precision: str) -> None:
    bundle = load_bundle(name, precision)  # type: ignore[arg-type]
    assert bundle.path == embedded_bundles()[name]
    assert bundle.model.precision == precision
    assert bundle.manifest.positive == "fall"


@pytest.mark.parametrize("name", NAMES)
def test_they_are_small_and_say_what_they_saw(name: str) -> None:
    folder = embedded_bundles()[name]
    assert sum(file.stat().st_size for file in folder.iterdir()) < 450_000
    manifest = load_bundle(name).manifest
    assert manifest.provenance["simulated"] is (name != "wrist")
    assert "metrics.json" in manifest.sha256
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["simulated"] is (name != "wrist")
    assert name not in OF_DAYS or metrics["days"]["points"]


def test_the_camera_was_trained_on_simulated_people_only() -> None:
    people = load_bundle("camera").manifest.provenance["trained_on"]
    assert people
    assert all(one.startswith("simulated-P") and one.removeprefix("simulated-P").isdigit() for one in people)


def test_the_wrist_saw_simulated_falls_and_daily_life_that_may_be_shared() -> None:
    manifest = load_bundle("wrist").manifest
    people = {one.rpartition("-")[0] for one in manifest.provenance["trained_on"]}
    assert people == {"simulated", "wisdm-watch", "sp-sw-har"}
    assert "CC BY 4.0" in manifest.provenance["data"]


def test_the_picture_model_saw_simulated_pictures_and_says_what_it_misses(tmp_path: Path) -> None:
    bundle = load_bundle("picture")
    seen = bundle.manifest.provenance["trained_on"]
    assert seen and all(one[0] == "P" and one[1:4].isdigit() and one[4] == "_" for one in seen)  # person, activity, trial
    said = bundle.predict(write(tmp_path / "room.png", scene(0, 160, 120)))
    assert said.label in ("fall", "not_fall") and "trained on simulated pictures only: of 127 real pictures" in said.verdict.reasons[-1]


def test_what_exists_goes_before_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_bundle("wrist") == embedded_bundles()["wrist"]
    mine = write_bundle(tmp_path / "wrist")
    assert find_bundle("wrist").resolve() == mine


def test_a_run_stands_for_its_bundle(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "run" / "bundle")
    (tmp_path / "run" / "run.json").write_text("{}")
    assert find_bundle(tmp_path / "run") == bundle
    assert load_bundle(tmp_path / "run").path == bundle


def test_an_unknown_name_lists_those_there_are() -> None:
    with pytest.raises(UserError, match=r"wirst: no such folder; give a bundle, .*\(camera or picture or wrist\)"):
        load_bundle("wirst")


def camera_falls(activity: str, seed: int) -> list[dict[str, float]]:
    """Return the falls that the embedded camera reports of a simulated person's keypoints."""
    seen = make.seen(people.joints(people.act(activity, seed)), seed)
    trace = {"height": people.HEIGHT, "width": people.WIDTH, "bundle": "camera", "precision": "int8", "pictures": make.together(seen)}
    return list(paths.keypoints(trace)["falls"])


@pytest.mark.parametrize("activity", ["squats", "lunges", "exercise"])
def test_the_camera_is_quiet_while_people_exercise(activity: str) -> None:
    assert [camera_falls(activity, seed) for seed in (31, 32)] == [[], []]


def test_the_camera_finds_slow_collapses() -> None:
    assert [len(camera_falls("slow collapse", seed)) for seed in (31, 32)] == [1, 1]
