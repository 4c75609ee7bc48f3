"""Films, pictures and live frames for bundles that follow people: keypoints and detectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from featherfall.api.result import Result, result_of_film, result_of_picture
from featherfall.core.errors import UserError
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.decide.zones import Zone
from featherfall.runtime.perceive.detector import BoxDetector
from featherfall.runtime.perceive.estimators import open_estimator
from featherfall.runtime.perceive.pose import Estimator
from featherfall.runtime.sources.source import open_recording
from featherfall.runtime.watch import Monitor, watch_film
from featherfall.signals.video import is_image

OPTIONS = ("estimator", "pose_weights", "still_down_s", "lies_for_s", "zones")  # of cameras; all others are the source's


def predict_camera(bundle: Bundle, data: Any, options: dict[str, Any]) -> Result:
    """Return the result of a film, or of one picture by a detector; raises `UserError` for an option that there is not."""
    of_camera, of_source = _apart(options)
    recording = open_recording(data, bundle.manifest, **of_source)
    if len(recording.videos) != 1:
        raise UserError(f"{recording.id}: {len(recording.videos)} films, where one is needed; give the film, e.g. recording.videos['cam0']")
    (video,) = recording.videos.values()
    if bundle.manifest.kind == "detector" and is_image(video):
        return result_of_picture(bundle.manifest, BoxDetector(bundle).detect_file(video), video.path)
    problems: list[str] = []
    analysis = watch_film(video, bundle, **_perception(bundle, **of_camera), problems=problems)
    return result_of_film(bundle.manifest, analysis, problems)


def open_monitor(bundle: Bundle, options: dict[str, Any]) -> tuple[Monitor, dict[str, Any]]:
    """Return what watches a camera picture by picture, and the options that are left for the source."""
    of_camera, of_source = _apart(options)
    return Monitor(bundle, **_perception(bundle, **of_camera)), of_source


def _apart(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    mine = {name: value for name, value in options.items() if name in OPTIONS}
    if "zones" in mine:
        mine["zones"] = tuple(zone if isinstance(zone, Zone) else Zone(tuple(map(tuple, zone))) for zone in mine["zones"])
    return mine, {name: value for name, value in options.items() if name not in OPTIONS}


def _perception(
    bundle: Bundle, estimator: str | Estimator = "several", pose_weights: str | Path | None = None, **others: Any
) -> dict[str, Any]:
    """Arguments of a monitor. estimator: for keypoints, the name of a registered one or an opened one; detectors need none."""
    if bundle.manifest.kind == "detector":
        return others
    return others | {"perception": open_estimator(estimator, pose_weights) if isinstance(estimator, str) else estimator}
