from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.tiny import INPUT, LENGTH, motion, recording, write_bundle

from featherfall.core.manifest import Manifest
from featherfall.core.recording import Recording, Stream
from featherfall.runtime import load_bundle
from featherfall.runtime.bundle import softmax
from featherfall.runtime.prediction import make_prediction
from featherfall.signals.frames import WindowTimes

FALL = ((8.0, 4.0),)
SLIDING = {"kind": "sliding", "length": LENGTH, "rate": 50.0, "stride_s": 0.5}


def manifest(**changes: object) -> Manifest:
    base = {
        "name": "by hand", "task": "activity", "inputs": [INPUT], "window": SLIDING, "labels": ["walk", "sit", "fall"],
        "models": [{"file": "m.onnx", "precision": "float32", "bytes": 1}], "sha256": {"m.onnx": ""},
    }  # fmt: skip
    return Manifest.model_validate(base | changes)


def windows(valid: list[float]) -> WindowTimes:
    start = np.arange(len(valid)) * 0.5
    return WindowTimes(start, start + 1.26, start + 0.64, np.array(valid), 1.28)


def test_a_fall_and_a_harmless_bump(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    said = bundle.predict(recording(impacts=((3.0, 1.9), (8.0, 4.0))))
    np.testing.assert_allclose(said.centre_s, [3.0, 8.0], atol=0.05)
    assert said.window_labels == ["other", "fall"]
    assert said.label == "fall"
    (event,) = said.events
    assert event.start_s == event.peak_s == pytest.approx(8.0, abs=0.05)
    assert event.raised_s == pytest.approx(8.0 + (LENGTH // 2 - 1) / 50, abs=0.05)
    assert event.confidence > 0.99


def test_no_impact_is_an_answer(tmp_path: Path) -> None:
    said = load_bundle(write_bundle(tmp_path / "b")).predict(recording())
    assert said.label == "other"
    assert said.events == ()
    assert said.probabilities.shape == (0, 2)


def test_impact_windows_at_the_edge_are_kept(tmp_path: Path) -> None:
    said = load_bundle(write_bundle(tmp_path / "b")).predict(recording(impacts=((0.06, 4.0),)))
    assert said.start_s[0] < 0
    assert said.usable.all()
    assert len(said.events) == 1


@pytest.mark.parametrize(("resumes", "skipped"), [(6.0, True), (11.0, False), (1e9, False)])
def test_no_window_of_a_gap_is_judged_and_none_is_made_in_a_long_one(tmp_path: Path, resumes: float, skipped: bool) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b", window=SLIDING))
    times = np.concatenate([np.arange(0, 5, 0.02), resumes + np.arange(0, 5, 0.02)])
    said = bundle.predict(Recording("own", "S1", "gap", "1", {"accelerometer": Stream(times, motion(times).astype(np.float32), "g", 50)}))
    inside = (said.end_s > 5.65) & (said.start_s < resumes - 0.65)  # more than half in the gap
    assert not said.usable[inside].any()
    assert (said.skipped > 0) is skipped
    assert len(said.usable) < 25
    assert all(label is None for label, judged in zip(said.window_labels, said.usable, strict=True) if not judged)


def test_sliding_windows_of_one_fall_are_one_event(tmp_path: Path) -> None:
    said = load_bundle(write_bundle(tmp_path / "b", window=SLIDING)).predict(recording(impacts=((5.0, 4.0), (15.0, 4.0))))
    assert len(said.events) == 2
    assert said.window_labels.count("fall") > 2


def test_activity_is_the_mean_of_log_probabilities_over_judged_windows() -> None:
    # Two votes for "sit", but "walk" is never improbable: mean logs -0.57 against -1.93.
    probabilities = np.array([[0.45, 0.55, 0.0], [0.45, 0.55, 0.0], [0.9, 0.01, 0.09], [0.0, 0.0, 1.0]], dtype=np.float32)
    said = make_prediction(manifest(), windows([1, 1, 1, 0.4]), probabilities)
    assert said.label == "walk"
    assert said.window_labels == ["sit", "sit", "walk", None]
    assert said.events == ()


def test_a_fall_task_without_events_takes_the_best_other_label() -> None:
    probabilities = np.array([[0.2, 0.35, 0.45]], dtype=np.float32)
    said = make_prediction(manifest(task="fall", positive="fall"), windows([1]), probabilities)
    assert said.label == "sit"
    assert said.events == ()


def test_an_activity_task_with_a_positive_class_raises_events_too() -> None:
    probabilities = np.array([[0.1, 0.1, 0.8], [0.9, 0.1, 0.0], [0.9, 0.1, 0.0]], dtype=np.float32)
    said = make_prediction(manifest(positive="fall"), windows([1, 1, 1]), probabilities)
    assert said.label == "walk"
    assert len(said.events) == 1


def test_nothing_judged_is_unknown_and_says_why() -> None:
    unclear = np.full((2, 3), np.nan, dtype=np.float32)
    said = make_prediction(manifest(), windows([1, 1]), unclear)
    assert (said.label, said.verdict.judged) == ("unknown", False)
    assert "the model gave no probabilities for 2 of 2 windows" in said.verdict.reasons[0]
    empty = make_prediction(manifest(task="fall", positive="fall"), windows([0.1]), np.ones((1, 3), dtype=np.float32) / 3)
    assert empty.label == "unknown" and empty.verdict.reasons == ("1 of 1 windows hold too little signal and were not judged",)
    assert empty.to_json()["label"] == "unknown" and empty.to_json()["judged"] == 0.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logits_that_are_no_numbers_are_no_probabilities(bad: float) -> None:
    found = softmax(np.array([[bad, 0.0], [0.0, 0.0]], dtype=np.float32))
    assert np.isnan(found[0]).all() and found[1].tolist() == [0.5, 0.5]


def test_some_windows_without_probabilities_are_said_beside_the_label() -> None:
    probabilities = np.array([[0.9, 0.05, 0.05]] * 3 + [[np.nan] * 3], dtype=np.float32)
    said = make_prediction(manifest(task="fall", positive="fall"), windows([1] * 4), probabilities)
    assert said.label == "walk" and said.verdict.share == 0.75
    assert said.verdict.reasons[0].startswith("the model gave no probabilities for 1 of 4 windows")


def test_no_fall_is_not_said_of_a_recording_of_which_most_is_missing(tmp_path: Path) -> None:
    """Impact windows are cut where there is signal, so a gap leaves no window behind: only the time tells."""
    whole = recording(seconds=60).streams["accelerometer"]

    def without(start: float, end: float, impacts: tuple[tuple[float, float], ...] = ()) -> Recording:
        times = whole.times[(whole.times < start) | (whole.times > end)]
        worn = Stream(times, motion(times, impacts).astype(np.float32), "g", 50)
        return Recording("own", "S1", "gap", "1", {"accelerometer": worn})

    bundle = load_bundle(write_bundle(tmp_path / "b"))
    said = bundle.predict(without(10, 50))
    assert (said.label, said.verdict.judged) == ("unknown", False)
    assert said.verdict.reasons == ("67 % of the recording is missing (gaps) or too short to judge, and was not judged",)
    part = bundle.predict(without(10, 16))
    assert (part.label, part.verdict.judged) == ("other", True) and part.verdict.reasons[0].startswith("10 % of the recording")
    assert bundle.predict(without(10, 50, ((5.0, 4.0),))).label == "fall"  # what was found stays found


def test_json_is_plain_and_complete(tmp_path: Path) -> None:
    said = load_bundle(write_bundle(tmp_path / "b")).predict(recording(impacts=FALL))
    plain = json.loads(json.dumps(said.to_json(), allow_nan=False))
    assert plain["label"] == "fall"
    assert plain["events"][0]["state"] == "detected"
    assert plain["windows"][0]["probabilities"]["fall"] == pytest.approx(plain["events"][0]["confidence"])


def test_same_recording_same_answer(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    one, other = (json.dumps(bundle.predict(recording(impacts=FALL)).to_json()) for _ in range(2))
    assert one == other


def test_many_windows_are_judged_as_few_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows go to a file where they are many; nothing else may differ."""
    bundle = load_bundle(write_bundle(tmp_path / "b", window=SLIDING))
    few = bundle.predict(recording(impacts=FALL)).to_json()
    monkeypatch.setattr("featherfall.signals.spool.IN_MEMORY", 64)
    monkeypatch.setattr("featherfall.signals.spool.Spool.__init__.__defaults__", (None, 64))
    monkeypatch.setattr("featherfall.runtime.decide.events._TOGETHER", 3)
    monkeypatch.setattr("featherfall.runtime.prediction._RELEASED", 2)
    assert bundle.predict(recording(impacts=FALL)).to_json() == few
