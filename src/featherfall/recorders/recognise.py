"""Find out which program wrote a file: every recorder is asked, and the most special one that knows it reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from featherfall.core.errors import UserError
from featherfall.core.registry import Entry, catalogue, facts, find, known_as, known_names
from featherfall.core.tables import nearest
from featherfall.core.text import printable
from featherfall.recorders.capture import Capture
from featherfall.recorders.encoding import find_encoding
from featherfall.recorders.recorder import SensorFile

GENERIC = "table"  # the recorder of any table, asked last


@dataclass(frozen=True)
class KnownRecorder:
    """name: registered. title: of the program or device. summary: one line. rank: 0 is asked first."""

    name: str
    title: str
    summary: str
    rank: int


def recorders() -> list[KnownRecorder]:
    """Return all recorders, in the order in which they are asked: by their rank, then by name.

    A recorder of one program has rank 0. One whose layout other programs may write too registers a higher `rank`.
    Plugins that cannot be imported are left out; `featherfall list` names them.
    """
    return sorted(_known(), key=lambda one: (one.rank, one.name))


def recognise(capture: Capture, recorder: str | None = None) -> SensorFile:
    """Return what a file, folder or zip holds, as the recorder that knows it says.

    Arguments:
        recorder: name of the one that is to read it; None asks all.
    Raises: `UserError` where none knows it, where two of the same rank do, where it is known but holds no samples to judge, and for an
        unknown name.
    """
    if recorder is not None:
        return _by_name(capture, recorder)
    refusal: UserError | None = None
    for _, alike in groupby(recorders(), key=lambda one: one.rank):
        found: list[SensorFile] = []
        for one in alike:
            try:
                answer = _ask(capture, one.name)
            except UserError as error:
                refusal = refusal or error
            else:
                found += [answer] if answer else []
        if len(found) > 1:
            names = " or ".join(f"--recorder {one.recorder}" for one in found)
            raise UserError(f"{capture.path}: may be of {' or of '.join(one.title for one in found)}; state {names}")
        if found:
            return found[0]
        if refusal is not None:
            raise refusal
    raise UserError(_unknown(capture))


def _by_name(capture: Capture, recorder: str) -> SensorFile:
    name = known_as("recorder", recorder)
    if name is None:
        raise UserError(f"--recorder {recorder}: unknown; {nearest(recorder, known_names('recorder'))}")
    found = _ask(capture, name)
    if found is None:
        raise UserError(f"{capture.path}: not a file of recorder {name!r}; leave --recorder out, or see `featherfall data formats`")
    return found


def _ask(capture: Capture, name: str) -> SensorFile | None:
    try:
        answer: SensorFile | None = find("recorder", name)(capture)
    except UserError:
        raise
    except Exception as error:
        entry = _entry(name)
        if entry is None or entry.plugin is None:
            raise
        raise UserError(
            f"{capture.path}: recorder {name!r} of {entry.origin} failed ({type(error).__name__}: {error}); update or uninstall it"
        ) from error
    return answer


def _known() -> Iterator[KnownRecorder]:
    for entry in catalogue("recorder"):
        its, summary = entry.facts, entry.summary
        if entry.plugin is not None:  # its facts are known once it is imported
            try:
                its = facts("recorder", entry.name)
            except UserError:
                continue
            summary = (_entry(entry.name) or entry).summary
        yield KnownRecorder(entry.name, its.get("title", entry.name), summary, its.get("rank", 0))


def _entry(name: str) -> Entry | None:
    return next((entry for entry in catalogue("recorder") if entry.name == name), None)


def _unknown(capture: Capture) -> str:
    """Return why nothing was recognised, and what to do."""
    if len(capture.names) > 1:
        names = ", ".join(printable(name) for name in capture.names[:4])
        return f"{capture.path}: no recording of a known device or app in it (it holds {names}); see `featherfall data formats`"
    head = capture.head(size=64)
    if not head.strip():
        return f"{capture.path}: the file is empty; copy it again or leave it out"
    if find_encoding(head) is not None:
        return f"{capture.path}: no row of numbers in it, nor is it a file of a known device or app; give a table with one row a sample"
    return (
        f"{capture.path}: not a table with one row a sample, nor a file of a known device or app; export it as CSV "
        "(`featherfall data formats` lists what is read)"
    )
