"""Files that people have, where they are there: recognised by name."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.recorders.reading import answer, read, samples, total

from featherfall.core.files import data_folder
from featherfall.recorders.capture import open_capture
from featherfall.recorders.recognise import recognise
from featherfall.recorders.recorder import SensorFile

SENSORS = data_folder() / "field" / "sensors"
FILES = {
    "empatica-ACC.csv": ("empatica-e4", 32.0),
    "phyphox-tab.csv": ("phyphox", 500.0),
    "20k_phyphox_de.csv": ("phyphox", 50.0),
    "actigraph-raw-header.csv": ("actigraph", 100.0),
    "20_metawear.csv": ("metawear", 50.0),
    "20b_polar.txt": ("polar", 50.0),
    "20d_sensorlog_ios.csv": ("sensorlog", 50.0),
    "20f_axivity_omgui.csv": ("axivity", 50.0),
    "20m_geneactiv.csv": ("geneactiv", 50.0),
    "20i_raw_lsb.csv": ("raw-counts", 50.0),
}
needs_field = pytest.mark.skipif(not SENSORS.is_dir(), reason=f"no files of other projects in {SENSORS}")


@needs_field
@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_by_its_recorder_alone(name: str) -> None:
    recorder, rate = FILES[name]
    assert recognise(open_capture(SENSORS / name)).recorder == recorder
    times, values = total(read(recorder, SENSORS / name))
    assert (len(times) - 1) / (times[-1] - times[0]) == pytest.approx(rate, rel=0.02)
    assert 0.9 < np.median(np.linalg.norm(values, axis=1)) < 1.1


@needs_field
def test_the_two_files_of_a_phone_belong_together(tmp_path: Path) -> None:
    for name in ("Accelerometer", "Gravity"):
        shutil.copy(SENSORS / f"sensorlogger-phone-{name}.csv", tmp_path / f"{name}.csv")
    assert 0.9 < np.median(np.linalg.norm(total(read("sensor-logger", tmp_path))[1], axis=1)) < 1.1
    alone = answer("sensor-logger", SENSORS / "sensorlogger-phone-Accelerometer.csv")
    assert isinstance(alone, SensorFile) and [one.sensor for one in alone.series] == ["linear acceleration"]
    assert len(samples(alone.series[0])[0]) == 1899
