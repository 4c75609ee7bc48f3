"""The interface of sources, and `open_source`, which opens them by name, or by a path's ending or an object's type.

A source is one file in this folder, or a plugin: a function `(spec, manifest, **options) -> InputSource`, registered as

    @register("source", "parquet", gives="samples", suffixes=[".parquet"])

facts: `gives` is "samples" or "frames"; `suffixes` are file endings that it opens; `schemes` are those of URLs ("rtsp").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.manifest import Manifest
from featherfall.core.recording import Recording, Video
from featherfall.core.registry import facts, find, known_names
from featherfall.signals.video import Frame, read_frames

PACKET = 1.0  # s of samples that a recorded source yields at once


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples that arrive together.

    Attributes:
        times: (N,) float64 seconds on the source's clock.
        values: (N, C) by input name.
        units: of them, by input name; without one it is what the bundle's manifest states.
    """

    times: np.ndarray
    values: Mapping[str, np.ndarray]
    units: Mapping[str, str] = field(default_factory=dict)


class InputSource(Protocol):
    """Timed samples or frames, in order of time."""

    @property
    def name(self) -> str:
        """For messages and notices."""

    def samples(self) -> Iterator[Samples]:
        """Yield packets of samples; nothing for a source of frames."""

    def frames(self, rate: float | None = None, problems: list[str] | None = None) -> Iterator[Frame]:
        """Yield frames; nothing for a source of samples.

        Arguments:
            rate: frames per second, Hz; None yields all.
            problems: receives one line for each part of the source that is lost; None raises it.
        """


@dataclass(frozen=True, eq=False)
class Recorded:
    """A source that is complete: a file, a folder, an array."""

    name: str
    recording: Recording

    def samples(self) -> Iterator[Samples]:
        """Yield `PACKET` seconds of all streams at once, as a live sensor would."""
        streams = self.recording.streams
        if not streams:
            return
        times = next(iter(streams.values())).times
        at = 0
        while at < len(times):  # from sample to sample: a gap holds no packets
            whole = np.floor((times[at] - times[0]) / PACKET) + 1
            end = max(int(np.searchsorted(times, times[0] + whole * PACKET)), at + 1)
            yield Samples(times[at:end], {name: stream.values[at:end] for name, stream in streams.items()})
            at = end

    def frames(self, rate: float | None = None, problems: list[str] | None = None) -> Iterator[Frame]:
        """Yield the frames of the film; raises `UserError` as `signals.video.read_frames`."""
        for video in self.recording.videos.values():
            yield from read_frames(video, rate=rate, problems=problems)


def open_source(spec: Any, manifest: Manifest, source: str | None = None, **options: Any) -> InputSource:
    """Open a source.

    Arguments:
        spec: path or URL; `Recording` or `Video`; array, mapping of arrays, or DataFrame.
        manifest: of the bundle that takes the samples or frames.
        source: a registered name; None chooses by the URL's scheme, the file's ending, or the object.
        options: those of the source, e.g. `recorders.reading.ReadOptions`' fields.
    Raises: `UserError`, one line, for a spec that cannot be opened.
    """
    if isinstance(spec, Recording):
        return Recorded(spec.trial, spec)
    name = source or source_of(spec, manifest)
    try:
        return cast(InputSource, find("source", name)(spec, manifest, **options))
    except TypeError as error:
        if "unexpected keyword argument" not in str(error):
            raise
        raise UserError(f"source {name!r}: {str(error).split('() ', 1)[-1]}; leave it out") from error


def open_recording(spec: Any, manifest: Manifest, source: str | None = None, **options: Any) -> Recording:
    """Open a recorded source as a whole; raises `UserError` as `open_source`, and for a live source."""
    opened = open_source(spec, manifest, source, **options)
    if not isinstance(opened, Recorded):
        raise UserError(f"{opened.name}: a live source has no end; watch it instead")
    return opened.recording


def source_of(spec: Any, manifest: Manifest) -> str:
    """Return the name of the source for a path, URL or object: "array" for an object, else by scheme or ending, else "csv" or "film"."""
    if isinstance(spec, Video):
        return "film"
    if not isinstance(spec, str | Path):
        return "array"
    wanted = gives(manifest)
    scheme, separator, _ = str(spec).partition("://")
    known = {name: _facts(name) for name in known_names("source")}
    if separator:
        for name, its in known.items():
            if scheme in its.get("schemes", ()):
                return name
        raise UserError(f"{spec}: no source for {scheme}://; known: {', '.join(known)}")
    suffix = Path(spec).suffix.lower()
    fitting = (name for name, its in known.items() if its.get("gives") == wanted and suffix in its.get("suffixes", ()))
    return next(fitting, {"samples": "csv", "frames": "film"}[wanted])


def gives(manifest: Manifest) -> str:
    """Return what a bundle takes: "samples", or "frames" of a camera or a film."""
    return "samples" if manifest.kind == "window" and not any(one.is_film for one in manifest.inputs) else "frames"


def _facts(name: str) -> Mapping[str, Any]:
    try:
        return facts("source", name)
    except UserError:  # a broken plugin must not keep others from being opened; `featherfall list` names it
        return {}
