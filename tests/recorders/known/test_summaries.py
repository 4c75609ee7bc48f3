from __future__ import annotations

from pathlib import Path

import pytest
from tests.recorders.reading import answer

from featherfall.core.errors import UserError

HEALTH = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE HealthData [\n<!ELEMENT HealthData (ExportDate|Me)>\n]>\n<HealthData locale="de_DE">'
)
TRACK = '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="Garmin Connect">'


@pytest.mark.parametrize(
    ("name", "text", "source"),
    [
        ("export.xml", HEALTH, "Apple Health"),
        (
            "com.samsung.shealth.tracker.heart_rate.csv",
            "com.samsung.shealth.tracker.heart_rate,6312006,7\nsource,heart_rate\n,65\n,66\n",
            "Samsung Health",
        ),
        ("heart_rate-2024-01-01.json", '[{\n  "dateTime" : "01/01/24 08:00:05",\n  "value" : {"bpm" : 64, "confidence" : 2}\n}]', "Fitbit"),
        ("activity.gpx", TRACK, "GPS"),
        ("a.tcx", '<TrainingCenterDatabase xmlns="x">', "GPS"),
        (
            "Activities.csv",
            "Activity Type,Date,Distance,Calories\nrunning,2024-01-01 08:00:00,5.1,310\nrunning,2024-01-02 08:00:00,5.2,320\n",
            "Activity Type",
        ),
        ("steps.csv", "date,steps\n2024-01-01,1234\n2024-01-02,4321\n", "steps"),
        ("HeartRate.csv", "time,seconds_elapsed,bpm\n1700000000000000000,0.0,65\n1700000001000000000,1.0,66\n", "bpm"),
    ],
)
def test_exports_without_acceleration_are_refused(name: str, text: str, source: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(text)
    error = answer("summaries", path)
    assert isinstance(error, UserError) and source in str(error) and "record with Sensor Logger" in str(error)


@pytest.mark.parametrize("head", ["time,x,y,z,hr", "t,ax,ay,az,steps", "time,acc_x,acc_y,acc_z,bpm", "time,a,b,c"])
def test_a_table_with_acceleration_is_not_refused(head: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "\n".join([head, *(["0.0", "0.1", "0.2", "0.9", "65"][: head.count(",") + 1] and [",".join(["0.1"] * (head.count(",") + 1))] * 20)])
    )
    assert answer("summaries", path) is None
