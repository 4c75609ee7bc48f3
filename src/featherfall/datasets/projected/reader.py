"""The skeletons of SmartFallMM, UTD-MHAD and a simulation (`featherfall sim`), each seen by several random cameras.

Reads a data folder that holds any of `SmartFallMM/`, `UTD-MHAD/` and `simulated/` (a simulation in the `folder` layout). Recordings have
two streams on one clock, at 15 Hz: `skeleton`, the 20 joints of `KINECT_20` in m with z up, and `keypoints`, a pose estimator's output:
(T, 51) right, down (picture heights from the upper left corner) and score (0 to 1) of `COCO_17`'s joints; NaN, NaN, 0 without a person.

A recording's camera and noise are functions of its id. SmartFallMM has no times of falls: `level.fall_times` finds
them; all falls end at their impact, and their onset is at most 1.3 s before it. Subjects are called "smartfallmm-S29", and so on.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes, Recording, Stream
from featherfall.core.registry import register
from featherfall.core.skeletons import AZURE_32, COCO_17, KINECT_20, channel_names, to_coco

from ..dataset import Dataset, Reader, Source
from ..folder import OwnFolder
from ..smartfallmm import SmartFallMM
from ..utd_mhad import UTDMHAD
from . import estimator, lens, level, occlusion_noise

_RATE = 15.0
KEYPOINTS: tuple[str, ...] = tuple(f"{joint}.{value}" for joint in COCO_17 for value in ("x", "y", "score"))


@dataclass(frozen=True)
class _Set:
    """One dataset with skeletons.

    Attributes:
        name: prefix of the subjects' names.
        folder: its folder in the data folder.
        tilted: whether its camera may be tilted.
        cameras: number of cameras for each recording.
    """

    name: str
    folder: str
    reader: Reader
    tilted: bool
    cameras: int


_SETS = (
    _Set("smartfallmm", SmartFallMM.folder, SmartFallMM(), True, 5),
    _Set("utd-mhad", UTDMHAD.folder, UTDMHAD(), True, 1),
    _Set("simulated", "simulated", OwnFolder(), False, 2),
)
_CODE = (Path(__file__), *(Path(module.__file__ or "") for module in (estimator, lens, level, occlusion_noise)))


@register("dataset", "projected")
class Projected(Reader):
    """Skeletons of SmartFallMM, UTD-MHAD and `featherfall sim --out DATA/simulated`, seen by random cameras."""

    folder = ""
    layout = "SmartFallMM/, UTD-MHAD/ or simulated/"
    streams = ("keypoints", "skeleton")

    def scan(self, folder: Path) -> Dataset:
        """List the cameras of every recording that has a skeleton, in the sets that are there."""
        sources: list[Source] = []
        problems: list[str] = []
        for number, one in enumerate(_SETS):
            if not (folder / one.folder).is_dir():
                problems.append(f"{folder / one.folder}: no such folder, {one.name} is left out")
                continue
            found = one.reader.scan(folder / one.folder)
            problems += found.problems
            seen = [source for source in found.sources if "skeleton" in source.roles]
            daily: dict[str, list[Source]] = {}
            for source in seen:
                if not source.fall:
                    daily.setdefault(source.subject, []).append(source)
            for source in seen:
                others = [other for other in daily.get(source.subject, []) if other is not source] or [source]
                sources += [_source(number, source, others, camera) for camera in range(one.cameras)]
        return Dataset(self.name, folder, tuple(sources), problems=tuple(problems))


def _source(number: int, inner: Source, others: list[Source], camera: int) -> Source:
    """Return one camera's recording; its bystander is another recording of the same subject, so that no split separates them."""
    seed = int.from_bytes(hashlib.sha256(f"{_SETS[number].name}/{inner.id}/{camera}".encode()).digest()[:8], "big")
    other = others[seed % len(others)]
    return Source(
        dataset=Projected.name,
        subject=f"{_SETS[number].name}-{inner.subject}",
        activity=inner.activity,
        trial=f"{inner.trial}.{camera}",
        fall=inner.fall,
        files=(*dict.fromkeys((*inner.files, *other.files)), *_CODE),  # what the code says decides the recording, too
        traits={"set": _SETS[number].name},
        read=functools.partial(_read, number=number, inner=_skeleton_only(inner), other=_skeleton_only(other), seed=seed),
        fall_times=inner.fall_times,
    )


def _skeleton_only(source: Source) -> Source:
    """Return the source with its skeleton only."""
    return replace(source, files=tuple(path for path in (source.file("skeleton"),) if path), roles=("skeleton",))


def _read(source: Source, number: int, inner: Source, other: Source, seed: int) -> Recording:
    """Read one recording as one camera's estimator sees it."""
    rng = np.random.default_rng(seed)
    tempo = float(rng.uniform(0.85, 1.2))
    joints, fall = _load_person(inner, _SETS[number].tilted, tempo)
    keypoints = _estimate_keypoints(joints, fall, functools.partial(_load_person, other, _SETS[number].tilted, 1.0), rng)
    times = np.arange(len(joints)) / _RATE
    kinect = level.to_kinect(joints).reshape(len(joints), -1)
    streams = {
        "keypoints": Stream(times, keypoints.reshape(len(joints), -1).astype(np.float32), "1", _RATE, channels=KEYPOINTS),
        "skeleton": Stream(times, kinect.astype(np.float32), "m", _RATE, channels=channel_names(KINECT_20)),
    }
    return Recording(Projected.name, source.subject, source.activity, source.trial, streams, fall, source.traits)


def _load_person(source: Source, tilted: bool, tempo: float) -> tuple[np.ndarray, FallTimes | None]:
    """Return (T, J, 3) levelled joints at `_RATE`, `tempo` times as fast as they were; and when the person falls."""
    recording = source.load()
    stream = recording.streams["skeleton"]
    values = _interpolate_missing(stream.values.astype(np.float64))
    if stream.channels not in (channel_names(KINECT_20), channel_names(AZURE_32)):
        raise UserError(f"{source.files[0]}: its skeleton is neither Kinect's (20 joints) nor Azure Kinect's (32); leave the recording out")
    joints = level.level_joints(values.reshape(len(values), -1, 3), tilted)
    fall = recording.fall
    if fall is not None:
        exact = fall.onset is not None and fall.impact is not None
        fall = level.limit_descent(fall) if exact else level.fall_times(level.to_kinect(joints), stream.rate)
        assert fall.onset is not None and fall.impact is not None and fall.end is not None
        fall = level.limit_descent(FallTimes(fall.onset / tempo, fall.impact / tempo))
    times = (stream.times - (stream.times[0] if stream.clock == "own" else 0.0)) / tempo
    grid = np.arange(max(int(times[-1] * _RATE) + 1, 2)) / _RATE
    flat = joints.reshape(len(joints), -1)
    return np.stack([np.interp(grid, times, column) for column in flat.T], axis=1).reshape(len(grid), -1, 3), fall


def _interpolate_missing(values: np.ndarray) -> np.ndarray:
    """Interpolate missing values of (T, C) between their neighbours, in place."""
    frame = np.arange(len(values))
    for column in values.T:
        missing = np.isnan(column)
        if missing.any():
            column[missing] = np.interp(frame[missing], frame[~missing], column[~missing]) if not missing.all() else 0.0
    return values


def _estimate_keypoints(
    joints: np.ndarray, fall: FallTimes | None, partner: Callable[[], tuple[np.ndarray, FallTimes | None]], rng: np.random.Generator
) -> np.ndarray:
    """Return a person's keypoints (T, 17, 3) with random occlusion noise."""
    turn = rng.uniform(-np.pi, np.pi)
    joints = joints @ np.array([[np.cos(turn), np.sin(turn), 0], [-np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    kinect = level.to_kinect(joints)
    camera = lens.draw_camera(level.mean_joint(kinect, "hip centre"), rng)
    view = person_view(camera, joints)
    keypoints = estimator.estimate(view, rng)
    if rng.random() < occlusion_noise.FURNITURE_SHARE:
        keypoints = occlusion_noise.hide_behind_furniture(keypoints, view.joints, view.size, _RATE, rng)
    if rng.random() < occlusion_noise.BYSTANDER_SHARE:
        others, _ = partner()
        away = rng.uniform(0.8, 2.5) * np.array([np.cos(turn), np.sin(turn), 0.0])
        passer = estimator.estimate(
            person_view(camera, others + level.mean_joint(kinect, "hip centre").mean(axis=0) * (1, 1, 0) + away), rng
        )
        piece = occlusion_noise.noise_interval(len(keypoints), _RATE, fall, rng)
        start = int(rng.integers(len(passer)))
        frames = (start + np.arange(len(keypoints))) % (2 * len(passer))
        keypoints[piece] = passer[np.minimum(frames, 2 * len(passer) - 1 - frames)][piece]  # there and back again
    if rng.random() < occlusion_noise.GHOST_SHARE:
        shape = view.joints[int(rng.integers(len(view.joints)))]
        piece = occlusion_noise.noise_interval(len(keypoints), _RATE, fall, rng)
        keypoints[piece] = occlusion_noise.ghost_pose(shape, view.size, view.width, _RATE, len(keypoints), rng)[piece]
    return keypoints


def person_view(camera: lens.PinholeCamera, joints: np.ndarray) -> estimator.PersonView:
    """Return what a camera sees of (T, J, 3) levelled joints, m."""
    kinect = level.to_kinect(joints)
    hips, shoulders = level.mean_joint(kinect, "hip centre"), level.mean_joint(kinect, "shoulder centre")
    trunk = (shoulders - hips) / np.maximum(np.linalg.norm(shoulders - hips, axis=1, keepdims=True), 1e-6)
    left = level.mean_joint(kinect, "left shoulder") - level.mean_joint(kinect, "right shoulder")
    ahead = np.cross(left, trunk)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-6)
    sight = hips - camera.position
    sight /= np.maximum(np.linalg.norm(sight, axis=1, keepdims=True), 1e-6)
    places, _ = camera.project(to_coco(joints, level.layout_of(joints)))
    _, depth = camera.project(hips)
    away = np.clip(0.5 + 0.5 * (ahead * sight).sum(axis=1), 0, 1)
    return estimator.PersonView(places, camera.focal * 1.65 / depth, np.clip(np.abs(trunk[:, 2]), 0, 1), away, camera.width, _RATE)
