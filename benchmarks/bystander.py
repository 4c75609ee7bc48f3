"""A walking person cut out of one film and put into others: does a bystander take over the fallen one's history?

Only for measuring: the pictures that come out are given to an estimator and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from featherfall.core.errors import UserError
from featherfall.signals.video import Frame

_DIFFERS = 30  # levels of 255 from the empty room, in any colour
_WHOLE = 0.35  # of the picture's height: lower figures are parts of a person
_SOFT = 1.0  # pixels, of the cut's edge
_REACH = 0.27  # of the figure's height, how far feet and hands reach from the trunk
STRIDE = 12  # pictures: a shorter walk has no whole step in it


@dataclass(frozen=True, eq=False)
class Walker:
    """A person who walks, cut out.

    Attributes:
        figures: (h, w, 4) uint8 RGBA each, in order of time; heights differ a little.
        rate: figures a second, Hz.
        leftwards: whether they walk to the left.
    """

    figures: tuple[np.ndarray, ...]
    rate: float
    leftwards: bool

    @property
    def standing(self) -> int:
        """The number of the figure whose feet are closest together."""
        return int(np.argmin([figure.shape[1] / figure.shape[0] for figure in self.figures]))


def cut_out(frames: Sequence[Frame]) -> Walker:
    """Cut out who walks: the longest stretch of a film in which one whole person walks one way, by the difference from the median.

    Arguments:
        frames: of one fixed camera, in which the person is somewhere else most of the time.
    Raises: `UserError` where there is no such stretch.
    """
    room = np.median(np.stack([frame.image for frame in frames[:: max(len(frames) // 60, 1)]]), axis=0)
    found = [_figure(frame.image, room) for frame in frames]
    best: list[int] = []
    for way in (-1, 1):
        run: list[int] = []
        for index, one in enumerate(found):
            last = found[run[-1]] if run else None
            if one is not None and (last is None or way * (one[1] - last[1]) > 0):
                run.append(index)
            else:
                run = [index] if one is not None else []
            best = max(best, run, key=len)
    if len(best) < STRIDE:
        raise UserError("no stretch in which one whole person walks one way; take another film")
    figures = tuple(figure for index in best if (one := found[index]) is not None for figure in (one[0],))
    first, last = found[best[0]], found[best[-1]]
    assert first is not None and last is not None
    seconds = frames[best[-1]].time - frames[best[0]].time
    return Walker(figures, (len(best) - 1) / seconds, last[1] < first[1])


def _figure(image: np.ndarray, room: np.ndarray) -> tuple[np.ndarray, float] | None:
    """Return RGBA of the largest thing that is not the room, and its middle; None where the picture's edge cuts it or it is too small."""
    from scipy import ndimage

    differs = np.abs(image.astype(np.float32) - room).max(axis=2) > _DIFFERS
    differs = ndimage.binary_closing(ndimage.binary_opening(differs, iterations=2), iterations=2)
    parts, count = ndimage.label(differs)
    if not count:
        return None
    largest = int(np.bincount(parts.ravel())[1:].argmax()) + 1
    rows, columns = ndimage.find_objects(parts)[largest - 1]
    height, width = differs.shape
    if rows.start <= 2 or rows.stop >= height - 2 or columns.start <= 2 or columns.stop >= width - 2:
        return None
    if rows.stop - rows.start < _WHOLE * height or columns.stop - columns.start > 0.8 * (rows.stop - rows.start):
        return None
    room_for_edge = slice(rows.start - 2, rows.stop + 2), slice(columns.start - 2, columns.stop + 2)
    mask = ndimage.binary_fill_holes(parts[room_for_edge] == largest)
    # What hangs on to the person (furniture that was moved, people behind) reaches beyond the stride.
    trunk = int(np.searchsorted(np.cumsum(mask.sum(axis=0)), mask.sum() / 2))
    reach = round(_REACH * mask.shape[0])
    near = slice(max(trunk - reach, 0), trunk + reach)
    alpha = (ndimage.gaussian_filter(mask[:, near].astype(np.float32), _SOFT) * 255).astype(np.uint8)
    return np.dstack([image[room_for_edge][:, near], alpha]), float(columns.start + trunk)


@dataclass(frozen=True)
class Visit:
    """How a walker comes into a film: enters over an edge, walks past the fallen one and stands.

    Attributes:
        enter: s, when the walker begins to come in.
        from_left: over which edge.
        stop: pixels from the left, where the walker stops.
        feet: pixels from the top.
        tall: pixels.
        pace: pixels/s.
    """

    enter: float
    from_left: bool
    stop: float
    feet: float
    tall: float
    pace: float

    def middle(self, time: float, width: int) -> float | None:
        """Return where the walker's middle is, pixels from the left; None before."""
        if time < self.enter:
            return None
        begin = -0.25 * self.tall if self.from_left else width + 0.25 * self.tall
        way = self.pace * (time - self.enter)
        return min(begin + way, self.stop) if self.from_left else max(begin - way, self.stop)


PACE = 0.8  # heights a second, of an unhurried walk (1.4 m/s)
BESIDE = 0.55  # heights from the fallen one's middle


def plan_visit(box: np.ndarray, tall: float, enter: float, height: int, width: int) -> Visit:
    """Return a visit to somebody lying in a box: in over the farther edge, past the fallen one in front, stop beside.

    Arguments:
        box: (4,) left, top, right, bottom of the fallen one, pixels.
        tall: the fallen one's size when upright, pixels; the walker gets it too.
        enter: s.
    """
    middle = float(box[0] + box[2]) / 2
    from_left = middle > width / 2
    past = middle + (BESIDE if from_left else -BESIDE) * tall
    if not 0.15 * tall <= past <= width - 0.15 * tall:  # no room behind: stop before the fallen one
        past = middle + (-BESIDE if from_left else BESIDE) * tall
    stop = float(np.clip(past, 0.15 * tall, width - 0.15 * tall))
    return Visit(enter, from_left, stop, min(float(box[3]) + 0.03 * tall, height + 0.1 * tall), tall, PACE * tall)


def put_in(image: np.ndarray, time: float, walker: Walker, visit: Visit) -> np.ndarray:
    """Return a picture with the walker in front, (H, W, 3) uint8, a copy; the picture itself before the visit."""
    from PIL import Image

    width = image.shape[1]
    middle = visit.middle(time, width)
    if middle is None:
        return image
    walks = abs(middle - visit.stop) > 1e-6
    number = int((time - visit.enter) * walker.rate) % len(walker.figures) if walks else walker.standing
    figure = Image.fromarray(walker.figures[number], "RGBA")
    scale = visit.tall / float(np.median([one.shape[0] for one in walker.figures]))
    figure = figure.resize((max(round(figure.width * scale), 1), max(round(figure.height * scale), 1)), Image.Resampling.BILINEAR)
    if walker.leftwards == visit.from_left:
        figure = figure.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    canvas = Image.fromarray(image)
    canvas.paste(figure.convert("RGB"), (round(middle - figure.width / 2), round(visit.feet - figure.height)), figure.getchannel("A"))
    return np.asarray(canvas)
