"""Turn decoded frames into arrays: upright, cropped, scaled, in RGB or gray."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Video

if TYPE_CHECKING:
    from av import VideoFrame

MAX_PIXELS = 50_000_000
"""Larger pictures are refused (8K has 33 million): they are a mistake or an attack, and one takes hundreds of megabytes."""

Fit = Literal["stretch", "inside", "letterbox"]
_MAX_SCALERS = 4  # scalers to keep: one is made for every size and pixel format that a film changes to


def placement(shape: tuple[int, int], size: tuple[int, int], fit: Fit) -> tuple[int, int, int, int]:
    """Return left, top, width, height (pixels) of a frame in the image that `read_frames` makes of it.

    Arguments:
        shape: (width, height) of the picture, after its crop.
        size: (width, height) that was asked for.
    """
    if fit == "stretch":
        return 0, 0, *size
    scale = min(size[0] / shape[0], size[1] / shape[1])
    width, height = (max(1, min(whole, round(side * scale))) for side, whole in zip(shape, size, strict=True))
    if fit == "inside":
        return 0, 0, width, height
    return (size[0] - width) // 2, (size[1] - height) // 2, width, height


def orientation(frame: VideoFrame) -> tuple[bool, bool, bool]:
    """Return how to turn a frame upright by its display matrix: swap rows and columns, flip up-down, flip left-right.

    The matrix (a b u, c d v, x y w) of ISO/IEC 14496-12 takes pixel (x, y) to (a x + c y, b x + d y); oblique ones count as the nearest
    right angle.
    """
    # A frame that is asked for its side data stays in memory until Python's collector comes by, so only turned ones are asked
    # (FFmpeg tells a film that is mirrored up-down, and nothing else, as not turned: that one stays as it is).
    side: Any = frame.side_data.get("DISPLAYMATRIX") if frame.rotation else None
    if side is None:
        return False, False, False
    a, b, _, c, d, *_ = np.frombuffer(side, np.int32)[:9].astype(float)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return False, bool(d < 0), bool(a < 0)
    return True, bool(b < 0), bool(c < 0)


def turned(how: tuple[bool, bool, bool], degrees: int) -> tuple[bool, bool, bool]:
    """Return an orientation (as of `orientation`) followed by a clockwise turn of 0, 90, 180 or 270 degrees."""
    swap, down, across = how
    for _ in range(degrees // 90 % 4):
        # A clockwise quarter turn swaps rows and columns, which exchanges the flips, and then flips left-right.
        swap, down, across = not swap, across, not down
    return swap, down, across


class FrameScaler:
    """Converts frames of any size to images of one size, shape and pixel format.

    Arguments:
        video: its path is named in messages; `crop` and `rotate` are applied.
        size, fit, gray: as `read_frames`.
    """

    def __init__(self, video: Video, size: tuple[int, int] | None, fit: Fit, gray: bool) -> None:
        self.path, self.crop, self._rotate = video.path, video.crop, video.rotate
        self.size, self.fit, self.gray = size, fit, gray
        self._graphs: dict[tuple[object, ...], tuple[Any, tuple[int, int, int, int], tuple[bool, bool, bool]]] = {}
        self._shape: tuple[int, ...] | None = None

    def __call__(self, frame: VideoFrame) -> np.ndarray:
        """Return (H, W, 3) or (H, W) uint8. Raises `UserError` where no size was asked for and the film changes its own."""
        key = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range, frame.rotation)
        if key not in self._graphs:
            if len(self._graphs) >= _MAX_SCALERS:
                self._graphs.clear()
            self._graphs[key] = self._graph(frame)
        graph, (left, top, width, height), (swap, down, across) = self._graphs[key]
        graph.push(frame)
        image: np.ndarray = graph.pull().to_ndarray()
        if swap:
            image = image.swapaxes(0, 1)
        image = image[:: -1 if down else 1, :: -1 if across else 1]
        if self.size is not None and self.fit == "letterbox" and (width, height) != self.size:
            whole = np.zeros((self.size[1], self.size[0], *image.shape[2:]), np.uint8)
            whole[top : top + height, left : left + width] = image
            image = whole
        if self.size is None:
            self._shape = self._shape or image.shape
            if image.shape != self._shape:
                was, now = (f"{shape[1]} x {shape[0]}" for shape in (self._shape, image.shape))
                raise UserError(f"{self.path}: the size changes from {was} to {now}; ask for one size for all frames")
        return np.require(image, requirements=["C", "O", "W"])

    def _graph(self, frame: VideoFrame) -> tuple[Any, tuple[int, int, int, int], tuple[bool, bool, bool]]:
        """Return FFmpeg's crop (which copies nothing) and scaler for such frames, the frame's placement, and its orientation."""
        from av.filter import Graph

        swap, down, across = turned(orientation(frame), self._rotate)
        left, top, right, bottom = self.crop or (0.0, 0.0, 1.0, 1.0)
        if across:
            left, right = 1 - right, 1 - left
        if down:
            top, bottom = 1 - bottom, 1 - top
        if swap:
            left, top, right, bottom = top, left, bottom, right
        x, y = (min(round(edge * side), side - 1) for edge, side in ((left, frame.width), (top, frame.height)))
        stored = max(1, round(right * frame.width) - x), max(1, round(bottom * frame.height) - y)
        shown = stored[::-1] if swap else stored
        place = placement(shown, self.size, self.fit) if self.size else (0, 0, *shown)
        scaled = place[3:1:-1] if swap else place[2:]

        graph = Graph()
        graph.threads = 1  # a small picture is scaled sooner than threads are woken
        nodes = [
            graph.add(
                "buffer",
                f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base=1/1000"
                f":colorspace={int(frame.colorspace)}:range={int(frame.color_range)}",
            )
        ]
        if stored != (frame.width, frame.height):
            nodes.append(graph.add("crop", f"{stored[0]}:{stored[1]}:{x}:{y}:exact=1"))
        how = "area" if scaled[0] <= stored[0] and scaled[1] <= stored[1] else "bilinear"
        nodes.append(graph.add("scale", f"{scaled[0]}:{scaled[1]}:flags={how}:out_range=full"))
        nodes.append(graph.add("format", "gray" if self.gray else "rgb24"))
        nodes.append(graph.add("buffersink"))
        graph.link_nodes(*nodes).configure()
        return graph, place, (swap, down, across)
