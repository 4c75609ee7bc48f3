"""The benchmark of peers: on the student's windows and folds, resumable, its figures against hand-computed ones."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from tests.clips.tiny import facts
from tests.conftest import tiny_dataset, tiny_recipe

from featherfall.core.manifest import Decision
from featherfall.core.recipe import Recipe
from featherfall.core.recording import FallTimes
from featherfall.evaluation.curve import auc
from featherfall.evaluation.predictions import RecordingPredictions
from featherfall.pipeline.distill import run_recipe

pytest.importorskip("sklearn", reason="the forest and the SVM need scikit-learn: pip install 'featherfall[dev]'")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
RATE = 50.0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """data/, of four simulated people; run/, of a student without a teacher; recipe.yaml; cache/."""
    folder = tmp_path_factory.mktemp("peers")
    tiny_dataset(folder / "data", trials=2, streams=["accelerometer"])
    recipe = small()
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe.model_dump(mode="json")))
    run_recipe(recipe, folder / "data", folder / "run", quiet=True, cache=folder / "cache" / "clips")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEATHERFALL_CACHE", str(folder / "cache"))
        yield folder


def small() -> Recipe:
    inputs = {"accelerometer": "accelerometer"}
    window = {"kind": "impact", "length": 40, "rate": 25.0}
    return tiny_recipe(
        clip={"window": window, "inputs": inputs, "reference": "accelerometer"}, teacher=None, distillation=None, export={"int8": False}
    )


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def bench(place: Path, out: Path, *more: str) -> int:
    import peers

    status: int = peers.main([str(place / "data"), str(out), "--quiet", *more])
    return status


def test_two_peers_beside_the_student(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(place, tmp_path / "out", "--run", str(place / "run"), "--peers", "rule", "forest", "--seeds", "0", "1") == 0
    table = (tmp_path / "out" / "table.md").read_text()
    assert table == capsys.readouterr().out
    result = json.loads((tmp_path / "out" / "figures.json").read_text())
    methods = result["methods"]
    assert list(methods) == ["student, alone", "threshold and rest", "random forest"] and result["student"] == "student, alone"
    assert [one["seeds"] for one in methods.values()] == [1, 1, 2]  # the rule has nothing to draw
    forest = methods["random forest"]
    assert forest["bytes"] > 1000 and forest["latency_ms"] > 0
    here, mean = forest["datasets"]["folder"], forest["datasets"]["mean"]
    assert here["f1"]["value"] == here["auc"]["value"] == 1.0 and mean["f1"] == here["f1"]  # falls here are easily told
    assert here["falls_found"] == here["falls"] == 8 and here["people"] == 4
    apart = here["f1"]["minus_student"]["value"]
    assert apart == pytest.approx(1.0 - methods["student, alone"]["datasets"]["folder"]["f1"]["value"])
    assert here["false_alarms_per_hour"]["count"] == 0 and "minus student, alone" in table


def test_it_goes_on_where_it_stopped(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import peers

    command = ("--recipe", str(place / "recipe.yaml"), "--peers", "forest", "--seeds", "0")
    whole, fitted = peers.evaluate_peer, []

    def stopped(bench: Any, name: str, fold: Any, seed: int) -> None:
        if fitted:
            raise KeyboardInterrupt
        fitted.append(fold.name)
        whole(bench, name, fold, seed)

    monkeypatch.setattr(peers, "evaluate_peer", stopped)
    assert bench(place, tmp_path / "out", *command) == 130
    assert "goes on" in capsys.readouterr().err
    fitted.clear()
    assert bench(place, tmp_path / "out", *command) == 0 and fitted == ["fold 2"]
    folds = sorted(str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*.npz"))
    assert folds == ["forest/fold-1/0.npz", "forest/fold-2/0.npz"]


def test_bad_input_is_one_line(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = str(place / "recipe.yaml")
    assert bench(place, tmp_path / "out", "--recipe", recipe, "--peers", "rule") == 0
    capsys.readouterr()
    refusals = {
        "holds peers of another recipe": ("--recipe", recipe, "--set", "split.folds=4", "--peers", "rule"),
        "pip install 'featherfall[train,peers]'": ("--recipe", recipe, "--peers", "forest"),
        "not a run": ("--run", str(place / "data"), "--peers", "rule"),
    }
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for words, command in refusals.items():
        assert bench(place, tmp_path / "out", *command) == 2
        message = capsys.readouterr().err
        assert words in message and message.count("\n") == 1


def test_every_peer_that_is_installed_tells_falls_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    import peer_inception
    import peer_models

    monkeypatch.setattr(peer_inception, "FILTERS", 4)  # an eighth of the width, 1 / 64 of the time
    windows = movements(60)
    for name, peer in peer_models.PEERS.items():
        if all(importlib.util.find_spec(module) for module in peer.needs):
            fitted = peer.fit(windows, 0)
            said = fitted.predict(windows.x[::3])
            assert said.shape == (20,) and (said >= 0).all() and (said <= 1).all(), name
            assert said[windows.falls[::3]].min() > said[~windows.falls[::3]].max(), name
            np.testing.assert_allclose(fitted.predict(windows.x[:1]), said[:1], atol=1e-6, err_msg=name)  # one by one as together


def movements(count: int) -> Any:
    """Return windows of 6 s, half of them falls: weightless for .3 s, a blow of 4 g, then lying on the side."""
    import peer_models

    random = np.random.default_rng(0)
    times = np.arange(300) / RATE - 2
    x, falls = np.zeros((count, 300, 3)), np.arange(count) % 2 == 0
    x[..., 2] = 1
    x[falls] += np.where((times >= -0.3) & (times < 0), -0.8, 0)[:, None] * [0, 0, 1]
    x[falls] += np.where(times >= 0, 1.0, 0)[:, None] * [1, 0, -1]
    x[falls] += (3 * np.exp(-((times / 0.04) ** 2)))[:, None] * [1, 0, 0]
    x[~falls] += 0.9 * np.sin(2 * np.pi * 2 * times + random.uniform(0, 6, (count // 2, 1)))[..., None] * [0, 0, 1]
    x += random.normal(0, 0.02, x.shape)
    people = np.asarray([f"S{i // 10}" for i in range(count)])
    return peer_models.Windows(x.astype(np.float32), falls, np.ones(count), people, RATE, steps=30, batch=16)


def test_the_rule_at_its_limits() -> None:
    """All three conditions hold by at least their widths: .73 or more; each alone not held: below .5."""
    import peer_models

    def judged(lowest: float, peak: float, after: float) -> float:
        x = np.zeros((1, 300, 3), np.float32)
        x[..., 0] = 1
        x[0, 90:95, 0], x[0, 100, 0] = lowest, peak
        x[0, 150:, 0] += after * (-1.0) ** np.arange(150)  # their sd is `after`
        return float(peer_models.Rule(RATE).predict(x)[0])

    assert judged(0.5, 3.0, 0.1) == pytest.approx(1 / (1 + np.exp(-1)))
    assert judged(0.6, 3.0, 0.1) == pytest.approx(0.5)
    assert judged(0.5, 2.5, 0.1) == pytest.approx(0.5)
    assert judged(0.5, 3.0, 0.3) == pytest.approx(1 / (1 + np.exp(2)))


def test_features_by_hand() -> None:
    """A sine of 2 Hz on one axis: its energy, area and main line; a turn by 90 degrees is a change of posture."""
    import peer_features

    times = np.arange(300) / RATE
    x = np.zeros((2, 300, 3), np.float32)
    x[0, :, 2] = 1 + 0.5 * np.sin(2 * np.pi * 2 * times)
    x[1, :150, 0], x[1, 150:, 1] = 1, 1
    names = peer_features.feature_names()
    values = peer_features.usual_features(x, RATE)
    assert values.shape == (2, len(names)) and np.isfinite(values).all()
    sine, turn = (dict(zip(names, row, strict=True)) for row in values)
    assert sine["energy"] == pytest.approx(1.125) and sine["area"] == pytest.approx(1.0) and sine["main Hz"] == pytest.approx(2)
    assert sine["1-3 Hz"] == pytest.approx(np.log10(300 / 16), rel=1e-3) and sine["5-10 Hz"] < -5  # (a N / 2)^2 / N with a = .5
    assert sine["z max"] == pytest.approx(1.5, abs=1e-3) and sine["correlation xy"] == 0
    assert turn["posture change"] == pytest.approx(90) and turn["correlation xy"] == pytest.approx(-1) and sine["posture change"] < 1


def test_a_bounded_part_keeps_the_weight_of_its_strata() -> None:
    import peer_models

    windows = movements(60)
    strata = np.repeat([0, 1, 2], [6, 14, 40])
    few = peer_models.bounded(windows, strata, 30, 0)
    assert len(few.x) == 30 and few.weights.mean() == pytest.approx(1)
    shares = sorted(set(np.round(few.weights, 6)))
    # 6 of 6, 12 of 14, 12 of 40: each stands for 1, 14 / 12 and 40 / 12 windows, here times 30 / 60
    assert shares == pytest.approx([0.5, 7 / 12, 5 / 3], abs=1e-5)
    assert peer_models.bounded(windows, strata, None, 0) is windows


def said(subject: str, fell: bool, score: float, dataset: str = "a", seconds: float = 360.0) -> RecordingPredictions:
    times = FallTimes(2.0, 2.5, 3.0) if fell else None
    one = facts(subject, "fall" if fell else "walk", str(score), times, seconds=seconds, dataset=dataset)
    return RecordingPredictions(one, np.asarray([2.5]), np.asarray([3.0]), np.asarray([[1 - score, score]]), np.asarray([int(fell)]))


FOLDS = {
    "a": [said("A1", True, 0.9), said("A1", True, 0.4), said("A2", False, 0.1), said("A2", False, 0.6)],
    "b": [said("B1", True, 0.8, "b"), said("B1", False, 0.3, "b"), said("B2", False, 0.2, "b")],
}


def test_figures_by_hand() -> None:
    import peer_figures

    method = peer_figures.Method("one", [FOLDS])
    result = peer_figures.figures([method], 1, Decision(), "subject", None)["methods"]["one"]
    rows = result["datasets"]
    chosen = result["thresholds"][0]
    # b alone: best between .3 and .8; a alone: .4 finds both falls with one alarm (F1 .8), best of all its thresholds.
    assert 0.3 < chosen["a"] <= 0.8 and 0.1 < chosen["b"] <= 0.4
    found = sum(one.probabilities[0, 1] >= chosen["a"] for one in FOLDS["a"][:2])
    alarms = sum(one.probabilities[0, 1] >= chosen["a"] for one in FOLDS["a"][2:])
    assert rows["a"]["f1"]["value"] == pytest.approx(2 * found / (found + alarms + 2))
    assert rows["a"]["auc"]["value"] == auc(FOLDS["a"], 1) == 3 / 4 and rows["b"]["auc"]["value"] == 1
    assert rows["mean"]["auc"]["value"] == 7 / 8
    assert rows["a"]["false_alarms_per_hour"]["value"] == pytest.approx(alarms / 0.4)
    low, high = rows["mean"]["f1"]["ci95"]
    assert low <= rows["mean"]["f1"]["value"] <= high


def test_a_method_differs_from_the_student_by_pairs() -> None:
    """The same predictions: every draw differs by nothing. Ones turned over: by what they lack."""
    import peer_figures

    same = peer_figures.Method("same", [FOLDS])
    student = peer_figures.Method("student", [FOLDS])
    turned = {
        name: [RecordingPredictions(one.recording, one.centre_s, one.end_s, one.probabilities[:, ::-1], one.labels) for one in fold]
        for name, fold in FOLDS.items()
    }
    result = peer_figures.figures([student, same, peer_figures.Method("turned", [turned])], 1, Decision(), "subject", "student")
    mean = {name: row["datasets"]["mean"]["auc"] for name, row in result["methods"].items()}
    assert mean["same"]["minus_student"] == {"value": 0.0, "ci95": [0.0, 0.0]}
    assert mean["turned"]["minus_student"]["value"] == pytest.approx((1 / 4 + 0) / 2 - 7 / 8)
    assert "| turned |" in "\n".join(peer_figures.table(result))


def test_the_area_of_draws_is_that_of_the_drawn() -> None:
    import peer_figures

    random = np.random.default_rng(1)
    scores, fell = random.integers(0, 5, 40) / 5, random.random(40) < 0.4
    times = random.integers(0, 3, (3, 40))
    drawn = peer_figures._auc(scores, fell, times)
    for row, value in zip(times, drawn, strict=True):
        copies = [said("S", bool(fell[i]), float(scores[i])) for i in range(40) for _ in range(row[i])]
        assert value == pytest.approx(auc(copies, 1))
