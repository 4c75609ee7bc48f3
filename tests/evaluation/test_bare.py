"""Evaluation where nothing but what the core install brings can be imported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.evaluation.falling import KnowsWho, write_films
from tests.runtime.drop import write_camera_bundle
from tests.runtime.test_runtime import bare

from featherfall import datasets
from featherfall.evaluation.evaluate import PeopleOptions, evaluate
from featherfall.runtime import load_bundle


def test_a_wrist_on_recordings(tiny: Path) -> None:
    done = bare("evaluate", "wrist", "--dataset", "folder", "--data", tiny, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["counts"]["recordings"] == 12 and found["notes"] == []
    opened = datasets.open("folder", tiny)
    assert found["metrics"] == pytest.approx(evaluate(load_bundle("wrist"), opened)["metrics"])


def test_a_camera_on_films_whose_people_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, bundle = write_films(tmp_path / "data"), write_camera_bundle(tmp_path / "camera")
    words = ("evaluate", bundle, "--dataset", "folder", "--data", folder, "--cache", tmp_path / "cache", "--json")
    unready = bare(*words)
    assert unready.returncode == 2 and "left out" not in unready.stderr and len(unready.stderr.splitlines()) == 1
    monkeypatch.setattr("featherfall.evaluation.of_films.open_estimator", lambda *_: KnowsWho())
    evaluate(load_bundle(bundle), datasets.open("folder", folder), films=PeopleOptions(cache=tmp_path / "cache"))
    done = bare(*words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["shares"]["falls_in_time"]["hits"] == 1
    shown = bare(*words[:-1])
    assert shown.returncode == 0 and "1 of 1" in shown.stdout


def test_a_dataset_that_needs_more_says_so(tmp_path: Path) -> None:
    """UTD-MHAD's files are MATLAB's: SciPy reads them."""
    inertial = tmp_path / "UTD-MHAD" / "Inertial"
    inertial.mkdir(parents=True)
    (inertial / "a1_s1_t1_inertial.mat").write_bytes(b"")
    done = bare("evaluate", "wrist", "--dataset", "utd_mhad", "--data", tmp_path)
    assert done.returncode == 2 and "this needs scipy" in done.stderr
