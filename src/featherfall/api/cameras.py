"""Films, pictures and live frames for bundles that follow people: keypoints and detectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featherfall.api.result import Result, result_of_film, result_of_picture
from featherfall.core.errors import UserError
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.perceive.pose import Estimator, EstimatorKind, open_estimator
from featherfall.runtime.sources.source import open_recording
from featherfall.signals.video import is_image

if TYPE_CHECKING:
    from featherfall.runtime.box_watch import BoxWatcher
    from featherfall.runtime.camera import Watcher
    from featherfall.runtime.perceive.boxes import Found


@dataclass(frozen=True)
class CameraOptions:
    """How people are found and followed.

    Attributes:
        estimator: for keypoints: name of a registered pose estimator, or an opened one.
        pose_weights: of the estimator; None takes MoveNet's.
        still_down_s: s after a possible fall, from which somebody is still down.
    """

    estimator: EstimatorKind | Estimator = "several"
    pose_weights: str | Path | None = None
    still_down_s: float = 7.0

    def opened(self) -> Estimator:
        """Return the estimator; raises `UserError` for an unknown one, and where its weights are not to be had."""
        return open_estimator(self.estimator, self.pose_weights) if isinstance(self.estimator, str) else self.estimator


def predict_camera(bundle: Bundle, data: Any, options: dict[str, Any]) -> Result:
    """Return the result of a film, or of one picture by a detector; raises `UserError` for an option that there is not."""
    camera, of_source = _apart(options)
    recording = open_recording(data, bundle.manifest, **of_source)
    if len(recording.videos) != 1:
        raise UserError(f"{recording.id}: {len(recording.videos)} films, where one is needed; give the film, e.g. recording.videos['cam0']")
    (video,) = recording.videos.values()
    if bundle.manifest.kind == "detector" and is_image(video):
        from featherfall.runtime.perceive.detector import BoxDetector

        people = BoxDetector(bundle).detect_file(video.path)
        return result_of_picture(bundle.manifest, people, _label(bundle, people), video.path)
    problems: list[str] = []
    if bundle.manifest.kind == "detector":
        from featherfall.runtime.box_watch import watch_boxes
        from featherfall.runtime.perceive.detector import BoxDetector

        analysis = watch_boxes(video, BoxDetector(bundle), still_down_s=camera.still_down_s, problems=problems)
    else:
        from featherfall.runtime.camera import watch_film

        analysis = watch_film(video, bundle, camera.opened(), still_down_s=camera.still_down_s, problems=problems)
    return result_of_film(bundle.manifest, analysis, problems)


def open_monitor(bundle: Bundle, options: dict[str, Any]) -> tuple[Watcher | BoxWatcher, dict[str, Any]]:
    """Return what watches a camera picture by picture, and the options that are left for the source."""
    camera, of_source = _apart(options)
    if bundle.manifest.kind == "detector":
        from featherfall.runtime.box_watch import BoxWatcher
        from featherfall.runtime.perceive.detector import BoxDetector

        return BoxWatcher(BoxDetector(bundle), still_down_s=camera.still_down_s), of_source
    from featherfall.runtime.camera import Watcher

    return Watcher(bundle, camera.opened(), still_down_s=camera.still_down_s), of_source


def _apart(options: dict[str, Any]) -> tuple[CameraOptions, dict[str, Any]]:
    mine = {name: value for name, value in options.items() if name in CameraOptions.__dataclass_fields__}
    return CameraOptions(**mine), {name: value for name, value in options.items() if name not in mine}


def _label(bundle: Bundle, people: Sequence[Found]) -> str:
    """A picture's: the fall class where it is found, else the best other one, else "nobody"."""
    names = [one.name for one in people]
    positive = str(bundle.manifest.positive)
    return positive if positive in names else names[0] if names else "nobody"
