"""`featherfall predict wrist FILE`, without options, on what every known recorder writes: the fall is found as in a plain table of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from tests.recorders.device_files import cwa, geneactiv_bin, gt3x
from tests.recorders.samples import WRITERS, Written, motion, ns, rows, write
from typer.testing import CliRunner

from featherfall.cli.predict import predict_command
from featherfall.core.units import STANDARD_GRAVITY

app = typer.Typer()
app.command("predict")(predict_command)
FILES: dict[str, Callable[[Path], Written]] = WRITERS | {"axivity-cwa": cwa, "actigraph-gt3x": gt3x, "geneactiv-bin": geneactiv_bin}
ELSEWHERE = {"mobifall": ["--placement-ok"]}  # worn in a pocket


def predict(path: Path, *options: str) -> dict[str, Any]:
    result = CliRunner().invoke(app, ["wrist", str(path), "--json", *options])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    document = json.loads(result.stdout)
    assert len(document["files"]) == 1, result.stdout
    return document["files"][0]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", FILES)
def test_a_fall_is_found_as_in_a_plain_table(name: str, tmp_path: Path) -> None:
    written = FILES[name](tmp_path)
    times = np.arange(len(written.total)) / written.rate
    plain = predict(write(tmp_path / "plain" / "plain.csv", ["time,x,y,z", *rows(times, written.total)]), "--unit", "g")
    found = predict(written.path, *ELSEWHERE.get(name, ()))
    assert found["recognised"].split(";")[0] not in ("", "table")
    assert found["label"] == plain["label"] == "fall"
    assert len(found["events"]) == len(plain["events"]) == 1
    assert found["events"][0]["peak_s"] == pytest.approx(plain["events"][0]["peak_s"], abs=0.1)
    assert found["events"][0]["confidence"] == pytest.approx(plain["events"][0]["confidence"], abs=0.05)


def test_acceleration_without_gravity_is_refused_by_name(tmp_path: Path) -> None:
    fall = motion()
    values = STANDARD_GRAVITY * fall.linear[:, ::-1]
    path = write(tmp_path / "Accelerometer.csv", ["time,seconds_elapsed,z,y,x", *rows(ns(fall.times), fall.times, values)])
    result = CliRunner().invoke(app, ["wrist", str(path)])
    assert result.exit_code == 2
    assert re.search(r"Sensor Logger, phone: acceleration without gravity.*Gravity\.csv", result.stderr)
