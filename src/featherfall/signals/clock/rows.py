"""Put the rows of a recorder in order of time, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from featherfall.core.errors import UserError
from featherfall.signals.clock.notes import ClockNotes
from featherfall.signals.clock.steps import EPOCH, LONGEST, UNKNOWN, known_step
from featherfall.signals.clock.straighten import increasing, straighten_times

BUFFER = 1 << 15  # rows that are put in order together
HELD = 1 << 13  # of them, those that wait for the next ones: rows that come late are put among these
LATE = 10.0  # s by which rows may come late; a clock that goes back further was set, or begins anew
JITTER = 0.5  # s; rows that are less out of order are sorted, whatever the reason
GAP_NAMED = 2.0  # s
_DISORDER = 0.05  # share of steps back beyond which the rows are not in order of time at all
_COARSE = 0.2  # share of rows with the stamp of the row before beyond which the clock is coarser than the samples


@dataclass(frozen=True, eq=False)
class TimedRows:
    """Rows in order of time.

    Attributes:
        times: (N,) float64 s, strictly increasing, also from one `TimedRows` to the next.
        values: (N, C) float64.
        rows: (N,) int64, where they stand in the file.
    """

    times: np.ndarray
    values: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.times)

    def take(self, keep: np.ndarray | slice) -> TimedRows:
        """Return the rows at the indices, in the slice, or where the (N,) bool is true."""
        return TimedRows(self.times[keep], self.values[keep], self.rows[keep])


class RowClock:
    """Turns stamps as recorded into strictly increasing times; memory is bounded.

    No row is invented, and a gap stays a gap. Rows that came twice or late, and stamps that are repeated, are left out or put in order;
    where the clock was set or begins anew, the times go on. All of it is in `notes`.
    """

    def __init__(self, where: str, burst: bool = False, buffer: int = BUFFER, held: int = HELD) -> None:
        """Arguments:
        where: file, for messages.
        burst: the sensor samples evenly and stamps packets.
        buffer, held: see `BUFFER` and `HELD`; held < buffer.
        """
        self.notes = ClockNotes()
        self._begin_rows: list[int] = []  # of rows that are not given back yet
        self._where, self._burst, self._buffer, self._held = where, burst, buffer, held
        self._waiting: list[TimedRows] = []
        self._count = 0
        self._shift = 0.0  # s added to stamps from now on
        self._done = 0  # rows at the beginning of those that wait that are in order already
        self._step, self._usual = 0.0, 0.0  # the usual step, and the longest one that is no gap, s
        self._start = 0.0  # first stamp since the clock last began, shifted
        self._last: float | None = None  # time of the last row given back

    def add(self, times: np.ndarray, values: np.ndarray, rows: np.ndarray) -> Iterator[TimedRows]:
        """Take (N,) stamps in s, (N, C) values and their (N,) rows; yields rows that are in order.

        Raises: `UserError` for rows that are in no order of time.
        """
        known = np.abs(times) < LONGEST
        if not known.all():
            self._refuse_unit(times, rows)
            self.notes.add("no time", int(rows[~known][0]), int((~known).sum()))
            times, values, rows = times[known], values[known], rows[known]
        for at in range(0, len(times), self._buffer):
            part = slice(at, at + self._buffer)
            self._waiting.append(TimedRows(times[part] + self._shift, values[part], rows[part]))
            self._count += len(times[part])
            if self._count >= self._buffer + self._held:
                yield from self._give(final=False)

    def _refuse_unit(self, times: np.ndarray, rows: np.ndarray) -> None:
        """Refuse numbers that are dates in ms, us or ns."""
        finite = np.flatnonzero(np.isfinite(times))
        middle = float(np.median(np.abs(times[finite]))) if len(finite) else 0.0
        if middle >= LONGEST:
            unit = next((name for name, size in (("ms", 1e3), ("us", 1e6), ("ns", 1e9)) if EPOCH <= middle / size < 10 * EPOCH), None)
            mend = f"state the time's unit, probably {unit}" if unit else "check the time column and its unit"
            raise UserError(f"{self._where}: row {rows[finite[0]]}: the time is {times[finite[0]]:.6g} s; {mend}")

    def finish(self) -> Iterator[TimedRows]:
        """Yield the rows that are left."""
        if self._count:
            yield from self._give(final=True)

    def _give(self, final: bool) -> Iterator[TimedRows]:
        waiting = _joined(self._waiting)
        if not self._usual:
            forward = np.diff(waiting.times)
            self._step = float(np.median(forward[forward > 0])) if (forward > 0).any() else 0.0
            self._usual = max(4 * self._step, 0.25)
            self._start = float(waiting.times[0])
        ordered, undecided = self._in_order(waiting, final)
        cut = len(ordered) if final else self._cut(ordered.times)
        self._waiting = [ordered.take(slice(cut, None)), undecided]
        self._done = len(ordered) - cut
        self._count = self._done + len(undecided)
        given = self._apart(ordered.take(slice(0, cut)))
        if len(given):
            self._note_gaps(given)
            self.notes.begins += given.times[np.isin(given.rows, self._begin_rows)].tolist()
            self._begin_rows = [row for row in self._begin_rows if row > given.rows[-1]]
            self._last = float(given.times[-1])
            yield given

    def _cut(self, times: np.ndarray) -> int:
        """Return how many rows are given back: all but those held, and no stamp in part."""
        cut = max(len(times) - self._held, 0)
        same = np.searchsorted(times, times[cut]) if cut < len(times) else cut
        return int(same) if same or len(times) < 4 * self._buffer else cut

    def _in_order(self, waiting: TimedRows, final: bool) -> tuple[TimedRows, TimedRows]:
        """Return rows with shifted times, non-decreasing, without those that came twice; and rows that the next ones decide on."""
        nothing = waiting.take(slice(0, 0))
        steps = np.diff(waiting.times)
        if not (steps < 0).any() and not (steps > self._usual).any():
            return waiting, nothing
        if self._is_disordered(waiting.times):
            return self._sorted(waiting, final), nothing
        shifts, keep, decided = self._resolve(waiting, final or len(waiting) > 4 * self._buffer)
        moved = TimedRows(waiting.times + np.cumsum(shifts), waiting.values, waiting.rows)
        self._shift += float(shifts.sum())
        self._start += float(shifts.sum())
        undecided = moved.take(slice(decided, None))
        moved = moved.take(np.flatnonzero(keep[:decided]))
        return self._by_time(moved), undecided

    def _by_time(self, moved: TimedRows) -> TimedRows:
        """Sort rows that are out of order within those that wait; others are left out."""
        if self._last is not None:
            late = moved.times < self._last
            if late.any():
                self.notes.add("too late", int(moved.rows[late][0]), int(late.sum()))
                moved = moved.take(~late)
        late = moved.times < np.maximum.accumulate(moved.times)
        if not late.any():
            return moved
        self.notes.add("late", int(moved.rows[late][0]), int(late.sum()))
        return moved.take(np.argsort(moved.times, kind="stable"))

    def _resolve(self, waiting: TimedRows, final: bool) -> tuple[np.ndarray, np.ndarray, int]:
        """Return (N,) s by which the times shift from each row on; (N,) bool, the rows to keep; and how many rows are decided."""
        steps = np.diff(waiting.times)
        shifts, keep = np.zeros(len(waiting)), np.ones(len(waiting), bool)
        after = max(self._done - 1, 0)  # the steps before were looked at already
        for i in np.flatnonzero((steps < 0) | (steps > self._usual)):
            if i < after:
                continue
            if not final and len(waiting) - i < self._held and not (waiting.times[i + 1 :] > waiting.times[i]).any():
                return shifts, keep, int(i) + 1  # rows to come tell a late packet from a clock that begins anew
            after = self._look(waiting, steps, int(i), shifts, keep)
        return shifts, keep, len(waiting)

    def _look(self, waiting: TimedRows, steps: np.ndarray, i: int, shifts: np.ndarray, keep: np.ndarray) -> int:
        """Decide on the step from row i to the next; returns the first step that is still to be looked at."""
        times, row = waiting.times, int(waiting.rows[i + 1])
        far = steps[i] > self._usual or steps[i] < -LATE
        if i + 1 < len(steps) and far and 0 < steps[i] + steps[i + 1] <= self._usual:
            keep[i + 1] = False
            self.notes.add("wild", row)
            return i + 2
        found = known_step(float(times[i] - self._shift), float(times[i + 1] - self._shift), self._usual)
        if found is not None:
            shifts[i + 1] += found.shift
            self.notes.add(found.kind, row, seconds=abs(found.shift))
            if found.kind == "set":
                self._begin_rows.append(row)
            self._start = float(times[i + 1])
            return i + 1
        if steps[i] > 0:
            return i + 1
        return self._look_back(waiting, steps, i, shifts, keep)

    def _look_back(self, waiting: TimedRows, steps: np.ndarray, i: int, shifts: np.ndarray, keep: np.ndarray) -> int:
        """Decide on a step back that no clock explains: rows that came twice or late, or a clock that was set or begins anew."""
        times, row, back = waiting.times, int(waiting.rows[i + 1]), -float(steps[i])
        ahead = np.flatnonzero(times[i + 1 :] > times[i])
        end = i + 1 + int(ahead[0]) if len(ahead) else len(times)  # the first row that goes on
        twice = self._came_before(waiting, i + 1, end)
        if twice.any():
            self.notes.add("twice", int(waiting.rows[i + 1 : end][twice][0]), int(twice.sum()))
            keep[i + 1 : end][twice] = False
            if twice.mean() > 0.5:
                return end
        # Late rows end before the time from which they stepped back; a clock that was set goes on through it.
        goes_on = len(ahead) > 0 and steps[end - 1] > self._usual and times[i + 1] >= self._start
        if back <= JITTER or goes_on or (len(ahead) > 0 and end - i - 1 <= 3):
            return end
        anew = back > LATE or abs(times[i + 1] - self._start) <= 1
        kind, pause = ("restart", UNKNOWN) if anew else ("set back", self._step)
        shifts[i + 1] += back + pause
        self.notes.add(kind, row, seconds=back)
        if anew:
            self._begin_rows.append(row)
        self._start = float(times[i + 1])
        return i + 1

    def _came_before(self, waiting: TimedRows, first: int, end: int) -> np.ndarray:
        """Return which of the rows from `first`, before `end`, are equal to a row before them; (end - first,) bool."""
        low = max(first - self._held, 0)
        order = low + np.argsort(waiting.times[low:first], kind="stable")
        at = np.searchsorted(waiting.times[order], waiting.times[first:end])
        same = order[np.minimum(at, len(order) - 1)]
        equal = waiting.times[same] == waiting.times[first:end]
        return np.asarray(equal & (waiting.values[same] == waiting.values[first:end]).all(axis=1))

    def _is_disordered(self, times: np.ndarray) -> bool:
        back = np.maximum.accumulate(times)[:-1] - times[1:]
        return bool((np.diff(times) < -JITTER).sum() > max(20, _DISORDER * len(times)) and back.max() > LATE) or bool(
            (np.diff(times) < 0).mean() > 0.9 and len(times) > 2
        )

    def _sorted(self, waiting: TimedRows, final: bool) -> TimedRows:
        """Return the rows of a short file by their times; raises `UserError` for a longer one."""
        times = waiting.times
        falling = bool((np.diff(times) <= 0).mean() > 0.9)
        if not final or self._last is not None:
            first = int(np.flatnonzero(np.diff(times) < 0)[0])
            raise UserError(
                f"{self._where}: row {waiting.rows[first + 1]}: the time goes back, and so it does again and again; sort the rows by time"
            )
        self.notes.add("falling" if falling else "sorted", int(waiting.rows[0]))
        waiting = waiting.take(slice(None, None, -1)) if falling else waiting
        return waiting.take(np.argsort(waiting.times, kind="stable"))

    def _apart(self, ordered: TimedRows) -> TimedRows:
        """Return rows with strictly increasing times: those with one stamp spread evenly, or all but the first left out."""
        if not len(ordered):
            return ordered
        last = -np.inf if self._last is None else self._last
        same = (np.diff(ordered.times, prepend=-np.inf) <= 0) | (ordered.times <= last)
        if not same.any() and not self._burst:
            return ordered
        if self._burst or self._is_coarse(ordered, same):
            if not self._burst:
                self.notes.add("coarse", int(ordered.rows[same][0]), int(same.sum()))
            if self._last is None and ordered.times[-1] == ordered.times[0]:
                raise UserError(
                    f"{self._where}: every row has the same time; check the time column, or state the samples per second (rate)"
                )
            straight = straighten_times(ordered.times)
            if straight[0] <= last:
                straight = increasing(np.concatenate([[last], straight]))[1:]
            return TimedRows(straight, ordered.values, ordered.rows)
        self.notes.add("doubled", int(ordered.rows[same][0]), int(same.sum()))
        return ordered.take(~same)

    def _is_coarse(self, ordered: TimedRows, same: np.ndarray) -> bool:
        """Return whether repeated stamps are those of a coarse clock, not of doubled rows."""
        if same.sum() < max(8, _COARSE * len(same)):
            return False
        equal = (np.diff(ordered.values, axis=0) == 0).all(axis=1)[same[1:]]
        most = np.diff(np.flatnonzero(np.concatenate([~same, [True]]))).max(initial=1)
        return not (most <= 3 and equal.mean() > 0.9)

    def _note_gaps(self, given: TimedRows) -> None:
        steps = np.diff(given.times, prepend=given.times[0] if self._last is None else self._last)
        gaps = np.flatnonzero((steps > max(GAP_NAMED, self._usual)) & (np.abs(steps - UNKNOWN) > 1e-3))
        if len(gaps):
            self.notes.add("gap", int(given.rows[gaps[0]]), len(gaps), float(steps[gaps].sum()))


def _joined(parts: list[TimedRows]) -> TimedRows:
    times, values, rows = (np.concatenate([getattr(part, name) for part in parts]) for name in ("times", "values", "rows"))
    return TimedRows(times, values, rows)


def put_in_order(
    where: str, times: np.ndarray, values: np.ndarray, *, burst: bool = False, first_row: int = 1
) -> tuple[TimedRows, ClockNotes]:
    """Put the rows of a table in memory in order, as `RowClock` does block by block.

    Arguments:
        times: (N,) s. values: (N, C).
        first_row: of the first, for notes.
    """
    clock = RowClock(where, burst, buffer=max(len(times), 1))
    rows = first_row + np.arange(len(times))
    parts = [*clock.add(np.asarray(times, np.float64), values, rows), *clock.finish()]
    return (_joined(parts) if parts else TimedRows(np.zeros(0), values[:0], rows[:0])), clock.notes
