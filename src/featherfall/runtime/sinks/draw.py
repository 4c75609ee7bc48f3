"""Draw results over pictures: skeletons or boxes of people, the probability of a fall over the last seconds, and falls."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.skeletons import COCO_17
from featherfall.runtime.observation import Fall, FrameResult, TrackedPerson
from featherfall.runtime.perceive.boxes import Found
from featherfall.runtime.perceive.pose import Pose

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]

CURVE_SECONDS = 10.0  # time span of the curve
LINGER = 4.0  # s for which a banner is shown
_NAMES = list(COCO_17)
_SIDES = [(f"{side} {a}", f"{side} {b}") for side in ("left", "right") for a, b in (
    ("eye", "ear"), ("shoulder", "elbow"), ("elbow", "wrist"), ("shoulder", "hip"), ("hip", "knee"), ("knee", "ankle"),
)]  # fmt: skip
_ACROSS = [("nose", "left eye"), ("nose", "right eye"), ("left shoulder", "right shoulder"), ("left hip", "right hip")]
EDGES = [(_NAMES.index(a), _NAMES.index(b)) for a, b in _SIDES + _ACROSS]
PALETTE: list[Colour] = [(64, 196, 255), (166, 226, 96), (214, 140, 255), (255, 214, 102), (120, 220, 200), (255, 150, 190)]
AMBER, RED, GREEN = (245, 158, 30), (214, 40, 40), (46, 160, 90)
UPRIGHT: Colour = (64, 196, 255)
BACKGROUND, PALE, DIM = (22, 24, 29), (232, 234, 238), (112, 118, 130)
_FINE = 2  # lines are drawn so many times larger and averaged
_LEAST = 360  # pixels: lower pictures are scaled up, so that text can be read
_SURE = 0.5  # score from which a joint is drawn in full


class Painter:
    """Draw one film's pictures, one by one."""

    def __init__(self, threshold: float, *, private: bool = False) -> None:
        """Arguments:
            threshold: probability from which a window counts, and a box is red (`decide.incidents.DecisionSettings.threshold`).
            private: draw only the people, on black, and nothing of the picture.

        Raises: `UserError` where Pillow is not installed.
        """
        try:
            import PIL.ImageDraw  # noqa: F401
        except ImportError:
            raise UserError("drawing needs Pillow; install it: pip install 'featherfall[camera]'") from None
        self._threshold, self._private = threshold, private
        self._curve: deque[tuple[float, int, float]] = deque()  # time, track, probability

    def add(self, result: FrameResult) -> None:
        """Take the probabilities of a picture that is not drawn, for the curves of later ones."""
        self._curve += [(result.time, number, probability) for number, probability in sorted(result.scores.items())]
        while self._curve and self._curve[0][0] < result.time - CURVE_SECONDS:
            self._curve.popleft()

    def paint(self, image: np.ndarray, result: FrameResult, falls: Sequence[Fall]) -> np.ndarray:
        """Draw one picture and its result.

        Skeletons have their person's colour; lines are wider for larger people and fade with the joints' scores; people who have not moved
        yet (possibly furniture) are grey. Boxes are thick and red while the person is classified as fallen. Below the picture: the
        probability over the last 10 s by person, with the threshold dashed.

        Arguments:
            image: (H, W, 3) uint8 RGB.
            result: of the same picture.
            falls: so far, brought up to date.
        Returns: (H', W', 3) uint8, sides even: the picture (larger where it was lower than 360 pixels) and a strip below it.
        """
        from PIL import Image, ImageDraw

        self.add(result)
        height, width = image.shape[:2]
        scale = max(1.0, _LEAST / height)
        shown = (round(width * scale), round(height * scale))
        strip = max(64, round(shown[1] * 0.17))
        canvas = Image.new("RGB", (shown[0] + shown[0] % 2, (shown[1] + strip + 1) // 2 * 2), BACKGROUND)
        if not self._private:
            whole = Image.fromarray(image)
            canvas.paste(whole if scale == 1 else whole.resize(shown, Image.Resampling.BICUBIC), (0, 0))
        layer = Image.new("RGBA", (canvas.width * _FINE, canvas.height * _FINE))
        pen = ImageDraw.Draw(layer)
        for one in result.people:
            self._person(pen, one, colour(one.id) if one.is_person else DIM, scale * _FINE)
        layer.paste((*BACKGROUND, 255), (0, shown[1] * _FINE, layer.width, layer.height))
        self._strip(pen, result.time, (0, shown[1] * _FINE, layer.width, layer.height))
        for one in result.people:
            _label(pen, one.sighting.box, f"{one.id}", colour(one.id) if one.is_person else DIM, scale * _FINE, shown[1] * _FINE)
        _banners(pen, result.time, falls, layer.width, shown[1] * _FINE)
        canvas.paste(layer.reduce(_FINE).convert("RGB"), (0, 0), layer.reduce(_FINE).getchannel("A"))
        return np.asarray(canvas)

    def _person(self, pen: ImageDraw, one: TrackedPerson, tone: Colour, scale: float) -> None:
        if isinstance(one.sighting, Pose):
            _skeleton(pen, one.sighting, tone, scale)
            return
        fallen = (one.probability or 0.0) >= self._threshold
        box = [float(side) for side in one.sighting.box * scale]
        pen.rectangle(box, outline=(*(RED if fallen else tone), 255), width=round((5 if fallen else 3) * max(scale / _FINE, 1)))

    def _strip(self, pen: ImageDraw, now: float, box: tuple[int, int, int, int]) -> None:
        left, top, right, bottom = box
        room = round(0.14 * (bottom - top))
        letter = max(16, round(0.16 * (bottom - top)))
        left, top, right, bottom = left + round(2.4 * letter), top + room, right - room, bottom - room

        def at(time: float, probability: float) -> tuple[float, float]:
            return right - (now - time) / CURVE_SECONDS * (right - left), bottom - probability * (bottom - top)

        for value in (0.0, 1.0):
            pen.line([at(now - CURVE_SECONDS, value), at(now, value)], fill=(*DIM, 110), width=1)
            pen.text((left - letter / 2, at(now, value)[1]), f"{value:g}", fill=(*DIM, 255), font=_font(letter), anchor="rm")
        level = at(now, self._threshold)[1]
        for dash in range(left, right, 3 * _FINE * 4):
            pen.line([(dash, level), (min(dash + 2 * _FINE * 3, right), level)], fill=(*AMBER, 255), width=_FINE)
        pen.text((left - letter / 2, level), "fall", fill=(*AMBER, 255), font=_font(letter), anchor="rm")
        for second in range(int(np.ceil(max(now - CURVE_SECONDS, 0))), int(now) + 1):
            x = at(second, 0)[0]
            pen.line([(x, bottom), (x, bottom - (10 if second % 5 == 0 else 5) * _FINE // 2)], fill=(*DIM, 160), width=1)
        for number in sorted({track for _, track, _ in self._curve}):
            points = [at(time, probability) for time, track, probability in self._curve if track == number]
            if len(points) > 1:
                pen.line(points, fill=(*colour(number), 255), width=2 * _FINE, joint="curve")
            x, y = points[-1]
            pen.ellipse([x - 2 * _FINE, y - 2 * _FINE, x + 2 * _FINE, y + 2 * _FINE], fill=(*colour(number), 255))


def colour(track: int) -> Colour:
    """Return the colour of a person's number."""
    return PALETTE[track % len(PALETTE)]


def banner(fall: Fall, now: float) -> tuple[str, Colour] | None:
    """Return text and colour for a fall at a time (s): its latest state, for some seconds; then None."""
    if fall.up_s is not None and now >= fall.up_s:
        return (f"got up {fall.up_s:.1f} s", GREEN) if now <= fall.up_s + LINGER else None
    if fall.still_down_s is not None and now >= fall.still_down_s:
        return f"still down {fall.still_down_s:.1f} s", RED
    what = "possible fall" if fall.kind == "fall" else "lies"
    return (f"{what} {fall.raised_s:.1f} s", AMBER) if fall.raised_s <= now <= fall.raised_s + 2 * LINGER else None


def draw_found(image: np.ndarray, found: Sequence[Found], positive: str) -> np.ndarray:
    """Draw one picture's boxes with their names and scores; those of the class `positive` in red.

    Arguments:
        image: (H, W, 3) uint8 RGB.
    Returns: the same shape.
    """
    from PIL import Image, ImageDraw

    canvas = Image.fromarray(image)
    pen = ImageDraw.Draw(canvas)
    width, height = canvas.size
    letter = max(11, round(0.03 * min(width, height)))
    font = _font(letter)
    for one in reversed(list(found)):
        tone = RED if one.name == positive else UPRIGHT
        left, top, right, bottom = (side * whole for side, whole in zip(one.box, (width, height, width, height), strict=True))
        pen.rectangle([left, top, right, bottom], outline=tone, width=max(2, round(letter / 6)))
        text = f"{one.name} {one.score:.2f}"
        long, tall = pen.textlength(text, font=font) + 0.6 * letter, 1.4 * letter
        x, y = min(max(left, 0), max(width - long, 0)), top - tall if top >= tall else min(top, height - tall)
        pen.rectangle([x, y, x + long, y + tall], fill=tone)
        pen.text((x + 0.3 * letter, y + tall / 2), text, fill=(255, 255, 255) if tone == RED else (16, 18, 22), font=font, anchor="lm")
    return np.asarray(canvas)


def _skeleton(pen: ImageDraw, pose: Pose, tone: Colour, scale: float) -> None:
    joints = pose.joints * scale
    thick = max(1.5 * _FINE, 0.016 * pose.size * scale)
    for a, b in EDGES:
        line = [tuple(joints[a]), tuple(joints[b])]
        pen.line(line, fill=(*tone, _alpha(min(pose.scores[a], pose.scores[b]))), width=round(thick))
    for (x, y), score in zip(joints, pose.scores, strict=True):
        reach = 0.75 * thick
        pen.ellipse([x - reach, y - reach, x + reach, y + reach], fill=(*PALE, _alpha(score)))


def _alpha(score: float) -> int:
    return round(255 * float(np.clip(score / _SURE, 0.08, 1.0)))


def _label(pen: ImageDraw, box: np.ndarray, text: str, tone: Colour, scale: float, limit: int) -> None:
    letter = max(11 * _FINE, round(0.035 * limit))
    x, y = float((box[0] + box[2]) / 2 * scale), float(box[1] * scale) - 0.7 * letter
    y = min(max(y, 1.2 * letter), limit - letter)
    reach = 0.75 * letter
    pen.ellipse([x - reach, y - 0.45 * letter - reach, x + reach, y - 0.45 * letter + reach], fill=(*BACKGROUND, 200))
    pen.text((x, y - 0.45 * letter), text, fill=(*tone, 255), font=_font(letter), anchor="mm")


def _banners(pen: ImageDraw, now: float, falls: Sequence[Fall], width: int, height: int) -> None:
    letter = max(14 * _FINE, round(0.05 * height))
    y = 0.6 * letter
    for fall in falls:
        found = banner(fall, now)
        if found is None:
            continue
        text, tone = found
        font = _font(letter)
        long = float(pen.textlength(text, font=font))
        x = 0.6 * letter
        pen.rounded_rectangle([x, y, x + long + 2.4 * letter, y + 1.7 * letter], radius=0.35 * letter, fill=(*tone, 235))
        dot = (x + 0.9 * letter, y + 0.85 * letter)
        reach = 0.32 * letter
        pen.ellipse([dot[0] - reach, dot[1] - reach, dot[0] + reach, dot[1] + reach], fill=(*colour(fall.track), 255))
        pen.text((x + 1.6 * letter, y + 0.85 * letter), text, fill=(255, 255, 255, 255), font=font, anchor="lm")
        y += 2.1 * letter


def _font(size: float) -> Any:
    from PIL import ImageFont

    if size not in _FONTS:
        _FONTS[size] = ImageFont.load_default(size=size)
    return _FONTS[size]


_FONTS: dict[float, Any] = {}
