from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes

STREAMS = """
falls: [trip]
streams:
  accelerometer:
    columns: [ax, ay, az]
    unit: m/s2
    time: t
    time_unit: ms
    placement: left wrist
  skeleton:
    columns: [1, 2, 3]
    unit: cm
    rate: 30
    clock: own
"""
TABLE = """subject,activity,trial,accelerometer,skeleton,fall_onset_s,fall_impact_s,fall_end_s
ann,walk,1,data/walk.csv,data/skeleton.csv,,,
ann,trip,1,data/walk.csv,,,,
ann,slip,1,data/walk.csv,,100.2,100.5,
"""


@pytest.fixture
def folder(tmp_path: Path, resting: np.ndarray) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "streams.yaml").write_text(STREAMS)
    (tmp_path / "recordings.csv").write_text(TABLE)
    times = 100_000 + 20 * np.arange(40)
    rows = np.column_stack([times, 9.80665 * resting])
    np.savetxt(tmp_path / "data/walk.csv", rows, delimiter=",", header="t,ax,ay,az", comments="", fmt="%.6f")
    np.savetxt(tmp_path / "data/skeleton.csv", 100 * resting, delimiter=",", fmt="%.6f")
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_own_recordings_are_read_as_described(folder: Path, resting: np.ndarray) -> None:
    dataset = datasets.open("folder", folder)
    assert dataset.problems == ()
    assert [(source.id, source.fall) for source in dataset.sources] == [
        ("ann/walk/1", False),
        ("ann/trip/1", True),
        ("ann/slip/1", True),
    ]
    walk, trip, slip = (pickle.loads(pickle.dumps(source)).load() for source in dataset.sources)
    assert (walk.fall, trip.fall) == (None, FallTimes())
    assert slip.fall is not None
    np.testing.assert_allclose([slip.fall.onset, slip.fall.impact], [0.2, 0.5])  # the recording starts at 100 s of its clock
    accelerometer, skeleton = walk.streams["accelerometer"], walk.streams["skeleton"]
    np.testing.assert_allclose(accelerometer.values, resting, atol=1e-5)
    np.testing.assert_allclose(accelerometer.times, np.arange(40) / 50, atol=1e-9)
    assert (accelerometer.unit, accelerometer.placement, accelerometer.clock) == ("g", "left wrist", "shared")
    assert accelerometer.channels == ("ax", "ay", "az")
    np.testing.assert_allclose(accelerometer.rate, 50)
    np.testing.assert_allclose(skeleton.values, resting, atol=1e-5)
    assert (skeleton.unit, skeleton.clock, skeleton.rate) == ("m", "own", 30.0)
    assert set(trip.streams) == {"accelerometer"}


def test_bursts_are_straightened(folder: Path, resting: np.ndarray) -> None:
    edit(folder / "streams.yaml", "placement: left wrist", "clock: burst")
    rows = np.column_stack([np.arange(40) // 4 * 80, 9.80665 * resting])
    np.savetxt(folder / "data/walk.csv", rows, delimiter=",", header="t,ax,ay,az", comments="")
    stream = datasets.open("folder", folder).sources[0].load().streams["accelerometer"]
    np.testing.assert_allclose(np.diff(stream.times), 0.02, rtol=0.02)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("unit: m/s2", "unit: m/s^2", r"streams\.yaml: key 'streams\.accelerometer': unknown unit 'm/s\^2'; did you mean 'm/s2'\?"),
        ("placement", "placment", r"streams\.yaml: unknown key 'streams\.accelerometer\.placment'; did you mean 'placement'"),
        ("unit: cm", "placement: room", r"the unit of 'skeleton' is not stated, and its name is that of no sensor .*; add unit"),
        ("rate: 30", "recorder: phyfox", r"unknown recorder; did you mean 'phyphox'"),
        ("time: t\n", "time: 1\n", r"time and columns must both be names, or both be numbers"),
        ("[1, 2, 3]", "[0, 1, 2]", r"columns without a header row are numbered from 1"),
        ("time_unit: ms", "time_unit: min", r"key 'streams\.accelerometer\.time_unit'"),
        ("streams:", "streams: [", r"streams\.yaml: line \d+: not valid YAML .*; correct it, e\.g\. the indentation"),
        (STREAMS, "", r"streams\.yaml: expected a mapping"),
    ],
)
def test_faults_of_streams_yaml(folder: Path, old: str, new: str, message: str) -> None:
    edit(folder / "streams.yaml", old, new)
    with pytest.raises(UserError, match=message) as caught:
        datasets.open("folder", folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("subject,", "person,", r"recordings\.csv: row 1: column 'subject' is missing; add it"),
        ("accelerometer,", "acelerometer,", r"row 1: column 'accelerometer' is missing"),
        ("fall_end_s", "fall_end", r"row 1: unknown column 'fall_end', .*did you mean 'fall_end_s'\?"),
        ("ann,trip,1,", "ann,walk,1,", r"row 3: ann/walk/1 stands in row 2 already; give each recording its own trial"),
        ("ann,trip,1,data/walk.csv,,,,", "ann,trip,1,data/walk.csv", r"row 3 does not have as many columns as the first row"),
        ("ann,trip,", ",trip,", r"row 3: subject is ''; give it a name"),
        ("ann,trip,1,data/walk.csv", "ann,trip,1,", r"row 3: no stream has a file; give at least one of accelerometer, skeleton"),
        ("ann,trip,1,data/walk.csv", "ann,trip,1,data/wlk.csv", r"row 3: accelerometer: no such file .*data/wlk\.csv; correct the path"),
        ("100.2,", "soon,", r"row 4: fall_onset_s is 'soon', not a number of seconds"),
        ("100.2,100.5", "100.5,100.2", r"row 4: fall times \[100\.5, 100\.2\] are not in order"),
        ("100.2,100.5,", "nan,100.5,", r"row 4: fall times .* are not in order"),
        ("ann,slip,", "ann,,", r"row 4: fall times without an activity; name it, or empty them"),
        ("100.2,100.5,", ",,100.6", r"row 4: fall_end_s without fall_onset_s or fall_impact_s; add one"),
    ],
)
def test_faults_of_recordings_csv(folder: Path, old: str, new: str, message: str) -> None:
    edit(folder / "recordings.csv", old, new)
    with pytest.raises(UserError, match=message):
        datasets.open("folder", folder)


def test_nobody_needs_to_label_a_recording(folder: Path) -> None:
    edit(folder / "recordings.csv", "ann,trip,1", "ann,,1")
    sources = datasets.open("folder", folder).sources
    assert [source.activity for source in sources] == ["walk", "", "slip"]
    assert sources[1].load().id == "ann//1"


def test_a_fall_outside_the_recording_is_refused(folder: Path) -> None:
    edit(folder / "recordings.csv", "100.2,100.5", "0.2,0.5")
    with pytest.raises(UserError, match=r"row 4: a fall time of 0\.2 s lies outside the recording \(100 to 100\.78 s\); give seconds on"):
        datasets.open("folder", folder).sources[2].load()


def test_an_activity_that_never_happens_is_told(folder: Path) -> None:
    edit(folder / "streams.yaml", "[trip]", "[trip, tumble]")
    assert datasets.open("folder", folder).problems == (f"{folder}/streams.yaml: falls: no recording has the activity 'tumble'",)


def table(folder: Path, values: np.ndarray, times: np.ndarray | None = None) -> None:
    times = 20.0 * np.arange(len(values)) if times is None else times
    np.savetxt(folder / "data/walk.csv", np.column_stack([times, values]), delimiter=",", header="t,ax,ay,az", comments="")


def test_faults_of_the_clock_are_mended_and_noted(folder: Path, resting: np.ndarray) -> None:
    source = datasets.open("folder", folder).sources[0]
    raw = 9.80665 * np.tile(resting, (3, 1))
    late, twice, again = (20.0 * np.arange(120) for _ in range(3))
    late[[7, 8]], twice[7] = late[[8, 7]], twice[6]
    again[60:] -= again[60]
    for times, count, note in (
        (late, 120, "row 10 came late and was put in order"),
        (twice, 119, "row 9 repeats the time of the row before and was left out"),
        (again, 120, "the clock starts again at row 62; from there the recording is read as a part of its own, 60 s later"),
    ):
        table(folder, raw, times)
        stream = source.load().streams["accelerometer"]
        assert len(stream.times) == count and (np.diff(stream.times) > 0).all()
        assert [one.text for one in stream.notes][:1] == [note]
        assert stream.rate == pytest.approx(50, rel=0.02)


def test_faults_inside_the_files(folder: Path, resting: np.ndarray) -> None:
    source = datasets.open("folder", folder).sources[0]
    raw = 9.80665 * np.tile(resting, (3, 1))
    dead = raw.copy()
    dead[:, 1] = 5.0
    for values, times, message in (
        (
            raw,
            20_000.0 * np.arange(120),
            r"walk\.csv: 0\.05 samples per second with times in 'ms', .*; state the time's unit, probably time_unit: us$",
        ),
        (raw / 9.80665, None, r"walk\.csv: .*so the unit is g, not m/s2; state unit: g"),
        (raw * 0.01, None, r"walk\.csv: .*gravity is missing"),
        (dead, None, r"walk\.csv: 'accelerometer' never changes on ay \(always 5\)"),
        (np.full((10, 3), 5.7), None, r"walk\.csv: 'accelerometer' never changes on ax, ay, az"),
        (raw[:1], None, r"walk\.csv: 1 sample\(s\) of 'accelerometer'; at least 2 are needed"),
    ):
        table(folder, values, times)
        with pytest.raises(UserError, match=message):
            source.load()


def test_what_streams_yaml_leaves_out_is_recognised(folder: Path, resting: np.ndarray) -> None:
    (folder / "streams.yaml").write_text(
        "streams:\n  accelerometer: {}\n  skeleton: {columns: [1, 2, 3], unit: cm, rate: 30, clock: own}\n"
    )
    (folder / "recordings.csv").write_text(
        TABLE.replace("ann,trip,1,data/walk.csv", "ann,trip,1,data/phone.zip").replace("100.2,100.5", ",")
    )
    rows = np.column_stack([20 * np.arange(40) / 1000, 9.80665 * resting])
    header = '"Time (s)";"Acceleration x (m/s^2)";"Acceleration y (m/s^2)";"Acceleration z (m/s^2)"'
    text = "\n".join([header, *(";".join(f"{value:.6f}".replace(".", ",") for value in row) for row in rows)])
    with zipfile.ZipFile(folder / "data/phone.zip", "w") as archive:
        archive.writestr("Accelerometer.csv", text)
    walk, trip, _ = (source.load().streams["accelerometer"] for source in datasets.open("folder", folder).sources)
    for stream in (walk, trip):
        np.testing.assert_allclose(stream.values, resting, atol=1e-5)
        np.testing.assert_allclose(stream.times, np.arange(40) / 50, atol=1e-9)
        assert stream.channels == ("x", "y", "z")


def test_what_is_not_recognised_is_asked_for_by_its_key(folder: Path, resting: np.ndarray) -> None:
    edit(folder / "streams.yaml", "    columns: [ax, ay, az]\n    unit: m/s2\n    time: t\n    time_unit: ms\n", "")
    source = datasets.open("folder", folder).sources[0]
    np.savetxt(folder / "data/walk.csv", resting, delimiter=",", header="one,two,three", comments="")
    with pytest.raises(UserError, match=r"state them with columns: NAME,NAME,NAME and time: NAME, or rate: HZ$"):
        source.load()
    np.savetxt(folder / "data/walk.csv", np.round(resting * 5000), delimiter=",", header="ax,ay,az", comments="")
    edit(folder / "streams.yaml", "    placement: left wrist\n", "    placement: left wrist\n    rate: 50\n")
    with pytest.raises(UserError, match=r"state counts_per_g: 5\d+$"):
        datasets.open("folder", folder).sources[0].load()
    edit(folder / "streams.yaml", "    rate: 50\n", "    rate: 50\n    counts_per_g: 5000\n")
    stream = datasets.open("folder", folder).sources[0].load().streams["accelerometer"]
    np.testing.assert_allclose(stream.values, resting, atol=2e-4)


def test_rows_out_of_order_are_put_in_order_and_told(folder: Path, resting: np.ndarray) -> None:
    times = 20.0 * np.arange(120)
    times[[7, 8]] = times[[8, 7]]
    table(folder, 9.80665 * np.tile(resting, (3, 1)), times)
    stream = datasets.open("folder", folder).sources[0].load().streams["accelerometer"]
    np.testing.assert_allclose(np.diff(stream.times), 0.02)
    assert [note.text for note in stream.notes] == ["row 10 came late and was put in order"]


def test_a_skeleton_that_never_moves_is_refused(folder: Path) -> None:
    np.savetxt(folder / "data/skeleton.csv", np.ones((40, 3)), delimiter=",")
    with pytest.raises(UserError, match=r"skeleton\.csv: 'skeleton' never changes on 1, 2, 3"):
        datasets.open("folder", folder).sources[0].load()


def test_streams_that_never_meet_share_no_clock(folder: Path) -> None:
    edit(
        folder / "streams.yaml",
        "columns: [1, 2, 3]\n    unit: cm\n    rate: 30\n    clock: own",
        "columns: [ax]\n    unit: '1'\n    time: t",
    )
    (folder / "data/skeleton.csv").write_text("t,ax\n0.0,1\n0.5,2\n")
    with pytest.raises(UserError, match=r"row 2: 'skeleton' ends before 'accelerometer' starts, .*; state clock: own"):
        datasets.open("folder", folder).sources[0].load()
