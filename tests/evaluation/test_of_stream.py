"""A bundle on days, live and as files: its fall logit grows with the highest magnitude (see `tests.runtime.tiny`)."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import tiny_dataset
from tests.runtime.tiny import motion, write_bundle
from typer.testing import CliRunner

from featherfall import datasets
from featherfall.cli.main import app
from featherfall.core.day import Day, DayActivity
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes, Recording, Stream
from featherfall.core.window import Window
from featherfall.datasets import Dataset
from featherfall.evaluation.evaluate import EventOptions, evaluate
from featherfall.evaluation.events import Tolerance
from featherfall.evaluation.of_stream import alarm_rows, judge_day, live_events, recorded_share
from featherfall.runtime import Bundle, load_bundle

WINDOW = {"kind": "impact", "length": 64, "rate": 50.0}
STREAM = EventOptions(as_stream=True)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return load_bundle(write_bundle(tmp_path / "bundle", window=WINDOW))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return datasets.open("folder", tiny_dataset(tmp_path_factory.mktemp("tiny") / "data", trials=2, streams=["accelerometer"]))


def day_of(impacts: tuple[tuple[float, float], ...], seconds: float = 60.0) -> Day:
    """Somebody falls at 20 s and then sits; at 40 s somebody claps."""
    times = np.arange(round(seconds * 50)) / 50
    recording = Recording(
        "some", "everybody", "day", "1", {"accelerometer": Stream(times, motion(times, impacts).astype(np.float32), "g", 50.0)}
    )
    falls = DayActivity("trip", 10.0, 30.0, FallTimes(19.5, 20.0, 20.5), "S1", "some: S1/trip/1")
    return Day(recording, (falls, DayActivity("clap", 35.0, 50.0, None, "S2", "some: S2/clap/1")))


def test_two_days_of_four_people_by_hand(bundle: Bundle, dataset: Dataset) -> None:
    """Each fall hits with about 4 g, above the model's 2.5 g; each person falls twice, so there are two days."""
    out = evaluate(bundle, dataset, events=STREAM)
    counts = out["counts"]
    assert (counts["days"], counts["recordings"], counts["falls"], counts["missed"]) == (2, 24, 8, 0)
    assert counts["false_events"] == counts["redundant_alarms"] == 0
    assert out["metrics"]["event_f1"] == 1 and out["metrics"]["false_alarms_per_day"] == 0
    hours = 24 * 74 / 25 / 3600
    assert counts["hours"] == pytest.approx(hours, rel=0.01)  # of 75 samples at 25 Hz, without the gaps between recordings
    assert out["rates"]["false_alarms_per_hour"]["ci95"] == pytest.approx([0, 3.689 / counts["hours"]], rel=1e-3)  # Garwood
    assert out["rates"]["false_alarms_per_day"]["ci95"][1] == pytest.approx(24 * 3.689 / counts["hours"], rel=1e-3)
    assert out["shares"]["event_sensitivity"]["hits"] == 8
    assert out["agreement"] == {
        "live": {"falls_found": 8, "false_alarms": 0},
        "file": {"falls_found": 8, "false_alarms": 0},
        "differing": [],
    }
    assert [row["kind"] for row in out["alarms"]] == ["fall"] * 8 and {row["at_s"] for row in out["alarms"]} <= {1.48, 1.5, 1.52}
    assert out["metrics"]["detection_delay_s"] == pytest.approx(0.64, abs=0.05)  # half a window of 64 samples at 50 Hz
    single = evaluate(bundle, dataset)
    assert single["metrics"]["event_sensitivity"] == 1 and single["counts"]["false_events"] == 0


def test_live_and_predict_on_the_file_agree(bundle: Bundle, tmp_path: Path) -> None:
    day = day_of(((20.0, 4.0), (40.0, 4.0), (46.0, 5.0)))
    judged = judge_day(bundle, day)
    stream = day.recording.streams["accelerometer"]
    table = np.column_stack([stream.times, stream.values])
    np.savetxt(tmp_path / "day.csv", table, delimiter=",", header="time,ax,ay,az", comments="", fmt="%.9g")
    file = bundle.predict(tmp_path / "day.csv").events
    live = live_events(bundle, day.recording)
    assert judged.differing == () and len(live) == len(file) == 3
    for seen, known in zip(live, file, strict=True):
        assert seen.start_s == pytest.approx(known.start_s, abs=0.03) and seen.raised_s == pytest.approx(known.raised_s, abs=0.03)
    for result in (judged.live, judged.whole):
        assert result.detected == 1 and [one.activity for one in result.false_alarms] == ["clap", "clap"]


def test_alarms_by_one_of_both_ways_are_named(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    from featherfall.evaluation import of_stream

    whole = live_events(bundle, day_of(((20.0, 4.0), (40.0, 4.0))).recording)
    monkeypatch.setattr(of_stream, "live_events", lambda *_: whole[1:])
    (line,) = judge_day(bundle, day_of(((20.0, 4.0), (40.0, 4.0)))).differing
    assert line == "day 1: only on the file there is an alarm at 20.0 s (some: S1/trip/1)"
    monkeypatch.setattr(of_stream, "live_events", lambda *_: whole)
    (line,) = judge_day(bundle, day_of(((20.0, 4.0),))).differing
    assert line.startswith("day 1: only live there is an alarm at 40.0 s")


def test_an_alarm_after_the_day_has_ended_is_nobodys(bundle: Bundle) -> None:
    judged = judge_day(bundle, day_of(((20.0, 4.0), (59.8, 4.0))))
    assert judged.differing == () and not judged.live.false_alarms and not judged.whole.false_alarms


def test_rows_of_alarms_by_hand(bundle: Bundle) -> None:
    day = day_of(((20.0, 4.0), (22.6, 4.0), (32.0, 3.0), (40.0, 5.0)))
    merged = bundle.manifest.model_copy(update={"decision": bundle.manifest.decision.model_copy(update={"merge_s": 1.0})})
    judged = judge_day(Bundle(bundle.path, merged, bundle.model, bundle._session), day)
    first, second, third, last = alarm_rows(judged, 3, "accelerometer", bundle.manifest.window)
    assert [one["kind"] for one in (first, second, third, last)] == ["fall", "redundant", "false", "false"]
    assert (first["day"], first["recording"], first["subject"], first["activity"]) == (3, "some: S1/trip/1", "S1", "trip")
    assert first["at_s"] == pytest.approx(10.0, abs=0.03) and first["delay_s"] == pytest.approx(0.62, abs=0.05)
    assert first["peak"] == pytest.approx(4.0, abs=0.1) and first["probability"] > 0.9
    assert (third["activity"], third["subject"], third["at_s"], third["delay_s"]) == ("", "", None, None)  # between two recordings
    assert last["activity"] == "clap" and last["peak"] == pytest.approx(5.0, abs=0.1)


def test_how_much_of_a_window_was_recorded_by_hand() -> None:
    window = Window(kind="impact", length=301, rate=50.0, before_s=2.0)  # from 2 s before to 4 s after the impact
    assert recorded_share(window, 10.0, 0.0, 20.0) == 1.0
    assert recorded_share(window, 10.0, 0.0, 11.0) == pytest.approx(3 / 6)
    assert recorded_share(window, 10.0, 9.5, 13.0) == pytest.approx(3.5 / 6)
    assert recorded_share(window, 10.0, 20.0, 30.0) == 0.0
    sliding = Window(kind="sliding", length=101, rate=50.0)
    assert recorded_share(sliding, 10.0, 9.5, 30.0) == pytest.approx(1.5 / 2)


def test_false_alarms_at_the_ends_of_recordings_are_counted_apart(bundle: Bundle) -> None:
    day = day_of(((40.0, 4.0), (49.8, 4.0)))
    rows = alarm_rows(judge_day(bundle, day), 1, "accelerometer", bundle.manifest.window)
    assert [row["recorded"] for row in rows] == [1.0, pytest.approx(0.66, abs=0.02)]  # half a window and .2 s of 1.28 s


def test_another_tolerance(bundle: Bundle) -> None:
    day = day_of(((26.0, 4.0),))
    assert judge_day(bundle, day).live.detected == 0
    assert judge_day(bundle, day, Tolerance(1.0, 8.0)).live.detected == 1


def test_what_has_no_stream_is_refused(tmp_path: Path, dataset: Dataset) -> None:
    trial = load_bundle(write_bundle(tmp_path / "trial", window={"kind": "trial", "length": 64}))
    with pytest.raises(UserError, match="takes whole recordings, live samples have no end"):
        evaluate(trial, dataset, events=STREAM)
    activity = load_bundle(write_bundle(tmp_path / "activity", window=WINDOW, task="activity", positive=None))
    with pytest.raises(UserError, match="--as-stream: bundle 'tiny' does not look for falls"):
        evaluate(activity, dataset, events=STREAM)


def test_recordings_whose_rates_tell_falls_from_daily_life_are_noted(bundle: Bundle, dataset: Dataset) -> None:
    from featherfall.evaluation.of_stream import StreamEvaluator

    evaluator = StreamEvaluator(bundle)
    prepared = evaluator.prepare(dataset)
    for source in prepared.sources:
        evaluator.add(source.load())
    assert evaluator.noted() == []
    for one in evaluator._pieces.list:
        if one.recording.fall is not None:
            object.__setattr__(one.recording.streams["accelerometer"], "rate", 50.0)
    (line,) = evaluator.noted()
    assert line == "falls were recorded at 50 Hz, daily life at 25 Hz: a model may tell them apart by that"


def test_on_the_command_line(bundle: Bundle, dataset: Dataset, tmp_path: Path) -> None:
    words = ["evaluate", str(bundle.path), "--dataset", "folder", "--data", str(dataset.folder), "--as-stream"]
    shown = CliRunner().invoke(app, [*words, "--csv", str(tmp_path / "alarms.csv")])
    assert shown.exit_code == 0, shown.output
    assert "live 8 falls, 0 false alarms; as files 8 falls, 0 false alarms: the same alarms" in shown.output
    with open(tmp_path / "alarms.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8 and rows[0]["kind"] == "fall"
    values = json.loads(CliRunner().invoke(app, [*words, "--json", "--tolerance", "0,0.1"]).stdout)
    assert values["counts"]["missed"] == 8 and values["counts"]["false_events"] == 8
    assert values["tolerance"] == {"before_onset_s": 0.0, "after_impact_s": 0.1}
    for wrong, says in (("5", "give two numbers of seconds"), ("1,x", "give two numbers of seconds"), ("-1,5", "tolerance of -1 s")):
        refused = CliRunner().invoke(app, [*words, f"--tolerance={wrong}"])
        assert isinstance(refused.exception, UserError) and says in str(refused.exception)
