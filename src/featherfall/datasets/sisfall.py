"""SisFall: falls and daily life of 23 young and 15 elderly people, three sensors at the waist (Sucerquia et al., Sensors 2017).

`SA01/F05_SA01_R04.txt` (SA: young, SE: elderly), 200 Hz: nine integers a row, separated by commas with padding, a semicolon at the end.
Columns: ADXL345 (+-16 g in 13 bits), gyroscope ITG3200 (+-2000 deg/s in 16 bits), MMA8451Q (+-8 g in 14 bits), x y z each; one count
is 2 x range / 2^bits. The Readme counts 4,510 files; of the elderly only SE06 falls.
"""

from __future__ import annotations

import re
from pathlib import Path

from featherfall.core.recording import Recording
from featherfall.core.registry import register
from featherfall.core.tables import parse_columns, read_text

from .dataset import Dataset, Reader, Source, Unlisted
from .streams import make_recording, make_stream

_ACTIVITIES = {
    "D01": "walking slowly",
    "D02": "walking quickly",
    "D03": "jogging slowly",
    "D04": "jogging quickly",
    "D05": "walking upstairs and downstairs slowly",
    "D06": "walking upstairs and downstairs quickly",
    "D07": "slowly sit in a half height chair, wait a moment, and up slowly",
    "D08": "quickly sit in a half height chair, wait a moment, and up quickly",
    "D09": "slowly sit in a low height chair, wait a moment, and up slowly",
    "D10": "quickly sit in a low height chair, wait a moment, and up quickly",
    "D11": "sitting a moment, trying to get up, and collapse into a chair",
    "D12": "sitting a moment, lying slowly, wait a moment, and sit again",
    "D13": "sitting a moment, lying quickly, wait a moment, and sit again",
    "D14": "being on one's back change to lateral position, wait a moment, and change to one's back",
    "D15": "standing, slowly bending at knees, and getting up",
    "D16": "standing, slowly bending without bending knees, and getting up",
    "D17": "standing, get into a car, remain seated and get out of the car",
    "D18": "stumble while walking",
    "D19": "gently jump without falling (trying to reach a high object)",
    "F01": "fall forward while walking caused by a slip",
    "F02": "fall backward while walking caused by a slip",
    "F03": "lateral fall while walking caused by a slip",
    "F04": "fall forward while walking caused by a trip",
    "F05": "fall forward while jogging caused by a trip",
    "F06": "vertical fall while walking caused by fainting",
    "F07": "fall while walking, with use of hands in a table to dampen fall, caused by fainting",
    "F08": "fall forward when trying to get up",
    "F09": "lateral fall when trying to get up",
    "F10": "fall forward when trying to sit down",
    "F11": "fall backward when trying to sit down",
    "F12": "lateral fall when trying to sit down",
    "F13": "fall forward while sitting, caused by fainting or falling asleep",
    "F14": "fall backward while sitting, caused by fainting or falling asleep",
    "F15": "lateral fall while sitting, caused by fainting or falling asleep",
}
_RATE = 200.0

# stream -> (first column, one count in `unit`, unit)
_SENSORS = {
    "accelerometer": (0, 2 * 16 / 2**13, "g"),
    "gyroscope": (3, 2 * 2000 / 2**16, "deg/s"),
    "second_accelerometer": (6, 2 * 8 / 2**14, "g"),
}
_NAME = re.compile(r"([DF]\d\d)_(S[AE]\d\d)_R(\d\d)\.txt")


@register("dataset", "sisfall")
class SisFall(Reader):
    """15 kinds of falls and 19 daily activities, young and elderly; two accelerometers and a gyroscope at the waist."""

    folder = "SisFall"
    layout = "SA01/F05_SA01_R04.txt"
    streams = tuple(_SENSORS)

    def scan(self, folder: Path) -> Dataset:
        """List the recordings."""
        sources, problems = [], []
        for path in sorted(folder.glob("S[AE]*/*.txt")):
            match = _NAME.fullmatch(path.name)
            if match and match[1] in _ACTIVITIES:
                sources.append(_source(path, *match.groups()))
            else:
                problems.append(Unlisted(f"{path}: not the name of a recording, left out; expected a path like {self.layout}"))
        return Dataset(self.name, folder, tuple(sources), problems=tuple(problems))


def _source(path: Path, code: str, subject: str, trial: str) -> Source:
    return Source(
        dataset=SisFall.name,
        subject=subject,
        activity=_ACTIVITIES[code],
        trial=str(int(trial)),
        fall=code[0] == "F",
        files=(path,),
        traits={"age": "elder" if subject.startswith("SE") else "young"},
        read=_read,
    )


def _read(source: Source) -> Recording:
    """Read the three sensors of one recording."""
    (path,) = source.files
    table = parse_columns(path, read_text(path).replace(";", ""), range(9), header=False)
    streams = {
        name: make_stream(path, table[:, first : first + 3] * count, unit, _RATE, placement="waist")
        for name, (first, count, unit) in _SENSORS.items()
    }
    return make_recording(source, streams)
