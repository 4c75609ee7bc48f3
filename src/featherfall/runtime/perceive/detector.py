"""Find people in pictures with a detector's bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.recording import Video
from featherfall.runtime.perceive.boxes import Found, PersonBox, decode_boxes, in_pixels
from featherfall.runtime.verdict import Verdict, give_verdict
from featherfall.signals.video import read_frames

if TYPE_CHECKING:
    from featherfall.runtime.bundle import Bundle


_ROUNDING = 1e-3  # of int8 scores
NO_PEOPLE = "no people were found, which is not the same as no fall"


class NoNumbersError(UserError):
    """A model gives no numbers, so that it finds nothing, ever."""


class BoxDetector:
    """Find people in pictures by an opened bundle.

    Attributes:
        bundle: what it runs.
        labels: names of its classes. positive: the one that is a fall.
        size: side of the square to which pictures are stretched, pixels.
        threshold: of the scores.
    """

    def __init__(self, bundle: Bundle) -> None:
        """Raises `UserError` where the bundle is not a detector's."""
        check_detector(bundle.path, bundle.manifest)
        self.bundle = bundle
        self.labels = list(bundle.manifest.labels)
        self.positive = str(bundle.manifest.positive)
        self.size = bundle.manifest.inputs[0].size
        self.threshold = bundle.manifest.decision.threshold

    def detect(self, image: np.ndarray, least: float | None = None) -> list[Found]:
        """Return the people in one picture, best first, each with one box.

        Arguments:
            image: (H, W, 3) uint8 RGB, any size; stretched to the model's square.
            least: score below which boxes are left out; the bundle's threshold by default.

        Raises: `NoNumbersError` where the model's scores are no probabilities, or its boxes not finite.
        """
        square = stretch(image, self.size)
        outputs = self.bundle.raw({self.bundle.manifest.inputs[0].name: square[None, None]})
        scores, boxes = outputs["scores"], outputs["boxes"]
        if not (np.isfinite(boxes).all() and (scores >= -_ROUNDING).all() and (scores <= 1 + _ROUNDING).all()):  # NaN is neither
            raise NoNumbersError(
                f"{self.bundle.path}: the model's scores are no probabilities or its boxes no numbers; export the bundle again, "
                "or use another one"
            )
        least = self.threshold if least is None else least
        return decode_boxes(outputs["boxes"][0], outputs["scores"][0], self.labels, least, self.bundle.manifest.decision.overlap)

    def estimate(self, image: np.ndarray, least: float | None = None) -> list[PersonBox]:
        """Return the people as `detect`, in pixels of the picture."""
        positive = self.labels.index(self.positive)
        return [in_pixels(one, positive, image.shape[0], image.shape[1]) for one in self.detect(image, least)]

    def reset(self) -> None:
        """Do nothing: a detector keeps no state between pictures."""

    def detect_file(self, picture: Path | Video, least: float | None = None) -> list[Found]:
        """Return the people in a picture file, as `detect`; raises `UserError` for a file that is not a picture, or too large."""
        video = picture if isinstance(picture, Video) else Video(Path(picture), images=True)
        return self.detect(next(iter(read_frames(video, (self.size, self.size)))).image, least)


def picture_verdict(found: Sequence[Found], positive: str) -> Verdict:
    """Return what is said of a picture: the fall class where it is found, else the best other one; unknown where nobody is found."""
    names = [one.name for one in found]
    label = positive if positive in names else names[0] if names else None
    return give_verdict(label, label == positive, float(bool(found)), () if found else (NO_PEOPLE,))


def check_detector(path: Path, manifest: Manifest) -> None:
    """Raise `UserError` where the bundle is not a detector's, or takes more than one picture."""
    if manifest.kind != "detector":
        raise UserError(f"{path}: bundle {manifest.name!r} finds no boxes (kind {manifest.kind}); give a detector's bundle")
    (first, *more) = manifest.inputs
    if more or first.frames != 1:
        raise UserError(f"{path}: the manifest does not have one input of one picture, which a detector takes; re-export the bundle")


def stretch(image: np.ndarray, size: int) -> np.ndarray:
    """Scale (H, W, 3) uint8 to (size, size, 3) uint8, as `signals.video` does: averaging areas where it shrinks, else between pixels."""
    if image.shape[:2] == (size, size):
        return image
    try:
        from PIL import Image
    except ImportError:
        raise UserError("detectors need Pillow; install it: pip install 'featherfall[video]'") from None
    how = Image.Resampling.BOX if image.shape[0] >= size and image.shape[1] >= size else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(image).resize((size, size), how))
