"""How much of a film's time could be judged, and why the rest could not: for the verdict on a film, and for notices of a live camera."""

from __future__ import annotations

from collections.abc import Sequence

from featherfall.core.text import clock_time
from featherfall.runtime.observation import FrameResult, Notice
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.verdict import percent_of

NO_NUMBERS = "the model gives no probabilities (its output is not a number); export the bundle again, or use another one"
BLANK = "the pictures show nothing (black, covered, or of one colour)"
FROZEN = "the picture never changes"
LOST = "its pictures are lost"
NOBODY = "nobody was seen in any picture, which is not the same as no fall"
TOO_SHORT = "nobody was seen for long enough to be judged"

TOO_SMALL = "people are too small in the pictures: less than {:g} pixels from head to foot"

# Pixels, a pose's size. In 12 simulated films made smaller, 9 of 14 falls of people of 16 to 30 pixels were found, and 7 of 7 at 26 to 58.
MIN_PERSON = 30.0
NOTICE_S = 10.0  # s without a judgement before a live camera says so: lights that go on, or a reconnecting camera, take less
_MAX_STRETCHES = 3  # in a line


def too_few(least_rate: float) -> str:
    """Return the reason of pictures that come too slowly; least_rate: pictures a second that the model needs, Hz."""
    return f"fewer than {least_rate:g} pictures a second, between which a fall can be missed"


class Coverage:
    """The seconds of a film that could not be judged, by reason.

    Attributes:
        pictures, peopled: number of pictures, and of those with somebody in them.
        small: number of pictures in which the largest person is smaller than `MIN_PERSON`, by keypoints.
        windows: number of probabilities of a fall.
        first, last: times of the first and the last picture, s.
    """

    def __init__(self) -> None:
        self.pictures = self.peopled = self.small = self.windows = 0
        self.first = self.last = 0.0
        self._stretches: dict[str, list[tuple[float, float]]] = {}

    def add(self, result: FrameResult) -> None:
        """Take the next picture's result: its `unjudged` is about the time since the picture before it."""
        if not self.pictures:
            self.first = self.last = result.time
        if result.unjudged:
            self._mark(result.unjudged, self.last, result.time)
        self.last = result.time
        self.pictures += 1
        self.peopled += bool(result.people)
        sizes = [one.sighting.size for one in result.people if isinstance(one.sighting, Pose)]
        self.small += bool(sizes) and max(sizes) < MIN_PERSON
        self.windows += len(result.scores)

    def add_lost(self, stretches: Sequence[tuple[float, float]]) -> None:
        """Take the stretches whose pictures are lost, after all pictures; those between two pictures count already, as too few."""
        for _, end in stretches:
            if end > self.last:
                self._mark(LOST, self.last, end)
                self.last = end

    @property
    def seconds(self) -> float:
        """From the first picture to the last, or to the end of what is lost."""
        return self.last - self.first

    @property
    def share(self) -> float:
        """Share of the time that could be judged, 0..1."""
        missing = sum(end - start for stretches in self._stretches.values() for start, end in stretches)
        return max(1 - missing / self.seconds, 0.0) if self.seconds > 0 else float(not self._stretches)

    def reasons(self) -> list[str]:
        """Return why time was not judged, a line for each reason."""
        return [self._line(reason, stretches) for reason, stretches in self._stretches.items()]

    def _mark(self, reason: str, start: float, end: float) -> None:
        known = self._stretches.setdefault(reason, [])
        if known and known[-1][1] >= start:
            known[-1] = known[-1][0], end
        else:
            known.append((start, end))

    def _line(self, reason: str, stretches: list[tuple[float, float]]) -> str:
        missing = sum(end - start for start, end in stretches)
        if missing >= self.seconds:
            return f"nothing of it was judged: {reason}"
        shown = ", ".join(f"{clock_time(max(start, 0.0))} to {clock_time(max(end, 0.0))}" for start, end in stretches[:_MAX_STRETCHES])
        more = f" and {len(stretches) - _MAX_STRETCHES} more" if len(stretches) > _MAX_STRETCHES else ""
        return f"{percent_of(missing / self.seconds)} of it was not judged ({shown}{more}): {reason}"


class Alertness:
    """Raise a notice where a live camera has judged nothing for `NOTICE_S` seconds; once, until it judges again."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._told = False

    def step(self, time: float, reason: str) -> list[Notice]:
        """Take the next picture's reason, "" where it could be judged; return its notice, if there is one."""
        if not reason:
            self._since, self._told = None, False
            return []
        self._since = time if self._since is None else self._since
        if self._told or time - self._since < NOTICE_S:
            return []
        self._told = True
        return [Notice.cannot_judge(time, reason)]
