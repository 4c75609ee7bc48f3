"""Cut recordings and live samples into windows, and classify them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Input, Manifest
from featherfall.core.progress import report
from featherfall.core.recording import Recording, Stream, Video
from featherfall.core.window import Window
from featherfall.runtime.perceive.blank import shown_share
from featherfall.runtime.perceive.images import predict_pictures, refuse_image
from featherfall.signals.frames import RecordingWindows, TimesSpool, WindowTimes, covered_share, cut_parts, cut_recording
from featherfall.signals.pictures import film_clock, frame_times, read_pictures
from featherfall.signals.spool import Spool
from featherfall.signals.video import is_image

RunModel = Callable[[Mapping[str, np.ndarray]], np.ndarray]  # (K, ...) inputs by name -> (K, classes) probabilities: `Bundle.probabilities`

MEMORY = 256 << 20  # bytes of pictures at once, so that memory does not grow with the film's length


def predict_windows(recording: Recording, manifest: Manifest, run: RunModel) -> tuple[WindowTimes, np.ndarray]:
    """Cut a recording as the model was trained, and run the model on every window.

    A model of single pictures takes each picture of a film for itself. Samples are cut and judged part by part, so that memory does not
    grow with the recording's length.

    Returns: K windows and their (K, classes) float32 probabilities.
    Raises: `UserError` when the recording lacks an input, or has it in another unit or with other channels.
    """
    reference, *_ = manifest.inputs
    films = {one.name: _film(recording, manifest, one) for one in manifest.inputs if one.is_film}
    streams = {one.name: _stream(recording, manifest, one) for one in manifest.inputs if not one.is_film}
    for film in films.values():
        refuse_image(manifest, film)
    if manifest.kind == "picture" and not is_image(films[reference.name]):
        return predict_pictures(films[reference.name], reference.size, lambda pictures: run({reference.name: pictures}))
    if reference.is_film:
        streams[reference.name] = film_clock(films[reference.name])
    parts = cut_parts if not films else _whole  # a film is decoded once, in order, for all windows
    times, probabilities = TimesSpool(), Spool(np.float32, len(manifest.labels))
    for cut in parts(streams, manifest.window, reference.name):
        found, shown = _probabilities(cut, manifest, films, streams[reference.name], run)
        at = cut.times()
        times.add(replace(at, valid=at.valid * shown))
        probabilities.add(found)
        if len(at.end_s):
            base = streams[reference.name]
            report("judging", float(at.end_s[-1] - base.times[0]) / base.duration)
    covered = covered_share(streams, manifest.window, reference.name)
    if manifest.kind == "film" and reference.is_film:
        covered *= _dense_enough(streams[reference.name], reference.frames / manifest.window.seconds)
    return replace(times.joined(), covered=covered), probabilities.array()


def _dense_enough(film: Stream, wanted: float) -> bool:
    """Return whether a film has at least every second picture that a window wants; wanted: Hz. With fewer, most would be repeats."""
    return film.clock == "own" or len(film.times) < 2 or film.rate >= 0.5 * wanted


def _whole(streams: Mapping[str, Stream], window: Window, reference: str) -> Iterator[RecordingWindows]:
    yield cut_recording(streams, window, reference)


def _probabilities(
    cut: RecordingWindows, manifest: Manifest, films: Mapping[str, Video], reference: Stream, run: RunModel
) -> tuple[np.ndarray, np.ndarray]:
    """Return the windows' probabilities, (K, classes), and the share of each one's pictures that show something, (K,); 1 without films.

    Pictures are read for as many windows at once as fit in memory.
    """
    inputs = [one for one in manifest.inputs if one.is_film]
    wanted = {one.name: frame_times(films[one.name], cut, reference, one.frames) for one in inputs}
    parts = _parts(len(cut.start_s), sum(one.frames * one.size**2 * 3 for one in inputs))
    out, shown = [], np.ones(len(cut.start_s))
    for part in parts:
        values = {name: windows[part] for name, windows in cut.inputs.items()}
        for one in inputs:
            values[one.name] = read_pictures(films[one.name], wanted[one.name][part], one.size, stretch=len(parts) > 1)
            shown[part] = np.minimum(shown[part], shown_share(values[one.name]))
        out.append(run(values))
    return np.concatenate(out), shown


def _parts(windows: int, size: int) -> list[slice]:
    """Split windows into parts whose pictures fit in memory, at least one part; size: bytes of one window's pictures."""
    count = max(1, MEMORY // size) if size else max(1, windows)
    return [slice(at, at + count) for at in range(0, max(1, windows), count)]


def _film(recording: Recording, manifest: Manifest, need: Input) -> Video:
    if need.name not in recording.videos:
        raise UserError(f"{recording.id}: bundle {manifest.name!r} needs the film {need.name!r}; the recording has none of this name")
    return recording.videos[need.name]


def _stream(recording: Recording, manifest: Manifest, need: Input) -> Stream:
    if need.name not in recording.streams:
        has = ", ".join(recording.streams) or "none"
        raise UserError(f"{recording.id}: bundle {manifest.name!r} needs the input {need.name!r}; the recording has: {has}")
    stream = recording.streams[need.name]
    if stream.unit != need.unit:
        raise UserError(f"{recording.id}: input {need.name!r} is in {stream.unit!r}, the bundle needs {need.unit!r}; convert it")
    if stream.values.shape[1] != len(need.channels):
        raise UserError(
            f"{recording.id}: input {need.name!r} has {stream.values.shape[1]} channel(s), the bundle needs {len(need.channels)}: "
            f"{', '.join(need.channels)}"
        )
    return stream
