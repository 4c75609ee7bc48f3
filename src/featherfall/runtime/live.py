"""Live samples -> windows -> events, as packets arrive."""

from __future__ import annotations

import numpy as np

from featherfall.runtime.decide.events import Event, has_numbers
from featherfall.runtime.perceive.windows import RunModel
from featherfall.runtime.prediction import Prediction, make_prediction
from featherfall.runtime.sources.source import Samples
from featherfall.runtime.sources.stream import SampleStream
from featherfall.signals.frames import RecordingWindows, WindowTimes, join_times

TRACE = 5000  # windows remembered of live samples: 40 minutes at a stride of .5 s; it only bounds the memory


class LiveWindows:
    """Probabilities of the windows of live samples: each window once, as soon as it is complete.

    Attributes:
        stream: the samples held.
        prediction: the last `TRACE` usable windows, and the events that follow.
        unjudged: why the model cannot judge the latest windows, one line; "" as long as it can. Gaps in the samples are no such reason.
    """

    def __init__(self, stream: SampleStream, run: RunModel) -> None:
        self.stream, self._run = stream, run
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        manifest = self.stream.manifest
        self.stream.reset()
        self.unjudged = ""
        self._windows = WindowTimes(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0), 0.0)
        self.prediction = make_prediction(manifest, self._windows, np.zeros((0, len(manifest.labels)), np.float32))

    def add(self, samples: Samples) -> Prediction:
        """Take a packet; return the prediction so far.

        Raises: `UserError` for samples that are not those of the bundle's sensors.
        """
        self.stream.add(samples)
        return self._judge(self.stream.windows())

    def finish(self) -> Prediction:
        """Judge what is left, as nothing more comes for now; return the prediction so far."""
        return self._judge(self.stream.finish())

    def _judge(self, cut: RecordingWindows | None) -> Prediction:
        manifest = self.stream.manifest
        if cut is None or not len(cut.centre_s):
            return self.prediction
        new = make_prediction(manifest, cut.times(), self._run(cut.inputs))
        broken = not has_numbers(new.probabilities).any()
        self.unjudged = new.verdict.reasons[0] if broken else ""
        self._windows = join_times([self._windows, cut.times().select(new.usable)]).select(slice(-TRACE, None))
        probabilities = np.concatenate([self.prediction.probabilities, new.probabilities[new.usable]])[-TRACE:]
        self.prediction = make_prediction(manifest, self._windows, probabilities)
        return self.prediction

    def new_events(self, samples: Samples) -> list[Event]:
        """Take a packet; return the events that it raised. Each is returned once, as its first window that counts is complete.

        Raises: as `add`.
        """
        known = self._windows.end_s[-1] if len(self._windows.end_s) else -np.inf
        return [event for event in self.add(samples).events if event.raised_s > known]
