"""Watch a source as it goes: notices as they come."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from featherfall.api.cameras import open_monitor
from featherfall.api.model import Model, load
from featherfall.core.errors import UserError
from featherfall.core.registry import find
from featherfall.runtime.bundle import Bundle
from featherfall.runtime.live import LiveWindows
from featherfall.runtime.observation import Notice
from featherfall.runtime.sinks.sink import Plain, Sink
from featherfall.runtime.sources.prefetch import prefetch
from featherfall.runtime.sources.source import InputSource, gives, open_source
from featherfall.runtime.sources.stream import SampleStream


def watch(
    model: Model | str | Path,
    source: Any,
    sinks: Sequence[str | Sink | Callable[[Notice], object]] = (),
    **options: Any,
) -> Iterator[Notice]:
    """Yield the notices of a source as they come; a recorded source is watched as if it were live.

    Nothing is read before the first notice is asked for.

    Arguments:
        model: a model, or what `load` takes.
        source: what `Model.predict` takes, an opened `InputSource`, or the URL of a registered source.
        sinks: where notices go, too: names of registered sinks ("console", "jsonl"), sinks, or functions of a notice.
        options: of the source, and of cameras as in `Model.predict`.
    Raises: `UserError`, one line.
    """
    bundle = (model if isinstance(model, Model) else load(model)).bundle
    opened = [_sink(one) for one in sinks]
    if gives(bundle.manifest) == "samples":
        notices = _samples(bundle, source, options)
    elif bundle.manifest.kind in ("keypoints", "detector"):
        notices = _frames(bundle, source, options)
    else:
        raise UserError(f"bundle {bundle.manifest.name!r} (kind {bundle.manifest.kind}) follows nobody; predict with it")
    return _told(notices, opened, str(source) if isinstance(source, str | Path) else "")


def _told(notices: Iterator[Notice], sinks: Sequence[Sink], source: str) -> Iterator[Notice]:
    with contextlib.ExitStack() as stack:
        for sink in sinks:
            stack.enter_context(sink)
        for notice in notices:
            for sink in sinks:
                sink.notice(notice, source)
            yield notice


def _samples(bundle: Bundle, spec: Any, options: dict[str, Any]) -> Iterator[Notice]:
    """A possible fall for each event, when its first window that counts is complete; once for each time that nothing can be judged; and
    corrupt samples."""
    windows = LiveWindows(SampleStream(bundle.manifest), bundle.probabilities)
    told = False
    for packet in _open(spec, bundle, options).samples():
        found = windows.new_events(packet)
        if windows.unjudged and not told:
            yield Notice.cannot_judge(windows.stream.now, windows.unjudged)
        told = bool(windows.unjudged)
        if left_out := windows.stream.left_out():
            yield Notice.left_out(windows.stream.now, left_out)
        for event in found:
            yield Notice("possible fall", event.raised_s, 0, event.confidence)


def _frames(bundle: Bundle, spec: Any, options: dict[str, Any]) -> Iterator[Notice]:
    monitor, of_source = open_monitor(bundle, options)
    for frame in prefetch(_open(spec, bundle, of_source).frames(monitor.rate)):
        seen = monitor.see(frame.time, frame.image)
        yield from seen.notices if seen is not None else ()
    yield from monitor.finish()


def _open(spec: Any, bundle: Bundle, options: dict[str, Any]) -> InputSource:
    if hasattr(spec, "samples") and hasattr(spec, "frames"):
        return spec  # type: ignore[no-any-return]
    return open_source(spec, bundle.manifest, **options)


class _Function(Sink):
    """A function as a sink of notices."""

    def __init__(self, function: Callable[[Any], object]) -> None:
        self._function = function

    def notice(self, notice: Plain, source: str = "") -> None:
        self._function(notice)


def _sink(stated: str | Sink | Callable[[Notice], object]) -> Sink:
    if isinstance(stated, str):
        return find("sink", stated)()  # type: ignore[no-any-return]
    if isinstance(stated, Sink):
        return stated
    if callable(stated):
        return _Function(stated)
    raise UserError(f"sinks: {stated!r} is no sink; give the name of a registered one, a Sink, or a function of a notice")
