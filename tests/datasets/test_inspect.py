from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import tiny_dataset
from tests.films import gray_film
from typer.testing import CliRunner

from featherfall import datasets
from featherfall.cli.data import data_app as app
from featherfall.core.errors import UserError
from featherfall.datasets.inspect import inspect_dataset


@pytest.fixture
def folder(tmp_path: Path, resting: np.ndarray) -> Path:
    """Three recordings: a walk at 25 Hz with a gap, one shorter than half a second, one broken."""
    (tmp_path / "streams.yaml").write_text("streams: {accelerometer: {columns: [x, y, z], unit: g, time: t, placement: wrist}}")
    (tmp_path / "recordings.csv").write_text(
        "subject,activity,trial,accelerometer,fall_impact_s\nS2,walk,1,a.csv,\nS10,fall,1,b.csv,0.2\nS2,fall,1,c.csv,0.2\n"
    )
    times = np.arange(40) / 25
    times[20:] += 2
    for name, rows in (("a", 40), ("b", 10)):
        values = np.column_stack([times, resting])[:rows]
        np.savetxt(tmp_path / f"{name}.csv", values, delimiter=",", header="t,x,y,z", comments="")
    (tmp_path / "c.csv").write_text("t,x,y,z\n0,0,0,1\n0.02,0,0\n")
    return tmp_path


def test_facts_of_a_small_folder(folder: Path) -> None:
    calls = []
    facts = inspect_dataset(datasets.open("folder", folder), lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]
    assert (facts.recordings, facts.subjects, facts.falls) == (3, ["S2", "S10"], 2)
    assert facts.activities == {"walk": 1, "fall": 2}
    stream = facts.streams["accelerometer"]
    assert (stream.recordings, stream.missing, stream.stamped, stream.placements) == (2, 0, True, ["wrist"])
    np.testing.assert_allclose([stream.rate, stream.longest_gap_s], [25.0, 2.04])
    np.testing.assert_allclose(facts.hours * 3600, 39 / 25 + 2 + 9 / 25)
    assert facts.problems == [
        f"{folder}/a.csv: accelerometer: 1 gap(s) in the time stamps, the longest 2.04 s",
        f"{folder}/b.csv: accelerometer: only 10 samples (0.36 s)",
        f"{folder}/c.csv: row 3 has 3 column(s), 4 are needed; complete or delete the row",
    ]
    json.dumps(facts.to_json(), allow_nan=False)


def test_a_slow_sensor_is_slow_and_not_full_of_gaps(tmp_path: Path, resting: np.ndarray) -> None:
    (tmp_path / "streams.yaml").write_text("streams: {accelerometer: {columns: [1, 2, 3], unit: g, rate: 1}}")
    (tmp_path / "recordings.csv").write_text("subject,activity,trial,accelerometer\nS1,walk,1,a.csv\n")
    np.savetxt(tmp_path / "a.csv", resting, delimiter=",")
    facts = inspect_dataset(datasets.open("folder", tmp_path))
    assert facts.streams["accelerometer"].rate == 1.0
    assert facts.problems == []


def test_command_line(folder: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["inspect", str(folder)])
    assert shown.exit_code == 3, shown.output  # a third cannot be read
    assert shown.stdout.splitlines()[2:4] == [
        "left out: 1 of 3",
        "1 x c.csv: row 3 has 3 column(s), 4 are needed; complete or delete the row",
    ]
    assert "3 recordings, 2 of them falls, 2 subjects, 2 activities" in shown.stdout
    assert "c.csv: row 3 has 3 column(s)" in shown.stdout
    told = runner.invoke(app, ["inspect", "folder", "--data", str(folder), "--json"])
    assert json.loads(told.stdout)["falls"] == 2
    listed = runner.invoke(app, ["list", "--json"])
    assert [entry["name"] for entry in json.loads(listed.stdout)] == list(datasets.names())
    assert "utd-mhad" in runner.invoke(app, ["list"]).stdout
    wrong = runner.invoke(app, ["inspect", "weda"])
    assert isinstance(wrong.exception, UserError)


@pytest.mark.parametrize(
    ("name", "recordings", "falls", "subjects", "problems"),
    [("UTD-MHAD", 861, 0, 8, 0), ("WEDA-FALL", 969, 350, 25, 127), ("SmartFallMM", 348, 138, 6, 195)],
)
def test_facts_of_real_data(real: Callable[[str], Path], name: str, recordings: int, falls: int, subjects: int, problems: int) -> None:
    facts = inspect_dataset(datasets.open(name, real(name)))
    counts = (facts.recordings, facts.falls, len(facts.subjects), len(facts.problems))
    expected = (recordings, falls, subjects, problems)
    assert counts == expected or (name == "SmartFallMM" and all(np.greater_equal(counts, expected)))  # a part, or more of it
    json.dumps(facts.to_json(), allow_nan=False)
    if name == "WEDA-FALL":
        assert all("out of order" in problem for problem in facts.problems)
        assert facts.streams["accelerometer"].rate == pytest.approx(49.6, abs=0.1)
        assert facts.streams["accelerometer"].longest_gap_s < 0.5


def test_films_are_told_and_a_broken_one_is_one_problem(folder: Path) -> None:
    rows = (folder / "recordings.csv").read_text().splitlines()
    (folder / "recordings.csv").write_text("\n".join([rows[0] + ",cam1", *(f"{row},{i}.mp4" for i, row in enumerate(rows[1:]))]) + "\n")
    with open(folder / "streams.yaml", "a") as file:
        file.write("\nfilms: {cam1: {}}\n")
    for i in range(len(rows) - 1):
        gray_film(folder / f"{i}.mp4")
    whole = inspect_dataset(datasets.open("folder", folder))
    film = whole.films["cam1"]
    assert (film.recordings, film.sizes, film.codecs) == (2, {"32 x 32": 2}, {"h264": 2})  # the third recording is broken
    assert film.rate == 10.0 and film.variable == 0 and film.hours == pytest.approx(2 * 3 / 3600, rel=0.01)
    (folder / "0.mp4").write_bytes(b"no film")
    broken = inspect_dataset(datasets.open("folder", folder))
    assert broken.films["cam1"].recordings == 1
    assert len(broken.problems) == len(whole.problems) + 1 and any("0.mp4" in line for line in broken.problems)


def test_notes_of_recordings_are_summed_up(tmp_path: Path) -> None:
    folder = tiny_dataset(tmp_path)
    for path in sorted(folder.rglob("*walk*accelerometer.csv"))[:2]:
        lines = path.read_text().splitlines()
        lines[20] = "50,0,0"
        path.write_text("\n".join(lines))
    facts = inspect_dataset(datasets.open("folder", folder))
    (note,) = facts.notes
    assert note.startswith("accelerometer: corrupt samples left out in 2 of 12 recordings (first: S1/walk/0: ")
    assert note.endswith("(x is 50))") and facts.problems == []
    shown = CliRunner().invoke(app, ["inspect", str(folder)])
    assert shown.exit_code == 0 and f"note: {note}" in shown.output.replace("\n", "")
