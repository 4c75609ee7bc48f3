"""Person by person, by hand, and of a run."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from tests.conftest import tiny_dataset, tiny_recipe
from tests.evaluation.test_metrics import DECISION, SIX, predicted

from featherfall.pipeline.distill import run_recipe


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    file = Path(__file__).parents[2] / "benchmarks" / "loso_people.py"
    spec = importlib.util.spec_from_file_location("loso_people", file)
    assert spec is not None and spec.loader is not None
    module = sys.modules["loso_people"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_people_by_hand(benchmark: ModuleType) -> None:
    """S1: one of two falls; S2: a missed fall and two false events, as an elder; S3: quiet for 20 minutes."""
    people = [benchmark.person_of([one for one in SIX if one.recording.subject == name], 1, DECISION) for name in ("S1", "S2", "S3")]
    assert [(one.falls, one.found, one.false_alarms, one.redundant) for one in people] == [(2, 1, 0, 0), (1, 0, 2, 0), (0, 0, 0, 0)]
    assert people[2].hours == pytest.approx(1200 / 3600) and people[2].traits == {"age": "young"}
    f1, low, high = benchmark.f1_of(people)
    assert f1 == pytest.approx(2 / (2 + 2 + 2))
    assert (low, high) == (0.0, pytest.approx(2 / 3))  # nobody but S2 or S3; nobody but S1


def test_an_elder_that_alarms_is_stated_with_the_hours(benchmark: ModuleType) -> None:
    elder = benchmark.person_of([predicted("U16", "jump", None, {20.0: 0.6}, age="elder")], 1, DECISION)
    young = benchmark.person_of([predicted("U01", "jump", None, {20.0: 0.6})], 1, DECISION)
    lines = list(benchmark.table({"alone": [young, elder], "int8": [young, elder]}, "age", "elder"))
    assert lines[2] == "| alone | 0.0 [0.0, 0.0] | 0 of 0 | 2 | 0 | 1 in 0.2 h [0.2, 33.4] an hour |"
    assert lines[-1] == "| U16 | elder | 0 | 0, 1 | 0, 1 |"


def test_of_a_run(benchmark: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATHERFALL_CACHE", str(tmp_path / "cache"))
    data = tiny_dataset(tmp_path / "data", subjects=3, streams=["accelerometer"])
    clip = {
        "window": {"kind": "impact", "length": 40, "rate": 25.0},
        "inputs": {"accelerometer": "accelerometer"},
        "reference": "accelerometer",
    }
    recipe = tiny_recipe(teacher=None, distillation=None, clip=clip, split={"protocol": "loso"})
    run_recipe(recipe, data, tmp_path / "run", quiet=True)
    assert benchmark.main([str(tmp_path / "run")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].startswith("| alone | ") and [line.split(" | ")[0] for line in lines[-3:]] == ["| S1", "| S2", "| S3"]
    assert benchmark.main([str(tmp_path)]) == 2
    assert "not a run" in capsys.readouterr().err
