import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from featherfall import datasets
from featherfall.core.recording import Stream
from featherfall.datasets.inspect import inspect_dataset
from featherfall.sim.dataset.build import build_dataset
from featherfall.sim.dataset.generate import make_plan, make_subjects, simulate_item
from featherfall.sim.dataset.record import SensorKit, make_sensor_kit, record
from featherfall.sim.dataset.write import FolderLayout, write_stream

PLAN = make_plan(subjects=2, hours=0.012, seed=5, share=0.5)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sim") / "out"
    build_dataset(out, PLAN, FolderLayout(SensorKit()))
    return out


def test_the_folder_reader_reads_what_was_simulated(simulated: Path) -> None:
    dataset = datasets.open("folder", simulated)
    people = {one.person.name: one for one in make_subjects(PLAN)}
    assert {source.subject for source in dataset.sources} == set(people)
    seen: dict[str, int] = {}
    falls = 0
    for source in dataset.sources:
        item = people[source.subject].item(seen.get(source.subject, 0))
        seen[source.subject] = item.index + 1
        assert source.id == item.id
        read, made = source.load(), record(item, simulate_item(item), SensorKit())
        start = min(stream.times[0] for stream in made.streams.values())  # the reader's zero
        for name, stream in made.streams.items():
            tolerance = {"g": 6e-5, "deg/s": 6e-3, "m": 6e-5}[stream.unit]
            np.testing.assert_allclose(read.streams[name].values, stream.values, atol=tolerance)
            np.testing.assert_allclose(read.streams[name].times, stream.times - start, atol=1.1e-4)
            assert (read.streams[name].unit, read.streams[name].placement) == (stream.unit, stream.placement)
            assert read.streams[name].channels == stream.channels
        assert (read.fall is None) is (made.fall is None)
        if read.fall and made.fall:
            falls += 1
            assert read.fall.impact is not None and made.fall.impact is not None
            assert read.fall.impact == pytest.approx(made.fall.impact - start, abs=2e-4)
    assert falls >= 1


def test_inspection_finds_no_problem(simulated: Path) -> None:
    facts = inspect_dataset(datasets.open("folder", simulated))
    assert facts.problems == []
    assert list(facts.streams) == ["accelerometer", "gyroscope", "skeleton"]
    assert facts.streams["accelerometer"].rate == pytest.approx(50, abs=1)
    assert facts.streams["skeleton"].rate == pytest.approx(30, abs=0.1)
    assert facts.falls > 0


def test_it_says_that_it_is_simulated(simulated: Path) -> None:
    assert (simulated / "README.txt").read_text().startswith("SIMULATED recordings")
    with open(simulated / "people.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["P001", "P002"]
    assert {row["watch"] for row in rows} <= {"left wrist", "right wrist"}
    assert not [path for path in simulated.rglob(".*")]


def test_a_dataset_is_simulated_where_all_of_it_is(simulated: Path, tmp_path: Path) -> None:
    """Also as one of several sets in a folder; a copy without the note is nobody's word."""
    assert datasets.open("folder", simulated).simulated
    (tmp_path / "simulated").symlink_to(simulated)
    assert datasets.open("projected", tmp_path).simulated
    shutil.copytree(simulated, tmp_path / "copy", ignore=shutil.ignore_patterns("simulation.json"))
    assert not datasets.open("folder", tmp_path / "copy").simulated


def test_the_number_of_workers_changes_no_byte(simulated: Path, tmp_path: Path) -> None:
    build_dataset(tmp_path / "two", PLAN, FolderLayout(SensorKit()), workers=2)
    paths = sorted(path.relative_to(simulated) for path in simulated.rglob("*"))
    assert paths == sorted(path.relative_to(tmp_path / "two") for path in (tmp_path / "two").rglob("*"))
    for path in paths:
        if (simulated / path).is_file():
            assert (simulated / path).read_bytes() == (tmp_path / "two" / path).read_bytes(), path


def test_several_sites(tmp_path: Path) -> None:
    kit = make_sensor_kit(["wrist", "right pocket"], "phone", True, "none")
    build_dataset(tmp_path / "out", make_plan(1, 0.001, activities=["trip"]), FolderLayout(kit))
    facts = inspect_dataset(datasets.open("folder", tmp_path / "out"))
    assert facts.problems == []
    assert list(facts.streams)[3:] == ["right_pocket_accelerometer", "right_pocket_gyroscope", "right_pocket_magnetometer"]


def test_a_stream_as_csv(tmp_path: Path) -> None:
    stream = Stream(np.array([0.0, 0.02004]), np.array([[1.00004, -0.5], [0.12346, 1e-9]], np.float32), "g", 50.0, "", ("x", "y"))
    write_stream(tmp_path / "a.csv", stream)
    assert (tmp_path / "a.csv").read_text() == "t,x,y\n0.0000,1.0000,-0.5000\n0.0200,0.1235,0.0000\n"
