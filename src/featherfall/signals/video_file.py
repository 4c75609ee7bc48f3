"""Read films of any container and codec that FFmpeg decodes, in order, and report damage."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.files import open_file
from featherfall.core.recording import Video

from .video_shape import MAX_PIXELS, orientation, turned
from .video_shots import Damage, PendingFrame, VideoFacts, frame_spacing, frame_time, load_av

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

# Text drawn as a terminal would, and lists of other files: not films.
_NOT_FILMS = {"tty", "hls", "dash", "concat", "concatf", "ffmetadata", "rtsp", "sdp"}
_MAX_DELAYED = 100  # attempts to flush; more than any decoder delays frames
_MP4_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"}
_NO_TIMES = 0x80  # AVFMT_NOTIMESTAMPS
_CONVERT = "convert it, e.g. `ffmpeg -i IN -c:v libx264 OUT.mp4`"


@contextlib.contextmanager
def open_video(video: Video) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open a film and one of its video streams for decoding; raises `UserError` for whatever is not a film.

    A file without times of its own (a raw stream of H.264) is refused unless `video` states its rate or times: FFmpeg would make them up.
    """
    path = video.path
    av = load_av(path)
    with contextlib.ExitStack() as stack:
        if os.path.isdir(path):
            raise UserError(f"{path}: a folder, not a film; name the file, or state that it holds pictures (images)")
        # Opened here and without its name, which FFmpeg would take for a pattern (%03d), a network address or the format.
        file = stack.enter_context(open_file(path))
        head = file.peek(12)[:12]
        if not head:
            raise UserError(f"{path}: the file is empty; copy it again or leave it out")
        if head.startswith(b"\x89PNG"):  # read as one, its compressed text could fill the memory
            raise UserError(f"{path}: a PNG picture, not a film; give its name the ending .png, or state that it is a picture (images)")
        try:
            container: InputContainer = stack.enter_context(av.open(file, options={"protocol_whitelist": "none"}))
        except (av.FFmpegError, OSError, ValueError):
            if head[4:8] in _MP4_BOXES:
                raise UserError(f"{path}: cut short, the film's index at its end is missing; copy it again") from None
            raise UserError(f"{path}: not a film, or damaged from the start; copy it again or leave it out") from None
        streams = _video_streams(container)
        if container.format.name in _NOT_FILMS:
            raise UserError(f"{path}: not a film ({container.format.long_name}); name the film itself")
        if not streams:
            kind = "sound only" if container.streams.audio else "no pictures inside"
            raise UserError(f"{path}: {kind}; name the film itself or leave it out")
        if container.format.flags & _NO_TIMES and video.rate is None and video.times is None:
            raise UserError(
                f"{path}: {container.format.long_name}, which holds no times; state its pictures a second, e.g. --rate 25, or put it into "
                "a film: ffmpeg -framerate 25 -i IN -c copy OUT.mp4"
            )
        stream = _choose_stream(video, streams)
        context = getattr(stream, "codec_context", None)
        if context is None or context.codec is None:
            raise UserError(f"{path}: no decoder for its video; {_CONVERT}")
        if stream.width * stream.height > MAX_PIXELS:
            most = f"more than {MAX_PIXELS // 1_000_000} million pixels"
            raise UserError(f"{path}: {stream.width} x {stream.height}, {most}; scale it down first")
        context.options = {"max_pixels": str(MAX_PIXELS)}
        if stream.codec.canonical_name == "mjpeg":  # would fill damaged parts with uninitialised memory
            context.options["err_detect"] = "explode"
        # On several threads, FFmpeg's decoders lose sound frames beside damaged ones, which ones by chance, and HEVC's waits for ever.
        stream.thread_count = 1
        yield container, stream


def stream_notes(video: Video) -> list[str]:
    """Return a line that says which of several video streams is read; none where there is one, or where one was chosen."""
    with open_video(video) as (container, chosen):
        streams = _video_streams(container)
        if len(streams) < 2 or video.stream is not None:
            return []
        sizes = ", ".join("{}: {} x {}".format(number, *_size(one)) for number, one in enumerate(streams))
        return [f"{len(streams)} video streams ({sizes}); number {streams.index(chosen)} is read, --stream N reads another"]


def _video_streams(container: InputContainer) -> list[VideoStream]:
    """Return the streams that are films; covers of sound files are pictures."""
    from av.stream import Disposition

    return [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]


def _size(stream: VideoStream) -> tuple[int, int]:
    """Return width and height; zeros for a stream without a decoder, which has no such attributes."""
    return getattr(stream, "width", 0), getattr(stream, "height", 0)


def _choose_stream(video: Video, streams: list[VideoStream]) -> VideoStream:
    """Return the stated stream, else the largest of those that the file marks as default, else the largest; of equals the first."""
    from av.stream import Disposition

    if video.stream is not None:
        if not 0 <= video.stream < len(streams):
            raise UserError(f"{video.path}: no video stream {video.stream}; it has {len(streams)}, give 0 to {len(streams) - 1}")
        return streams[video.stream]
    default = [one for one in streams if one.disposition & Disposition.default]
    return max(default or streams, key=lambda one: math.prod(_size(one)))


def read_film_frames(video: Video, begin: float, damage: Damage) -> Iterator[PendingFrame]:
    """Yield frames in order of time.

    Arguments:
        begin: earlier frames are not needed (but some may come), s on the recording's clock.
        damage: receives messages about lost frames, once the film has been read to its end.
    """
    with open_video(video) as (container, stream):
        by_stamp = video.rate is None and video.times is None
        reader = _Reader(video.path, container, stream)
        shots = _timed(video, reader, damage)
        first = next(shots, None)
        if first is None:
            lost = f"none of {reader.lost} frames can be decoded" if reader.lost else "no frames"
            raise UserError(f"{video.path}: {lost}; copy it again or leave it out")
        if not by_stamp or begin - first.time < 2:  # a seek costs about as much as some frames
            yield first
            yield from shots
            return
        zero = reader.zero
    with open_video(video) as (container, stream):
        reader = _Reader(video.path, container, stream, zero)
        shots = _timed(video, reader, damage, first.time) if reader.seek(begin - video.start) else iter(())
        shot = next(shots, None)
        if shot is not None and shot.time < begin:
            yield shot
            yield from shots
            return
    # The file's index is wrong or absent, or nothing is left there: through the film from its start.
    with open_video(video) as (container, stream):
        yield from _timed(video, _Reader(video.path, container, stream), damage)


def film_facts(video: Video) -> VideoFacts:
    """Return a film's facts, as `probe`."""
    with open_video(video) as (container, stream):
        stamps, counted = _stamps(container, stream, os.path.getsize(video.path))
    with open_video(video) as (container, stream):
        reader = _Reader(video.path, container, stream)
        frame = next((frame for _, frame in reader.frames()), None)
        if frame is None or not len(stamps):
            raise UserError(f"{video.path}: no frames that can be decoded; copy it again or leave it out")
        tick, stated, codec = float(stream.time_base or 0), float(stream.average_rate or 0), stream.codec.canonical_name
        swap, _, _ = turned(orientation(frame), video.rotate)
        width, height = (frame.height, frame.width) if swap else (frame.width, frame.height)
        turn = round(frame.rotation / 90) * 90 % 360
        pixels = frame.format.name
    if video.times is not None:
        stamps, tick = np.asarray(video.times[: len(stamps)], dtype=float), 0.0
    elif video.rate is not None:
        stamps, tick = np.arange(len(stamps)) / video.rate, 0.0
    rate, variable, duration = frame_spacing(stamps, tick, video.rate or stated)
    return VideoFacts(width, height, len(stamps), counted, duration, codec, pixels, rate, variable, turn)


def _timed(video: Video, reader: _Reader, damage: Damage, first: float | None = None) -> Iterator[PendingFrame]:
    """Yield frames with strictly increasing times; `first` is the film's first time where the reader starts later."""
    last, repeated, timeless, given, lost = -np.inf, 0, 0, 0, 0
    for index, frame in reader.frames():
        time = frame_time(video, index, reader.stamp(frame))
        if time is None:
            timeless += 1
            continue
        if time <= last:
            repeated += 1
            continue
        if reader.lost > lost and given:
            damage.lost.append((last, time))
        first = time if first is None else first
        last, given, lost = time, given + 1, reader.lost
        yield PendingFrame(time, first, lambda frame=frame: frame)  # type: ignore[misc]
    if reader.lost and given:
        if reader.lost > lost:
            damage.lost.append((last, max(reader.end(video, first or 0.0), last)))
        where = f"at {damage.shown()}, the last one" if damage.lost else "the last one"
        damage.lines.append(
            f"{video.path}: {reader.lost} of {reader.lost + reader.read} frames cannot be decoded, {where} at {last - (first or 0):.1f} s; "
            "copy it again"
        )
    if repeated:
        damage.lines.append(f"{video.path}: {repeated} frames left out, whose times do not go on; state the film's rate")
    if timeless:
        damage.lines.append(f"{video.path}: {timeless} frames left out, for which no time is stated; state the film's rate")


class _Reader:
    """Decoder of one film from the current position to its end; counts lost frames."""

    def __init__(self, path: Path, container: InputContainer, stream: VideoStream, zero: float | None = None) -> None:
        self.path, self.container, self.stream = path, container, stream
        self.zero = zero  # the first frame's stamp in the file, s
        self.read = self.lost = 0
        self._whole = zero is None
        self._next = 0.0  # where a frame without stamp belongs
        rate = stream.average_rate or stream.guessed_rate
        self._step = float(1 / rate) if rate else 1 / 25

    def seek(self, time: float) -> bool:
        """Seek to a frame at or before `time` (s after the first frame); return False where the file does not allow it."""
        av = load_av(self.path)
        base = self.stream.time_base
        if base is None:
            return False
        try:
            self.container.seek(int((time + (self.zero or 0) - self._step) / base), stream=self.stream)
        except (av.FFmpegError, OSError):
            return False
        return True

    def frames(self) -> Iterator[tuple[int, VideoFrame]]:
        """Yield intact frames with their numbers; numbers of lost ones are skipped."""
        for decoded in self._decoded():
            for frame in decoded:
                if frame.is_corrupt:
                    self.lost += 1
                else:
                    self.read += 1
                    yield self.read + self.lost - 1, frame
        if self._whole:
            self.lost = max(self.lost, self._expected() - self.read)

    def _decoded(self) -> Iterator[list[VideoFrame]]:
        """Yield decoded frames packet by packet; a damaged packet counts as one lost frame."""
        av = load_av(self.path)
        packets = self.container.demux(self.stream)
        ended = 0
        while ended < _MAX_DELAYED:  # some decoders report damage at the end for ever
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError):  # the container is damaged, or the medium fails
                packet = None
            try:
                if packet is None:
                    ended += 1
                    yield self.stream.decode(None)
                    return
                yield packet.decode()
            except av.error.EOFError:  # the demuxer flushed already
                return
            except av.error.InvalidDataError:
                self.lost += packet is not None
            except (av.FFmpegError, OSError):
                return

    def stamp(self, frame: VideoFrame) -> float:
        """Return the frame's time in s after the film's first frame."""
        base: Any = frame.time_base
        time = float(frame.pts * base) if frame.pts is not None and base else self._next
        self._next = time + self._step
        self.zero = time if self.zero is None else self.zero
        return time - self.zero

    def end(self, video: Video, first: float) -> float:
        """Return when the film should end, s on the recording's clock; 0 where nothing says so.

        Arguments:
            first: the first frame's time.
        """
        if video.times is not None:
            return float(video.times[-1])
        if video.rate is not None:
            return first + (self.read + self.lost) / video.rate
        return first + max(self._seconds(), (self.read + self.lost) * self._step if self.stream.frames else 0.0)

    def _seconds(self) -> float:
        """Return the duration that the file states, s; 0 where it does not."""
        stream = self.stream
        seconds = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        if not seconds and len(self.container.streams) == 1:
            seconds = (self.container.duration or 0) / 1e6
        return seconds

    def _expected(self) -> int:
        """Return how many frames the file should have where it falls short by more than rounding; else 0."""
        stream, count = self.stream, self.stream.frames
        if count > self.read:  # frames that an edit list hides are in the index and never come out
            count -= sum(entry.is_discard for entry in stream.index_entries)
        elif not count and self.zero is not None:
            missing = self._seconds() - (self._next - self.zero)
            count = self.read + round(missing / self._step) if missing > 0.5 else 0
        return count if count - self.read > max(2, 0.01 * count) else 0


def _stamps(container: InputContainer, stream: VideoStream, size: int) -> tuple[np.ndarray, bool]:
    """Return times (N,) s of all frames, and whether they come from the packets because the index is incomplete."""
    av = load_av(Path(""))
    base = float(stream.time_base or 0)
    entries = list(stream.index_entries)
    if stream.frames and len(entries) == stream.frames:
        ticks = np.array([entry.timestamp for entry in entries if not entry.is_discard and entry.pos + entry.size <= size], dtype=float)
        if len(ticks) < 3 or np.ptp(np.diff(ticks)) <= 1:  # these are times of decoding: right for films of even rate only
            return ticks * base, False
    found: list[int | None] = []
    try:
        for packet in container.demux(stream):
            if packet.size:
                found.append(packet.pts if packet.pts is not None else packet.dts)
    except (av.FFmpegError, OSError):
        pass
    if None in found or not base:
        return np.arange(len(found)) / float(stream.average_rate or 25), True
    return np.sort(np.array(found, dtype=float)) * base, True
