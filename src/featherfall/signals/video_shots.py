"""Shared by films and folders of images: frames before scaling, their clock, damage, facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.core.text import clock_time

if TYPE_CHECKING:
    from av import VideoFrame

_MAX_STRETCHES = 3  # in a message


@dataclass(frozen=True, eq=False)
class PendingFrame:
    """A frame that is decoded only where it is wanted.

    Attributes:
        time: s on the recording's clock.
        first: the time of the film's first frame.
        load: returns the decoded frame, or None where it is damaged (which is recorded in `Damage`).
    """

    time: float
    first: float
    load: Callable[[], VideoFrame | None]


@dataclass
class Damage:
    """What of a film is lost.

    Attributes:
        lines: messages, each naming the file and the remedy.
        lost: stretches (from, to) without frames, s on the recording's clock.
    """

    lines: list[str] = field(default_factory=list)
    lost: list[tuple[float, float]] = field(default_factory=list)

    def shown(self) -> str:
        """Return the stretches for a message: "0:02.0 to 0:03.4 and 0:08.0 to 0:09.0"."""
        shown = [f"{_clock(start)} to {_clock(end)}" for start, end in self.lost[:_MAX_STRETCHES]]
        more = len(self.lost) - len(shown)
        return " and ".join(shown) + (f" and {more} more" if more else "")


@dataclass(frozen=True)
class VideoFacts:
    """Properties of a film.

    Attributes:
        width, height: pixels as shown upright, before `Video.crop`.
        frames: how many; `counted` from the packets or pictures themselves, else from the index that the file carries (without what lies
            beyond the end of a file that was cut short).
        duration: s, the last frame's own time included.
        codec: e.g. "h264"; "png" for pictures.
        pixels: the decoder's format, e.g. "yuv420p10le".
        rate: mean frames a second, Hz; 0 where the file does not say and there is one frame only.
        variable: frames are not evenly spaced.
        rotation: degrees by which stored pictures are turned counter-clockwise to stand upright: 0, 90, 180 or 270.
    """

    width: int
    height: int
    frames: int
    counted: bool
    duration: float
    codec: str
    pixels: str
    rate: float
    variable: bool
    rotation: int


def _clock(seconds: float) -> str:
    return clock_time(max(seconds, 0.0))


def load_av(path: Path) -> ModuleType:
    """Import PyAV; raises `UserError` where it is not installed."""
    try:
        import av
    except ImportError:
        raise UserError(f"{path}: reading video needs the package av; give `pip install 'featherfall[video]'`") from None
    return av


def frame_time(video: Video, index: int, stamp: float | None) -> float | None:
    """Return when frame `index` was taken, s on the recording's clock; None where nothing says so.

    Arguments:
        stamp: s after the first frame, as the file or the picture's name has it.
    """
    if video.times is not None:
        return float(video.times[index]) if index < len(video.times) else None
    if video.rate is not None:
        return video.start + index / video.rate
    return None if stamp is None else video.start + stamp


def frame_spacing(times: np.ndarray, tick: float, stated: float = 0.0) -> tuple[float, bool, float]:
    """Return the mean rate (Hz), whether it varies, and the duration (s).

    Arguments:
        times: (N,) seconds in order, N >= 1.
        tick: the finest step that the file can tell, s; stamps may be off by one.
        stated: rate to take where there is one frame only, Hz.
    """
    if len(times) < 2 or times[-1] <= times[0]:
        return stated, False, len(times) / stated if stated else 0.0
    steps = np.diff(times)
    usual = float(np.median(steps))
    rate = float((len(times) - 1) / (times[-1] - times[0]))
    return rate, bool((np.abs(steps - usual) > max(0.1 * usual, 1.01 * tick)).any()), float(times[-1] - times[0] + usual)
