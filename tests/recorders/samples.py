"""A fall as every known recorder would write it: small files in the real layouts, made from the simulated fall that comes along."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from featherfall.core.units import STANDARD_GRAVITY

SAMPLE = Path(__file__).parents[2] / "src" / "featherfall" / "app" / "samples" / "simulated-watch.csv"
START = 1_700_000_000.0  # s since 1970: 14 November 2023, 22:13:20


@dataclass(frozen=True)
class Motion:
    """A fall, sampled evenly. times: (N,) s from 0. total: (N, 3) g with gravity. gravity: (N, 3) g, 1 g long."""

    times: np.ndarray
    total: np.ndarray
    gravity: np.ndarray

    @property
    def linear(self) -> np.ndarray:
        """(N, 3) g without gravity."""
        return self.total - self.gravity

    @property
    def down(self) -> np.ndarray:
        """(N, 3) m/s2 of gravity."""
        return self.gravity * STANDARD_GRAVITY


@dataclass(frozen=True)
class Written:
    """What a writer has left. path: to give. total: (N, 3) g that it says, as far as its digits go. rate: Hz."""

    path: Path
    total: np.ndarray
    rate: float


def motion(rate: float = 50.0) -> Motion:
    """Return the simulated fall at a rate, with gravity as a phone would tell it apart."""
    samples = np.loadtxt(SAMPLE, delimiter=",", skiprows=1)
    times = np.arange(0, samples[-1, 0] - 0.02, 1 / rate)
    total = np.stack([np.interp(times, samples[:, 0], samples[:, i]) for i in (1, 2, 3)], axis=1)
    width = max(int(rate), 1) | 1
    slow = np.stack(
        [np.convolve(np.pad(axis, width // 2, mode="edge"), np.full(width, 1 / width), mode="valid") for axis in total.T], axis=1
    )
    return Motion(times, total, slow / np.linalg.norm(slow, axis=1, keepdims=True))


def iso(seconds: float, form: str = "%Y-%m-%dT%H:%M:%S.%f") -> str:
    """Return a date with milliseconds."""
    return datetime.fromtimestamp(round(START + seconds, 3), UTC).strftime(form)[:-3]


def write(path: Path, lines: Iterable[object]) -> Path:
    """Write lines and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(str, lines)) + "\n", encoding="utf-8")
    return path


def rows(*columns: Sequence[object] | np.ndarray, delimiter: str = ",") -> list[str]:
    """Return the rows of a table; (N, 3) arrays are three columns, numbers have six digits."""
    flat: list[Sequence[object]] = []
    for column in columns:
        flat.extend(column.T if isinstance(column, np.ndarray) and column.ndim == 2 else [column])  # type: ignore[arg-type]
    return [delimiter.join(f"{cell:.6f}" if isinstance(cell, float) else str(cell) for cell in row) for row in zip(*flat, strict=True)]


def ns(times: np.ndarray, start: float = START) -> list[int]:
    """Return nanoseconds since 1970."""
    return [int(start) * 10**9 + round(t * 1e9) for t in times]


def sensor_logger(folder: Path) -> Written:
    """A phone's folder: acceleration and gravity apart, columns z, y, x."""
    fall = motion()
    head = "time,seconds_elapsed,z,y,x"
    for name, values in (("Accelerometer", fall.linear), ("Gravity", fall.gravity)):
        write(folder / f"{name}.csv", [head, *rows(ns(fall.times), fall.times, STANDARD_GRAVITY * values[:, ::-1])])
    write(folder / "Metadata.csv", ["version,device name,recording time,platform", "3,phone,2023-11-14_22-13-20,ios"])
    write(
        folder / "Pedometer.csv",
        ["time,seconds_elapsed,steps", *rows(ns(fall.times[::50]), fall.times[::50], range(len(fall.times[::50])))],
    )
    return Written(folder, fall.total, 50.0)


def sensor_logger_watch(folder: Path) -> Written:
    """A zip with the watch's motion, in g."""
    fall = motion()
    names = [f"{name}{axis}" for name in ("rotationRate", "gravity", "acceleration") for axis in "XYZ"]
    head = ",".join(["time", "seconds_elapsed", *names, "quaternionW"])
    text = write(
        folder / "raw.csv", [head, *rows(ns(fall.times), fall.times, 0 * fall.total, fall.gravity, fall.linear, np.ones(len(fall.times)))]
    )
    path = folder / "2023-11-14_22-13-20.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(text, "2023-11-14_22-13-20/WristMotion.csv")
    text.unlink()
    return Written(path, fall.total, 50.0)


def phyphox(folder: Path) -> Written:
    """Semicolons and decimal commas, "Acceleration with g"."""
    fall = motion()
    values = np.column_stack([fall.times, STANDARD_GRAVITY * fall.total, STANDARD_GRAVITY * np.linalg.norm(fall.total, axis=1)])
    head = [f'"{name}"' for name in ("Time (s)", *(f"Acceleration {axis} (m/s^2)" for axis in "xyz"), "Absolute acceleration (m/s^2)")]
    lines = [";".join(f"{cell:.9E}".replace(".", ",") for cell in row) for row in values]
    return Written(write(folder / "Raw Data.csv", [";".join(head), *lines]), fall.total, 50.0)


def physics_toolbox(folder: Path) -> Written:
    """The G-force meter."""
    fall = motion()
    total = np.linalg.norm(fall.total, axis=1)
    return Written(write(folder / "2023-11-14.csv", ["time,gFx,gFy,gFz,TgF", *rows(fall.times, fall.total, total)]), fall.total, 50.0)


def sensorlog(folder: Path) -> Written:
    """All sensors in one table."""
    fall = motion()
    head = [
        "loggingTime(txt)",
        "loggingSample(N)",
        "accelerometerTimestamp_sinceReboot(s)",
        *(f"accelerometerAcceleration{a}(G)" for a in "XYZ"),
    ]
    head += [
        "motionTimestamp_sinceReboot(s)",
        *(f"motionUserAcceleration{a}(G)" for a in "XYZ"),
        *(f"motionGravity{a}(G)" for a in "XYZ"),
        "motionYaw(rad)",
    ]
    boot = 62_608 + fall.times
    dates = [iso(t) + "+01:00" for t in fall.times]
    lines = rows(dates, range(len(dates)), boot, fall.total, boot, fall.linear, fall.gravity, 0 * boot)
    return Written(write(folder / "stream.csv", [",".join(head), *lines]), fall.total, 50.0)


def androsensor(folder: Path) -> Written:
    """Below sep=;, with the date in its own form."""
    fall = motion()
    names = [f"{name} {axis} (m/s²)" for name in ("ACCELEROMETER", "GRAVITY", "LINEAR ACCELERATION") for axis in "XYZ"]
    dates = [iso(t, "%Y-%m-%d %H:%M:%S:%f") for t in fall.times]
    millis = [round(1000 * t) for t in fall.times]
    lines = rows(
        *(STANDARD_GRAVITY * one for one in (fall.total, fall.gravity, fall.linear)), [40] * len(millis), millis, dates, delimiter=";"
    )
    head = ";".join([*names, "SOUND LEVEL (dB)", "Time since start in ms ", "YYYY-MO-DD HH-MI-SS_SSS"])
    return Written(write(folder / "Sensor_record_AndroSensor.csv", ["sep=;", head, *lines]), fall.total, 50.0)


def actigraph(folder: Path) -> Written:
    """Ten header lines and a row of names."""
    fall = motion(100.0)
    head = [
        "------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.3 Firmware v1.7.2 date format M/d/yyyy at 100 Hz  Filter Normal "
        "-----------",
        *("Serial Number: NEO1F00000000", "Start Time 22:13:20", "Start Date 11/14/2023", "Epoch Period (hh:mm:ss) 00:00:00"),
        *("Download Time 23:20:05", "Download Date 11/14/2023", "Current Memory Address: 0", "Current Battery Voltage: 4.18     Mode = 12"),
        "--------------------------------------------------",
    ]
    total = np.round(fall.total, 3)
    return Written(write(folder / "raw.csv", [*head, "Accelerometer X,Accelerometer Y,Accelerometer Z", *rows(total)]), total, 100.0)


def axivity(folder: Path) -> Written:
    """OMGUI's raw CSV, without a header."""
    fall = motion(100.0)
    return Written(write(folder / "wrist.csv", rows([iso(t, "%Y-%m-%d %H:%M:%S.%f") for t in fall.times], fall.total)), fall.total, 100.0)


def empatica_e4(folder: Path) -> Written:
    """The zip of a session."""
    fall = motion(32.0)
    counts = np.clip(np.round(64 * fall.total), -128, 127).astype(int)
    files = {
        "ACC.csv": [", ".join([f"{START:.6f}"] * 3), ", ".join(["32.000000"] * 3), *rows(counts)],
        "BVP.csv": [f"{START:.6f}", "64.000000", *(["-0.12"] * 640)],
        "tags.csv": [],
        "info.txt": [".csv files in this archive are in the following format:", "", "TEMP.csv", "Data from temperature sensor."],
    }
    path = folder / "session.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, lines in files.items():
            archive.writestr(name, "\n".join(lines) + "\n")
    return Written(path, counts / 64, 32.0)


def embraceplus(folder: Path) -> Written:
    """accelerometer.csv of the example script, in g."""
    fall = motion(64.0)
    stamps = [int(START) * 10**6 + round(t * 1e6) for t in fall.times]
    return Written(write(folder / "accelerometer.csv", ["unix_timestamp,x,y,z", *rows(stamps, fall.total)]), fall.total, 64.0)


def geneactiv(folder: Path) -> Written:
    """One hundred header lines."""
    fall = motion(100.0)
    head = ["Device Type,GENEActiv", "Device Model,1.1", "Device Unique Serial Code,012345", "Device Firmware Version,Ver4.08a date14Jul14"]
    head += [f"Calibration Date,{iso(0)}", "Application name & version,GENEActiv PC Software", *[""] * 4]
    head += [
        "Measurement Frequency,100 Hz",
        f"Start Time,{iso(0)}",
        "Last measurement,",
        "Device Location Code,left wrist",
        "Time Zone,GMT +01:00",
    ]
    head += [""] * 5 + ["Subject Code,1", "Date of Birth,1900-01-01", "Sex,", "Height,", "Weight,", "Handedness Code,", "Subject Notes,"]
    head += [""] * (100 - len(head))
    dates = [iso(t, "%Y-%m-%d %H:%M:%S:%f") for t in fall.times]
    lines = rows(dates, fall.total, [0] * len(dates), [0] * len(dates), [25.1] * len(dates))
    return Written(write(folder / "left wrist_012345.csv", [*head, *lines]), fall.total, 100.0)


def polar(folder: Path) -> Written:
    """The ACC file of a Verity Sense."""
    fall = motion(52.0)
    mg = np.round(1000 * fall.total).astype(int)
    lines = rows([iso(t) for t in fall.times], ns(fall.times, 599_616_065), mg, delimiter=";")
    head = "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]"
    return Written(write(folder / "Polar_Sense_12345678_20231114_221320_ACC.txt", [head, *lines]), mg / 1000, 52.0)


def garmin(folder: Path) -> Written:
    """What FitCSVTool makes of a .fit file: 25 samples a message."""
    fall = motion(25.0)
    mg = np.round(1000 * fall.total, 1)
    lines = ["Type,Local Number,Message,Field 1,Value 1,Units 1,Field 2,Value 2,Units 2,"]
    lines.append('Data,0,file_id,serial_number,"3953777396",,time_created,"1068934400",,')
    for second in range(len(mg) // 25):
        part = mg[25 * second : 25 * second + 25]
        fields = [
            ("timestamp", 1_068_934_400 + second, "s"),
            ("timestamp_ms", 120, "ms"),
            ("sample_time_offset", "|".join(str(40 * i) for i in range(25)), "ms"),
        ]
        fields += [(f"calibrated_accel_{axis}", "|".join(map(str, part[:, i])), "mg") for i, axis in enumerate("xyz")]
        lines.append("Data,3,accelerometer_data," + ",".join(f'{name},"{value}",{unit}' for name, value, unit in fields) + ",")
        lines.append(f'Data,4,record,timestamp,"{1_068_934_400 + second}",s,heart_rate,"65",bpm,')
    return Written(write(folder / "activity.csv", lines), mg[: len(mg) // 25 * 25] / 1000, 25.0)


def metawear(folder: Path) -> Written:
    """The accelerometer's file of MetaBase."""
    fall = motion()
    millis = [int(START) * 1000 + round(1000 * t) for t in fall.times]
    head = "epoc (ms),timestamp (+0100),elapsed (s),x-axis (g),y-axis (g),z-axis (g)"
    lines = rows(millis, [iso(t) for t in fall.times], fall.times, fall.total)
    return Written(write(folder / "MetaWear_Accelerometer.csv", [head, *lines]), fall.total, 50.0)


def shimmer(folder: Path) -> Written:
    """Tabs, a row of units, a tab at the end of each row; the low-noise sensor clips."""
    fall = motion(51.2)
    names = [
        "Timestamp_Unix_CAL",
        *(f"Accel_LN_{a}_CAL" for a in "XYZ"),
        *(f"Accel_WR_{a}_CAL" for a in "XYZ"),
        *(f"Gyro_{a}_CAL" for a in "XYZ"),
    ]
    units = ["ms", *["m/(s^2)"] * 6, *["deg/s"] * 3]
    total = STANDARD_GRAVITY * fall.total
    lines = rows(1000 * (START + fall.times), np.clip(total, -20, 20), total, 0 * total, delimiter="\t")
    head = ["sep=\t", "\t".join(f"Shimmer_5F42_{name}" for name in names) + "\t", "\t".join(units) + "\t"]
    return Written(write(folder / "Session1_Shimmer_5F42_Calibrated_SD.csv", [*head, *(line + "\t" for line in lines)]), fall.total, 51.2)


def movella_dot(folder: Path) -> Written:
    """Free acceleration with a quaternion, over the turn of the counter; the sensor lies on its side."""
    fall = motion(60.0)
    half = np.sqrt(0.5)
    # A quarter turn about x: the sensor's y is the Earth's z, its z the Earth's -y.
    earth = np.stack([fall.total[:, 0], -fall.total[:, 2], fall.total[:, 1]], axis=1) - (0, 0, 1)
    head = [
        *("sep=,", "DeviceTag:,1", "FirmwareVersion:,3.0.0", "AppVersion:,2023.6.0", "SyncStatus:,Synced", "OutputRate:,60Hz"),
        *(
            "FilterProfile:,General",
            "Measurement Mode:,Sensor fusion Mode - Complete(Quaternion)",
            "StartTime: ,2023-11-14_22:13:20_086 CET",
        ),
        *("© Movella Technologies B. V. 2005-2023", ""),
    ]
    stamps = [(2**32 - 4_000_000 + round(1e6 * t)) % 2**32 for t in fall.times]
    turned = np.tile([half, half, 0.0, 0.0], (len(stamps), 1))
    names = "PacketCounter,SampleTimeFine,Quat_W,Quat_X,Quat_Y,Quat_Z,FreeAcc_X,FreeAcc_Y,FreeAcc_Z"
    lines = rows(range(1, len(stamps) + 1), stamps, turned, STANDARD_GRAVITY * earth)
    return Written(write(folder / "DOT1.csv", [*head, names, *lines]), fall.total, 60.0)


def movesense(folder: Path) -> Written:
    """Packets of eight samples."""
    fall = motion(52.0)
    values = STANDARD_GRAVITY * fall.total
    packets = []
    for i in range(0, len(values), 8):
        samples = [dict(zip("xyz", map(float, row), strict=True)) for row in values[i : i + 8]]
        packets.append({"acc": {"Timestamp": 599_025_762 + round(1000 * i / 52), "ArrayAcc": samples}})
    path = folder / "acc.json"
    path.write_text(json.dumps({"data": packets}))
    return Written(path, fall.total, 52.0)


def bangle(folder: Path) -> Written:
    """Whole counts, 12.5 Hz."""
    fall = motion(12.5)
    counts = np.round(8192 * fall.total).astype(int)
    return Written(
        write(folder / "accellog.1.csv", ["Time (ms),X,Y,Z", *rows([round(1000 * t) for t in fall.times], counts)]), counts / 8192, 12.5
    )


def openseizuredetector(folder: Path) -> Written:
    """Data points of 5 s, stamped when they were sent, in whole seconds."""
    fall = motion(25.0)
    mg = np.round(1000 * fall.total).astype(int)
    points = []
    for i in range(0, len(mg), 125):
        part = mg[i : i + 125]
        fill = 125 - len(part)
        points.append(
            {
                "dataTime": iso(i / 25 + 1, "%Y-%m-%dT%H:%M:%S.%f")[:-4] + "Z",
                "hr": 65,
                "rawData": [*np.linalg.norm(part, axis=1), *[0] * fill],
                "rawData3D": [*map(int, part.ravel()), *[0] * 3 * fill],
            }
        )
    path = folder / "osdb_3min_fallEvents.json"
    path.write_text(json.dumps([{"id": 1, "type": "Fall", "datapoints": points}]))
    return Written(path, mg / 1000, 25.0)


def wisdm(folder: Path) -> Written:
    """A watch's file."""
    fall = motion(20.0)
    n = len(fall.times)
    lines = rows(["1600"] * n, ["A"] * n, ns(fall.times, 252_207), STANDARD_GRAVITY * fall.total)
    return Written(write(folder / "data_1600_accel_watch.txt", [line + ";" for line in lines]), fall.total, 20.0)


def umafall(folder: Path) -> Written:
    """The wrist's sensor among those of the pocket and of another kind."""
    fall = motion(20.0)
    head = [
        "%Universidad de Malaga - ETSI de Telecomunicacion (Spain)",
        "%Date: 2016-06-13_20:25:34",
        "%ID: Subject_01",
        "%Type of Movement: FALL",
        "%",
    ]
    head += [
        "%f8:95:c7:f3:ba:82; 0; RIGHTPOCKET; lge-LG-H815-5.1",
        "%C4:BE:84:70:0E:80; 3; WRIST; SensorTag",
        "%",
        "% Accelerometer = 0",
        "% Gyroscope = 1",
    ]
    head += ["% TimeStamp; Sample No; X-Axis; Y-Axis; Z-Axis; Sensor Type; Sensor ID; "]
    lines = []
    for i, (t, row) in enumerate(zip(fall.times, fall.total, strict=True)):
        for kind, place, values in ((0, 3, row), (1, 3, 10 * row), (0, 0, (0.0, 1.0, 0.0))):
            lines.append(f"{round(1000 * t)};{i + 1};{values[0]:.6f};{values[1]:.6f};{values[2]:.6f};{kind};{place};")
    return Written(write(folder / "UMAFall_Subject_01_Fall_forwardFall_1_2016-06-13_20-25-34.csv", [*head, *lines]), fall.total, 20.0)


def mobifall(folder: Path) -> Written:
    """The accelerometer's file of a trial."""
    fall = motion(87.0)
    head = [
        "#Acceleration force along the x y z axes (including gravity).",
        "#timestamp(ns),x,y,z(m/s^2)",
        "#Datetime: 05/08/2013 11:20:15",
    ]
    head += [
        "##########################################",
        "#Activity: 10 - FOL - Forward-lying",
        "#Subject ID: 2",
        "#Gender: Male",
        "#####",
        "",
        "",
        "@DATA",
    ]
    lines = rows(ns(fall.times, 184), STANDARD_GRAVITY * fall.total, delimiter=", ")
    return Written(write(folder / "FOL_acc_2_1.txt", [*head, *lines]), fall.total, 87.0)


def raw_counts(folder: Path) -> Written:
    """An MPU-6050 at 8 g."""
    fall = motion()
    counts = np.round(4096 * fall.total).astype(int)
    return Written(
        write(folder / "COM3.csv", ["millis,ax,ay,az", *rows([round(1000 * t) for t in fall.times], counts)]), counts / 4096, 50.0
    )


def serial_log(folder: Path) -> Written:
    """Labelled values with the times of the Arduino IDE."""
    fall = motion(25.0)
    lines = [
        f"{iso(t, '%H:%M:%S.%f')} -> Accel X: {x:.2f}, Accel Y: {y:.2f}, Accel Z: {z:.2f} m/s^2"
        for t, (x, y, z) in zip(fall.times, STANDARD_GRAVITY * fall.total, strict=True)
    ]
    return Written(write(folder / "serial.txt", ["22:13:19.100 -> MPU6050 Found!", *lines]), fall.total, 25.0)


# By registered name; several files of one recorder have a suffix after a slash.
WRITERS: dict[str, Callable[[Path], Written]] = {
    "sensor-logger": sensor_logger,
    "sensor-logger/watch": sensor_logger_watch,
    "phyphox": phyphox,
    "physics-toolbox": physics_toolbox,
    "sensorlog": sensorlog,
    "androsensor": androsensor,
    "actigraph": actigraph,
    "axivity": axivity,
    "empatica-e4": empatica_e4,
    "embraceplus": embraceplus,
    "geneactiv": geneactiv,
    "polar": polar,
    "garmin": garmin,
    "metawear": metawear,
    "shimmer": shimmer,
    "movella-dot": movella_dot,
    "movesense": movesense,
    "bangle": bangle,
    "openseizuredetector": openseizuredetector,
    "wisdm": wisdm,
    "umafall": umafall,
    "mobifall": mobifall,
    "raw-counts": raw_counts,
    "serial-log": serial_log,
}
