"""Simulated scenes in the folder layout of AI Hub 71641: videos with worn sensors, 10 s, eight views, twelve segments.

Folders, file names and keys follow public descriptions of the original. The rest is chosen here: frames count from 0,
the sensor columns are in m/s2 (with gravity), rad/s and uT in each sensor's own axes, and segments bear the names of Xsens MVN, whose
exports the known column names match. (MVN's own "Segment Acceleration" has no gravity and is in the world's axes; whether the original's
has is not known.)
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from featherfall.core.recording import FallTimes, Stream
from featherfall.core.units import STANDARD_GRAVITY

from ..sense.parts import PARTS, at_rate, sample_imu
from ..sense.sensors import earth_field, find_site, measure_sites, randomize_mounting
from ..world.body import SEGMENT_NAMES
from ..world.motion import SIM_RATE, Motion
from ..world.rotation import angular_velocity, multiply, rotate
from .build import FinishedRecording
from .films import FilmSetup
from .generate import CAMERA_STREAM, EXCERPT_STREAM, SENSOR_STREAM, Item, Plan, Subject, simulate_item
from .write import write_people_table, write_table

_FOLDER_NAME = "041.낙상사고 위험동작 영상-센서 쌍 데이터"
_DATA_FOLDER = Path(_FOLDER_NAME, "3.개방데이터", "1.데이터")
VIEWS = 8
SECONDS, _FRAME_RATE = 10.0, 60.0
FRAMES = 600
LABELLED_FRAMES = 60  # frames from the labelled start of a fall to its end, always

# segment of the original -> site of the simulator
SEGMENT_SITES = {
    "Head": "head",
    "Pelvis": "pelvis",
    "Right Shoulder": "right shoulder",
    "Right Upper Arm": "right upper arm",
    "Right Forearm": "right forearm",
    "Left Shoulder": "left shoulder",
    "Left Upper Arm": "left upper arm",
    "Left Forearm": "left forearm",
    "Right Upper Leg": "right thigh",
    "Right Lower Leg": "right lower leg",
    "Left Upper Leg": "left thigh",
    "Left Lower Leg": "left lower leg",
}
# quantity of the original -> stream, factor from our unit, decimals
QUANTITIES = {
    "Segment Acceleration": ("accelerometer", STANDARD_GRAVITY, 4),
    "Segment Angular Velocity": ("gyroscope", math.pi / 180, 5),
    "Sensor Magnetic Field": ("magnetometer", 1.0, 3),
}
FallCode = Literal["FY", "BY", "SY", "N"]
FALL_CODES: dict[FallCode, str] = {
    "FY": "전면낙상",
    "BY": "후면낙상",
    "SY": "측면낙상",
    "N": "비낙상",
}  # forward, backward, sideways; no fall

_README = """\
SIMULATED recordings in the layout of AI Hub 71641: no person moved, no sensor was worn. Nothing here comes from that dataset.

Made by featherfall sim; simulation.json holds the version and every option, and the same options give the same bytes.
scenes.csv  one row a scene: who, what, and the exact times of a fall in s (the labels always give it 60 frames)
people.csv  the simulated people: age in years, height in m, mass in kg
Frames count from 0, 60 a second. Sensor columns: acceleration with gravity in m/s2, angular velocity in rad/s, magnetic field in uT.
"""


@dataclass(frozen=True)
class AIHubLayout:
    """The layout of AI Hub 71641.

    Attributes:
        scenes: of each person; a plan of `scenes` x 10 s a person gives exactly these.
        part: which sensor, a name of `parts.PARTS`.
        films: how videos are taken (one for each of the views); None for sensors and labels only.
    """

    scenes: int
    part: str
    films: FilmSetup | None = None

    def options(self) -> dict[str, Any]:
        """Return the options that simulation.json records."""
        films = None if self.films is None else {"size": self.films.size, "rate": self.films.rate}
        return {"layout": "aihub", "part": self.part, "films": films}

    def make(self, folder: Path, item: Item) -> FinishedRecording:
        """Simulate one scene and write the files of its eight views."""
        motion = scene_excerpt(simulate_item(item), item.rng(EXCERPT_STREAM))
        code, scene = fall_code(motion), item.subject * self.scenes + item.index + 1
        side = _side(scene)
        table = sensor_table(motion, self.part, item)
        size = None if self.films is None else self.films.size
        films = []
        for view in range(1, VIEWS + 1):
            name = f"{scene:05}_H_A_{code}_C{view}"
            label = json.dumps(_label(item, motion, code, name, size), ensure_ascii=False, indent=1)
            _write(_clip(folder, side, "label", "센서", code, name).with_suffix(".json"), label)
            _write(_clip(folder, side, "source", "센서", code, name).with_suffix(".csv"), table)
            if self.films is not None:
                _write(_clip(folder, side, "label", "영상", code, name).with_suffix(".json"), label)
                films.append(_clip(folder, side, "source", "영상", code, name).with_suffix(".mp4"))
                films[-1].parent.mkdir(parents=True, exist_ok=True)
        if self.films is not None:
            self.films.render(motion, item.habit(), item.rng(CAMERA_STREAM), films)
        fall = motion.fall or FallTimes()
        times = ["" if time is None else round(time, 4) for time in (fall.onset, fall.impact, fall.end)]
        row = {"scene": f"{scene:05}", "side": side, "way": code, "subject": item.person.name, "activity": item.activity}
        return FinishedRecording(item.subject, item.index, SECONDS, motion.fall is not None, row | {"trial": item.trial, "times": times})

    def finish(self, folder: Path, people: list[Subject], made: list[FinishedRecording]) -> None:
        """Write the exact times, the people, and a README that says that all of it is simulated; the original has no such files."""
        keys = ("scene", "side", "way", "subject", "activity", "trial")
        rows = [[*(one.row[key] for key in keys), *one.row["times"]] for one in made]
        write_table(folder / "scenes.csv", [*keys, "fall_onset_s", "fall_impact_s", "fall_end_s"], rows)
        write_people_table(folder / "people.csv", people)
        (folder / "README.txt").write_text(_README, encoding="utf-8")


def round_to_scenes(plan: Plan) -> tuple[Plan, int]:
    """Round a plan to whole scenes a person (at least one); return the plan and the number of scenes."""
    scenes = max(1, round(plan.seconds / SECONDS))
    return replace(plan, seconds=scenes * SECONDS), scenes


def scene_excerpt(motion: Motion, rng: np.random.Generator) -> Motion:
    """Return 10 s (2000 poses) of a motion, including its fall; a shorter motion is extended by holding its last pose.

    A fall begins at least 1 s after the piece's start and hits at least 1 s before its end, where the motion allows it.
    """
    count = round(SECONDS * SIM_RATE)
    motion = hold_last_pose(motion, count - len(motion.positions))
    latest = (len(motion.positions) - count) / SIM_RATE
    low, high = 0.0, latest
    if motion.fall is not None and motion.fall.onset is not None and motion.fall.impact is not None:
        high = float(np.clip(motion.fall.onset - 1, 0, latest))
        low = float(np.clip(motion.fall.impact + 1 - SECONDS, 0, high))
    first = round(float(rng.uniform(low, high)) * SIM_RATE)
    start = first / SIM_RATE
    fall = motion.fall
    if fall is not None:
        fall = FallTimes(*(None if time is None else min(time - start, SECONDS) for time in (fall.onset, fall.impact, fall.end)))
    strikes = tuple(replace(one, time=one.time - start) for one in motion.strikes if start <= one.time <= start + SECONDS)
    part = slice(first, first + count)
    return replace(motion, positions=motion.positions[part], rotations=motion.rotations[part], fall=fall, strikes=strikes)


def hold_last_pose(motion: Motion, count: int) -> Motion:
    """Append `count` poses (none when negative) in which residual velocity runs out within some 0.1 s and the body rests."""
    if count <= 0:
        return motion
    fade = 0.08  # s
    run = fade * (1 - np.exp(-np.arange(1, count + 1) / SIM_RATE / fade))  # s of the last velocity
    last, turned = motion.positions[-2:], motion.rotations[-2:]
    positions = last[-1] + run[:, None, None] * (last[-1] - last[-2]) * SIM_RATE
    spin = angular_velocity(turned, SIM_RATE)[-1]  # (17, 3) rad/s in the segments' frames
    speed = np.linalg.norm(spin, axis=-1, keepdims=True)
    axis = np.divide(spin, speed, out=np.zeros_like(spin), where=speed > 1e-9)
    half = run[:, None, None] * speed / 2
    rotations = multiply(turned[-1], np.concatenate([np.cos(half), np.sin(half) * axis], axis=-1))
    return replace(motion, positions=np.concatenate([motion.positions, positions]), rotations=np.concatenate([motion.rotations, rotations]))


def fall_code(motion: Motion) -> FallCode:
    """Return the direction of a fall relative to the person at its onset, from how the head moves against the feet until the impact.

    Within 45 degrees of straight ahead (behind) is forward (backward), the rest is sideways.
    """
    if motion.fall is None or motion.fall.onset is None or motion.fall.impact is None:
        return "N"
    at, hit = (min(round(time * SIM_RATE), len(motion.positions) - 1) for time in (motion.fall.onset, motion.fall.impact))
    feet = [SEGMENT_NAMES.index("right foot"), SEGMENT_NAMES.index("left foot")]
    lean = motion.positions[[at, hit], SEGMENT_NAMES.index("head")] - motion.positions[[at, hit]][:, feet].mean(axis=1)
    ahead = rotate(motion.rotations[at, 0], np.array([1.0, 0.0, 0.0]))[:2]
    ahead = ahead / max(float(np.hypot(*ahead)), 1e-9)
    moved = (lean[1] - lean[0])[:2]
    along, across = float(moved @ ahead), float(moved @ [-ahead[1], ahead[0]])
    if abs(across) > abs(along):
        return "SY"
    return "FY" if along > 0 else "BY"


def sensor_table(motion: Motion, part: str, item: Item) -> str:
    """Return the sensor CSV: 600 rows of `Frame` and, for each quantity and segment, x, y and z."""
    device, rng, fitting = at_rate(PARTS[part], _FRAME_RATE), item.rng(SENSOR_STREAM), item.habit()
    sites = [randomize_mounting(find_site(name), fitting) for name in SEGMENT_SITES.values()]
    measured = measure_sites(motion, sites, earth_field(float(rng.uniform(0, 2 * np.pi))))
    frames = np.arange(FRAMES)
    columns, formats, heading = [frames[:, None].astype(np.float64)], ["%d"], ["Frame"]
    seen = {segment: sample_imu(device, imu, rng) for segment, imu in zip(SEGMENT_SITES, measured, strict=True)}
    for quantity, (name, factor, decimals) in QUANTITIES.items():
        for segment, streams in seen.items():
            columns.append(_at(streams[name], frames / _FRAME_RATE) * factor)
            formats += [f"%.{decimals}f"] * 3
            heading += [f"{quantity}_{segment} {axis}" for axis in "xyz"]
    table = np.concatenate(columns, axis=1)
    return ",".join(heading) + "\n" + (",".join(formats) + "\n") * FRAMES % tuple(table.ravel().tolist())


def labelled_frames(fall: FallTimes | None) -> tuple[int, int]:
    """Return start and end frame as the original labels them: the onset and 60 frames later; 0, 0 without a fall."""
    if fall is None or fall.onset is None:
        return 0, 0
    start = min(round(fall.onset * _FRAME_RATE), FRAMES - 1 - LABELLED_FRAMES)
    return start, start + LABELLED_FRAMES


def _at(stream: Stream, times: np.ndarray) -> np.ndarray:
    """Return the values (N, C) of a stream interpolated at other times (s), as a recorder with a common clock gives them."""
    return np.stack([np.interp(times, stream.times, channel) for channel in stream.values.T], axis=1)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _label(item: Item, motion: Motion, code: FallCode, name: str, size: int | None) -> dict[str, Any]:
    """Return a clip's JSON label: keys as in the original, with a creator and location that say that it is simulated."""
    start, end = labelled_frames(motion.fall)
    person, falls = item.person, code != "N"
    return {
        "metadata": {
            "description": "시뮬레이션 (simulated)",
            "scene_id": name,
            "scene_format": "MP4",
            "scene_res": f"{size} X {size}" if size else "",
            "creator": "featherfall sim",
            "distributor": "",
            "date": "",
        },
        "scene_info": {
            "scene_loc": "시뮬레이션",
            "scene_pos": "방",
            "scene_method": "none",
            "scene_IsFall": "낙상" if falls else "비낙상",
            "scene_cat_name": FALL_CODES[code],
            "fall_type": item.activity if falls else "none",
            "scene_length": FRAMES,
            "cam_num": int(name[-1]),
        },
        "actor_info": {
            "actor_id": person.name,
            "actor_age": "adult1(청소년청년)" if person.age < 40 else "adult2(중장년노년)",
            "actor_sex": "f" if person.sex == "female" else "m",
        },
        "sensordata": {"fall_start_frame": start, "fall_end_frame": end},
        "scene_path": {"scene_path": f"{'낙상/Y' if falls else '비낙상/N'}/{code}/{name}"},
    }


def _side(scene: int) -> Literal["Training", "Validation"]:
    """Return the scene's part: one of nine scenes is for validation, as in the original (2,266 to 284)."""
    return "Validation" if scene % 9 == 0 else "Training"


def _clip(folder: Path, side: str, role: Literal["source", "label"], kind: str, code: FallCode, name: str) -> Path:
    """Return a clip's path without its suffix."""
    top = {"source": "01.원천데이터", "label": "02.라벨링데이터"}[role]
    short = side[0] + {"source": "S", "label": "L"}[role]  # TS, TL, VS, VL
    return folder / _DATA_FOLDER / side / top / short / kind / ("N" if code == "N" else "Y") / code / name / name
