from __future__ import annotations

from pathlib import Path

from tests.recorders.reading import in_g, of, read, samples
from tests.recorders.samples import umafall


def test_each_sensor_has_the_place_of_the_header(tmp_path: Path) -> None:
    file = read("umafall", umafall(tmp_path).path)
    assert sorted((one.sensor, one.placement, one.unit) for one in file.series) == [
        ("accelerometer", "right pocket", "g"),
        ("accelerometer", "wrist", "g"),
        ("gyroscope", "wrist", "deg/s"),
    ]
    assert (in_g(of(file, "accelerometer", "right pocket")) == (0, 1, 0)).all()
    assert samples(of(file, "gyroscope"))[1].shape == in_g(of(file, "accelerometer", "wrist")).shape


def test_without_a_map_the_place_is_the_sensors_number(tmp_path: Path) -> None:
    path = umafall(tmp_path).path
    path.write_text("\n".join(line for line in path.read_text().splitlines() if "SensorTag" not in line))
    assert {one.placement for one in read("umafall", path).series} == {"right pocket", "sensor 3"}
