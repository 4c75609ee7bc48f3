"""Analyse one picture, by the model's kind: detected boxes, a class, or keypoints only."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from featherfall.app.analysers.request import AnalysisRequest
from featherfall.app.analysis import Analysis, Finding, Media, TaskProgress, percent
from featherfall.app.film_copy import resize_for_page
from featherfall.core.recording import Video
from featherfall.runtime.observation import FrameResult, TrackedPerson
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.perceive.detector import BoxDetector, picture_verdict
from featherfall.runtime.perceive.estimators import open_estimator
from featherfall.runtime.sinks.draw import Painter, draw_found
from featherfall.runtime.verdict import UNKNOWN
from featherfall.signals.video import read_frames

_KEPT_SCORE = 0.05  # of boxes, so that a lower threshold needs no second run of the detector
_DRAWN_HEIGHT = 360  # pixels to which `Painter` enlarges a lower picture; below it lies the curve, which one picture does not have
_POSTURE_NOTE = "One picture shows how somebody lies or stands, not that they fell."


def detect_in_picture(request: AnalysisRequest) -> Analysis:
    """Find people with a detector, and those who look fallen. Raises: `UserError`."""
    request.progress.report(0.2, "analysing")
    detector = BoxDetector(request.model.bundle)
    image = resize_for_page(_load(request.path))
    found = detector.detect(image, _KEPT_SCORE)

    def above(threshold: float) -> list[Found]:
        return [one for one in found if one.score >= threshold]

    def draw(out: Path, threshold: float, hidden: bool, progress: TaskProgress) -> Path:
        return _save(out, draw_found(resize_for_page(image, request.private or hidden), above(threshold), detector.positive))

    people = above(detector.threshold)
    verdict = picture_verdict(people, detector.positive)
    seen = f"{len(people) or 'No'} {'person' if len(people) == 1 else 'people'} found"
    return Analysis(
        model=request.model.name,
        file=request.name,
        seconds=0.0,
        threshold=detector.threshold,
        curves=(),
        decide=lambda threshold: tuple(_box_finding(one) for one in above(threshold) if one.name == detector.positive),
        media=Media(picture=draw(request.folder / "picture.jpg", detector.threshold, request.private, request.progress)),
        draw=draw,
        notes=(f"{seen}.", _POSTURE_NOTE) if people else verdict.reasons,
        label=verdict.label,
        judged=verdict.judged,
        seen=seen,
    )


def classify_picture(request: AnalysisRequest) -> Analysis:
    """Classify the whole picture. Raises: `UserError`."""
    request.progress.report(0.2, "analysing")
    image = _load(request.path)
    prediction = request.model.bundle.predict(Video(request.path, images=True))
    curve = prediction.curve()
    judged = prediction.verdict.judged
    probability = float(curve[0, 2]) if judged else 0.0
    facts = {"confidence": round(probability, 4)}
    fall = Finding("possible fall", 0.0, f"Possible fall, {percent(probability)} sure", probability, facts)
    return Analysis(
        model=request.model.name,
        file=request.name,
        seconds=0.0,
        threshold=request.model.manifest.decision.threshold,
        curves=(),
        decide=lambda threshold: (fall,) if judged and probability >= threshold else (),
        media=Media(picture=None if request.private else _save(request.folder / "picture.jpg", resize_for_page(image))),
        notes=(f"Probability of a fall: {percent(probability)}.", _POSTURE_NOTE) if judged else prediction.verdict.reasons,
        label=prediction.label,
        judged=judged,
    )


def show_keypoints(request: AnalysisRequest) -> Analysis:
    """Show the keypoints that a camera's model would see; one picture is too little for it to decide. Raises: `UserError`."""
    request.progress.report(0.2, "analysing")
    small = resize_for_page(_load(request.path))
    found = open_estimator().estimate(small)
    people = tuple(TrackedPerson(k, pose, None, True, 0.0, pose.middle, pose.size) for k, pose in enumerate(found))
    result = FrameResult(0.0, people, {}, *small.shape[:2])
    painted = Painter(request.model.manifest.decision.threshold, private=request.private).paint(small, result, [])
    picture = _save(request.folder / "picture.jpg", painted[: max(small.shape[0], _DRAWN_HEIGHT)])

    def draw(out: Path, threshold: float, hidden: bool, progress: TaskProgress) -> Path:
        out.write_bytes(picture.read_bytes())
        return out

    return Analysis(
        model=request.model.name,
        file=request.name,
        seconds=0.0,
        threshold=None,
        curves=(),
        decide=lambda threshold: (),
        media=Media(picture=picture),
        draw=draw,
        notes=("A fall is a change. This model needs a film to find one; a picture only shows the keypoints that it would see.",),
        label=UNKNOWN,
        judged=False,
        seen="Nobody was seen" if not found else "1 person was seen" if len(found) == 1 else f"{len(found)} people were seen",
    )


def _box_finding(found: Found) -> Finding:
    facts = found.to_json()
    facts |= dict(zip(("left", "top", "right", "bottom"), facts.pop("box"), strict=True))
    return Finding("possible fall", 0.0, f"Somebody looks fallen, {percent(found.score)} sure", found.score, facts)


def _load(path: Path) -> np.ndarray:
    """Return (H, W, 3) uint8 RGB, upright; raises `UserError` for a file that is no picture or too large."""
    (frame,) = read_frames(Video(path, images=True))
    return np.asarray(frame.image)


def _save(path: Path, image: np.ndarray) -> Path:
    from PIL import Image

    Image.fromarray(image).save(path, "JPEG", quality=88)
    return path
