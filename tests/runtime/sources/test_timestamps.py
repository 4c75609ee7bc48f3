from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.runtime.sources.timestamps import guess_unit, read_dates, straighten

FILE = Path("walk.csv")


def test_seconds_from_zero_in_any_unit() -> None:
    for unit, factor in {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}.items():
        raw = (1_700_000_000 if unit == "ms" else 5) * factor + np.arange(4) * 0.02 * factor
        np.testing.assert_allclose(straighten(FILE, raw, unit, True, "sampled"), [0, 0.02, 0.04, 0.06], atol=1e-6)


def test_time_that_goes_back_names_the_row() -> None:
    with pytest.raises(UserError, match=r"walk\.csv: row 4: time goes back from 0\.02 to 0\.01 s"):
        straighten(FILE, np.array([0, 0.02, 0.01]), "s", True, "sampled")


def test_packets_are_straightened_only_when_said() -> None:
    packets = np.repeat(np.arange(50) * 0.1, 5)  # 5 samples every 100 ms
    with pytest.raises(UserError, match="time stands still"):
        straighten(FILE, packets, "s", True, "sampled")
    times = straighten(FILE, packets, "s", True, "burst")
    np.testing.assert_allclose(np.diff(times), 0.02, rtol=1e-2)
    assert times[0] == 0


def test_no_time_passes() -> None:
    with pytest.raises(UserError, match="every row has the same time"):
        straighten(FILE, np.full(9, 3.0), "s", True, "burst")


@pytest.mark.parametrize(
    ("step", "said", "right"), [(20.0, "s", "ms"), (1e4, "s", "us"), (2e7, "s", "ns"), (2e4, "ms", "us"), (0.02, "us", "s")]
)
def test_wrong_time_unit_is_refused_with_the_right_one(step: float, said: str, right: str) -> None:
    with pytest.raises(UserError, match=rf"in '{said}', which no worn sensor gives; .* probably --time-unit {right}$"):
        straighten(FILE, np.arange(100) * step, said, True, "sampled")


def test_pauses_are_no_wrong_unit() -> None:
    night = np.concatenate([np.arange(100) * 0.02, 30_000 + np.arange(100) * 0.02])
    np.testing.assert_array_equal(straighten(FILE, night.copy(), "s", True, "sampled"), night)


def test_dates(tmp_path: Path) -> None:
    file = tmp_path / "dates.csv"
    file.write_text("t,x\n2024-03-31T00:59:59.980Z,1\n2024-03-31T01:00:00+00:00,1\n2024-03-31 01:00:00.020,1\n")
    seconds = read_dates(file, True, 0)
    np.testing.assert_allclose(seconds - seconds[0], [0, 0.02, 0.04], atol=1e-6)
    file.write_text("t,x\n2024-03-31T00:59:59,1\nyesterday,1\n")
    with pytest.raises(UserError, match=r"dates\.csv: row 3: the time is 'yesterday', not a date like"):
        read_dates(file, True, 0)
    with pytest.raises(UserError, match=r"dates\.csv: row 2: the time is missing"):
        read_dates(file, True, 2)
    assert guess_unit("2024-03-31T00:59:59") == "iso"
    assert guess_unit("1711846800.5") == guess_unit("") == "s"
