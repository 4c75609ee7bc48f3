from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.signals.quality import worn
from typer.testing import CliRunner

from featherfall import datasets
from featherfall.cli.data import data_app
from featherfall.core.errors import UserError
from featherfall.core.units import STANDARD_GRAVITY


def write(folder: Path, recordings: list[np.ndarray], spec: str = "unit: g, ", header: str = "t,x,y,z") -> Path:
    folder.mkdir()
    (folder / "streams.yaml").write_text(f"streams: {{accelerometer: {{{spec}placement: wrist}}}}\n")
    rows = ["subject,activity,trial,accelerometer"]
    for k, values in enumerate(recordings):
        times = np.arange(len(values)) / 50
        np.savetxt(folder / f"{k}.csv", np.column_stack([times, values]), delimiter=",", header=header, comments="")
        rows.append(f"S{k % 3},walk,{k},{k}.csv")
    (folder / "recordings.csv").write_text("\n".join(rows))
    return folder


def quiet(seed: int) -> np.ndarray:
    return np.concatenate([worn.still(3.0, seed=seed), worn.moving(3.0, seed=seed) + np.array([0.0, 0.6, 0.8])])


def lively(seed: int) -> np.ndarray:
    """Return (N, 3) g whose unit gravity does not show, and that passes as g where it is in m/s2."""
    return 0.12 * worn.moving(6.0, size=1.0, seed=seed)


MOST = [quiet(seed) for seed in range(9)] + [lively(seed) for seed in range(3)]


def test_the_wrong_unit_is_said_once_for_all_recordings(tmp_path: Path) -> None:
    folder = write(tmp_path / "own", [STANDARD_GRAVITY * one for one in MOST])
    told = (
        r"streams\.yaml: accelerometer: gravity is 9\.8\d* where it is quiet in 9 of 9 files, so the unit is m/s2, not g; state unit: m/s2$"
    )
    with pytest.raises(UserError, match=told):
        datasets.open("folder", folder)
    (folder / "streams.yaml").write_text("streams: {accelerometer: {unit: m/s2, placement: wrist}}\n")
    for source in datasets.open("folder", folder).sources[:9]:
        assert np.linalg.norm(source.load().streams["accelerometer"].values[:100], axis=1).mean() == pytest.approx(1, abs=0.02)


def test_inspect_says_it_in_one_line(tmp_path: Path) -> None:
    folder = write(tmp_path / "own", [1000 * one for one in MOST])
    result = CliRunner().invoke(data_app, ["inspect", str(folder)])
    assert isinstance(result.exception, UserError) and str(result.exception).endswith("so the unit is mg, not g; state unit: mg")


def test_a_recording_that_deviates_is_named(tmp_path: Path) -> None:
    recordings = [quiet(seed) for seed in range(6)]
    recordings[4] = STANDARD_GRAVITY * recordings[4]
    sources = datasets.open("folder", write(tmp_path / "own", recordings)).sources
    for k, source in enumerate(sources):
        if k != 4:
            source.load()
    with pytest.raises(UserError, match=r"4\.csv: accelerometer: gravity is 9\.8\d* where it is quiet, so the unit is m/s2, not g"):
        sources[4].load()


def test_an_unstated_unit_is_the_same_for_all(tmp_path: Path) -> None:
    sources = datasets.open("folder", write(tmp_path / "own", [STANDARD_GRAVITY * quiet(seed) for seed in range(4)], spec="")).sources
    for source in sources:
        assert np.linalg.norm(source.load().streams["accelerometer"].values[:100], axis=1).mean() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("unit", [1.0, STANDARD_GRAVITY])
def test_missing_gravity_and_counts_are_said_once(tmp_path: Path, unit: float) -> None:
    rest = 0.01 * np.random.default_rng(3).standard_normal((150, 3))
    removed = [unit * np.concatenate([rest, worn.moving(4.0, seed=seed), rest]) for seed in range(5)]
    with pytest.raises(UserError, match=r"accelerometer: gravity is missing in 5 of 5 files; give the raw accelerometer"):
        datasets.open("folder", write(tmp_path / "linear", removed))
    counts = write(tmp_path / "counts", [np.round(16384 * quiet(seed)) for seed in range(5)])
    with pytest.raises(UserError, match=r"in 5 of 5 files, which is 1 g in no unit, .*; state counts_per_g: 16384$"):
        datasets.open("folder", counts)
    (counts / "streams.yaml").write_text("streams: {accelerometer: {counts_per_g: 16384, placement: wrist}}\n")
    datasets.open("folder", counts).sources[0].load()


def test_few_of_many_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    from featherfall.datasets import settle

    monkeypatch.setattr(settle, "look_at_gravity", lambda path, *_: read.append(path.name) or (None, "g"))
    folder = write(tmp_path / "own", [worn.still(1.0)] * 61)
    datasets.open("folder", folder)
    assert read == [f"{k}.csv" for k in range(0, 61, 4)]


def write_layout(folder: Path, recordings: list[np.ndarray]) -> Path:
    """Write SmartFallMM's watch, whose reader takes m/s2."""
    place = folder / "SmartFallMM" / "young" / "accelerometer" / "watch"
    place.mkdir(parents=True)
    for k, values in enumerate(recordings):
        rows = [f"2022-08-04 11:24:{i // 50:02d}.{i % 50 * 20:03d},{','.join(f'{one:.4f}' for one in row)}" for i, row in enumerate(values)]
        (place / f"S29A01T{k:02d}.csv").write_text("\n".join(rows))
    return folder


def test_a_fixed_layout_is_judged_once_too(tmp_path: Path) -> None:
    told = r"SmartFallMM: accelerometer: gravity is 1\.0\d* where it is quiet in 9 of 12 files, so the unit is g, not m/s2; state it in "
    with pytest.raises(UserError, match=told):
        datasets.open("smartfallmm", write_layout(tmp_path / "g", MOST))
    rest = 0.1 * np.random.default_rng(3).standard_normal((150, 3))
    linear = [np.concatenate([rest, 10 * worn.moving(4.0, seed=seed), rest]) for seed in range(5)]
    with pytest.raises(UserError, match=r"SmartFallMM: accelerometer: gravity is missing in 5 of 5 files; take the dataset as it is pub"):
        datasets.open("smartfallmm", write_layout(tmp_path / "linear", linear))


def test_a_recording_of_a_fixed_layout_that_deviates_is_named(tmp_path: Path) -> None:
    recordings = [STANDARD_GRAVITY * quiet(seed) for seed in range(6)]
    recordings[2] = quiet(2)
    sources = datasets.open("smartfallmm", write_layout(tmp_path, recordings)).sources
    with pytest.raises(UserError, match=r"S29A01T02\.csv: accelerometer: gravity is 1.* so the unit is g, not m/s2"):
        sources[2].load()
    assert all("accelerometer" in next(iter(source.load().streams)) for k, source in enumerate(sources) if k != 2)
