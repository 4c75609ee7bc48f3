"""A fall in a file is found whatever the recorder's clock did before it, and the line says what that was."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.tiny import motion, write_bundle
from typer.testing import CliRunner

from featherfall.cli.main import app

TIMES = np.arange(1000) / 50  # 20 s
FALL = ((8.0, 4.0),)
EPOCH = 1_700_000_000.0
HOUR = EPOCH - EPOCH % 3600


def rows_of(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (N,) stamps and (N, 3) values: 20 s of calm, then 20 s with a fall."""
    rng = np.random.default_rng(0)
    calm, fall = motion(TIMES), motion(TIMES, FALL)
    values = np.concatenate([calm, fall]) + rng.normal(0, 0.002, (2000, 3))
    later = TIMES + 20
    late = np.concatenate([np.arange(500), np.arange(525, 600), np.arange(500, 525), np.arange(600, 2000)])
    twice = np.concatenate([np.arange(600), np.arange(550, 600), np.arange(600, 2000)])
    whole = np.concatenate([TIMES, later])
    stamps = {
        "set": np.concatenate([TIMES, TIMES + EPOCH]),
        "first stamp 0": np.concatenate([[0.0], whole[1:] + 1e9]),
        "restart": np.concatenate([TIMES, TIMES]),
        "wrap of 32 bits": (whole + 4294960.0) % 4294967.296,
        "wrap of 16 bits": (whole + 40.0) % 65.536,
        "summer time ends": whole + HOUR - 20 - 3600 * (whole >= 20),
        "summer time begins": whole + HOUR - 20 + 3600 * (whole >= 20),
        "set back": np.where(whole >= 20, whole - 3, whole),
        "whole seconds": np.floor(whole),
        "late": whole[late],
        "twice": whole[twice],
        "doubled": np.where(np.arange(2000) % 150 == 7, whole - 0.02, whole),
        "falling": whole[::-1],
    }[kind]
    order = {"late": late, "twice": twice, "falling": np.arange(2000)[::-1]}.get(kind, np.arange(2000))
    return stamps, values[order]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("times") / "bundle")


@pytest.mark.parametrize(
    ("kind", "at", "word"),
    [
        ("set", 88, "the clock was set before row 1002"),
        ("first stamp 0", 88, "the clock was set before row 3"),
        ("restart", 88, "the clock starts again at row 1002"),
        ("wrap of 32 bits", 28, "counter of time wraps"),
        ("wrap of 16 bits", 28, "counter of time wraps"),
        ("summer time ends", 28, "goes back by 3,600 s before row 1002 (daylight saving time)"),
        ("summer time begins", 28, "goes forward by 3,600 s before row 1002 (daylight saving time)"),
        ("set back", 28, "the clock was set back by"),
        ("whole seconds", 28, "share a time stamp"),
        ("late", 28, "25 rows came late and were put in order, the first is row 577"),
        ("twice", 28, "50 rows came twice and were left out once, the first is row 602"),
        ("doubled", 28, "14 rows repeat the time of the row before"),
        ("falling", 28, "falling order of time"),
    ],
)
def test_a_fall_is_found_and_the_clock_is_named(bundle: Path, tmp_path: Path, kind: str, at: float, word: str) -> None:
    stamps, values = rows_of(kind)
    file = tmp_path / "walk.csv"
    np.savetxt(file, np.column_stack([stamps, values]), delimiter=",", header="time [s],ax [g],ay [g],az [g]", comments="", fmt="%.6f")
    result = CliRunner().invoke(app, ["predict", str(bundle), str(file), "--json"])
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)["files"][0]
    assert [event["start_s"] for event in facts["events"]] == [pytest.approx(at, abs=0.7)]
    assert any(word in reason for reason in facts["reasons"]), facts["reasons"]
    assert facts["label"] == "fall" and facts["judged"] > 0.95


def test_a_recording_too_short_for_an_impact_is_unknown(tmp_path: Path) -> None:
    """An impact is the highest peak within half a second on both sides."""
    file = tmp_path / "short.csv"
    file.write_text("time,x,y,z\n" + "".join(f"{k / 50:.3f},{0.01 * (k % 3)},{0.02 * (k % 2)},{1 + 0.01 * (k % 2)}\n" for k in range(20)))
    said = CliRunner().invoke(app, ["predict", "wrist", str(file), "--json"])
    (result,) = json.loads(said.stdout)["files"]
    assert said.exit_code == 3 and result["label"] == "unknown" and "too short to judge" in result["reasons"][-1]
