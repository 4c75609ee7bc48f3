"""Films as another camera, encoder or evening would have given them: they show the same, so decisions should not change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import islice

import numpy as np
from PIL import Image

from featherfall.signals.video import Frame
from featherfall.sim.film.night import at_night

Change = Callable[[Iterator[Frame]], Iterator[Frame]]

BLUR = 1 / 400  # of the picture's height, a Gaussian's deviation: 1.2 pixels of 480, a lens slightly out of focus
CRF = 34  # of H.264: artefacts are plain to see; cameras for homes encode at 28 to 35
_BATCH = 32  # pictures held while they are encoded


def same(frames: Iterator[Frame]) -> Iterator[Frame]:
    """As it is."""
    return frames


def shifted(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Begin one picture later, so that other pictures may be looked at."""
    return islice(frames, 1, None)


def scaled(share: float) -> Change:
    """Return what makes pictures `share` as wide and high."""

    def change(frames: Iterator[Frame]) -> Iterator[Frame]:
        for frame in frames:
            height, width = frame.image.shape[:2]
            size = round(width * share), round(height * share)
            yield Frame(frame.time, np.asarray(Image.fromarray(frame.image).resize(size, Image.Resampling.BILINEAR)))

    return change


def blurred(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Out of focus."""
    from scipy.ndimage import gaussian_filter

    for frame in frames:
        deviation = BLUR * frame.image.shape[0]
        yield Frame(frame.time, gaussian_filter(frame.image, (deviation, deviation, 0)))


def encoded(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Encoded again, with heavy compression."""
    import av

    held: list[float] = []
    coder = decoder = None
    for frame in frames:
        if coder is None:
            height, width = frame.image.shape[:2]
            coder, decoder = av.CodecContext.create("libx264", "w"), av.CodecContext.create("h264", "r")
            coder.width, coder.height, coder.pix_fmt = width // 2 * 2, height // 2 * 2, "yuv420p"
            coder.time_base, coder.options = Fraction(1, 30), {"crf": str(CRF), "preset": "veryfast", "threads": "1", "bf": "0"}
            decoder.thread_count = 1
        held.append(frame.time)
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.image[: coder.height, : coder.width]), format="rgb24")
        for packet in coder.encode(picture):
            for out in decoder.decode(packet):
                yield Frame(held.pop(0), out.to_ndarray(format="rgb24"))
    if coder is not None:
        for packet in [*coder.encode(), None]:
            for out in decoder.decode(packet):
                yield Frame(held.pop(0), out.to_ndarray(format="rgb24"))


def night(frames: Iterator[Frame]) -> Iterator[Frame]:
    """By infrared light."""
    rng = np.random.default_rng(0)
    for frame in frames:
        yield Frame(frame.time, at_night(frame.image, rng))


# By name; all but the first are compared with it.
VARIANTS: dict[str, Change] = {
    "same": same,
    "shifted by a picture": shifted,
    "scaled by .9": scaled(0.9),
    "scaled by 1.1": scaled(1.1),
    "blurred": blurred,
    "encoded again": encoded,
    "night": night,
}
