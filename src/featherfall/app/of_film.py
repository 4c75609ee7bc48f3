"""What bundles for pixels show: of a film's windows, or of one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from featherfall.app.analysis import Analysis, Finding, Media, Progress, percent
from featherfall.app.films import Screen, fitted, open_film
from featherfall.app.models import Model
from featherfall.app.of_sensor import curves, falls
from featherfall.core.recording import Video
from featherfall.runtime.sinks.draw import Painter
from featherfall.runtime.sinks.film import film_writer
from featherfall.signals.video import read_frames

RATE = 15.0  # pictures a second of the page's copy
POSTURE = "One picture shows how somebody lies or stands, not that they fell."


def of_film(path: Path, name: str, model: Model, folder: Path, private: bool, progress: Progress) -> Analysis:
    """Look for falls in a film's windows of pixels. Private: no copy is made, there is nothing to see."""
    length = open_film(path, name)
    film = None
    if not private:
        film = folder / "film.mp4"
        with film_writer(film) as add:
            for frame in read_frames(Video(path), rate=RATE):
                length.at(0.5 * frame.time, progress, "copying")
                add(frame.time, fitted(frame.image, private=False))
    progress.at(0.6, "looking for falls")
    prediction = model.bundle.predict(Video(path))
    return Analysis(
        model=model.name,
        file=name,
        seconds=length.seconds or float(prediction.end_s[-1] if len(prediction.end_s) else 0.0),
        threshold=None if prediction.positive is None else prediction.decision.threshold,
        curves=curves(prediction),
        decide=lambda threshold: falls(prediction, threshold),
        media=Media(film=film),
        label=prediction.label or "",
    )


def of_picture(path: Path, name: str, model: Model, folder: Path, private: bool, progress: Progress) -> Analysis:
    """Look for a fall in one picture."""
    progress.at(0.2, "looking")
    image = load(path)
    prediction = model.bundle.predict(Video(path, images=True))
    curve = prediction.curve()
    probability = float(curve[0, 2]) if len(curve) else 0.0
    return Analysis(
        model=model.name,
        file=name,
        seconds=0.0,
        threshold=model.manifest.decision.threshold,
        curves=(),
        decide=lambda threshold: (
            (
                Finding(
                    "possible fall", 0.0, f"Possible fall, {percent(probability)} sure", probability, {"confidence": round(probability, 4)}
                ),
            )
            if probability >= threshold
            else ()
        ),
        media=Media(picture=None if private else save(folder / "picture.jpg", fitted(image, False))),
        notes=(f"Probability of a fall: {percent(probability)}.", POSTURE),
        label=prediction.label or "",
    )


def of_posture(path: Path, name: str, model: Model, folder: Path, private: bool, progress: Progress) -> Analysis:
    """A picture for a camera's model: who is seen, and that one picture is not enough."""
    from featherfall.runtime.observation import FrameResult, TrackedPerson
    from featherfall.runtime.perceive.pose import open_estimator

    progress.at(0.2, "looking")
    image = load(path)
    screen = Screen(*image.shape[:2])
    small = fitted(image, private=False)
    found = open_estimator().estimate(small)
    people = tuple(TrackedPerson(k, pose, None, True, 0.0, pose.middle, pose.size) for k, pose in enumerate(found))
    result = FrameResult(0.0, people, {}, *small.shape[:2])
    painted = Painter(model.manifest.decision.threshold, private=private).paint(small, result, [])
    out = save(folder / "picture.jpg", painted[: round(screen.height * max(1.0, 360 / screen.height))])
    label = "nobody was seen" if not found else f"{len(found)} {'person' if len(found) == 1 else 'people'} seen"
    return Analysis(
        model=model.name,
        file=name,
        seconds=0.0,
        threshold=None,
        curves=(),
        decide=lambda threshold: (),
        media=Media(picture=out),
        notes=("A fall is a change. This model needs a film to find one; a picture only shows the keypoints that it would see.",),
        label=label,
        draw=lambda target, threshold, hidden, doing: _copy(out, target),
    )


def load(path: Path) -> np.ndarray:
    """(H, W, 3) uint8 RGB, upright; raises `UserError` for what is no picture or too large."""
    (frame,) = read_frames(Video(path, images=True))
    return np.asarray(frame.image)


def save(path: Path, image: np.ndarray) -> Path:
    """As JPEG."""
    from PIL import Image

    Image.fromarray(image).save(path, quality=88)
    return path


def _copy(source: Path, target: Path) -> Path:
    target.write_bytes(source.read_bytes())
    return target
