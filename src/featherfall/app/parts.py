"""Fragments of HTML; all text from outside is escaped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from featherfall.app.analysis import Analysis
from featherfall.app.media import MediaStore
from featherfall.app.work import InProgress


def error(message: str) -> str:
    """Return an error message, announced to screen readers."""
    return f'<div class="error" role="alert">{escape(message)}</div>' if message else ""


def waiting(work: InProgress) -> str:
    """Return a progress bar."""
    return (
        f'<div class="waiting" role="status"><span>{escape(work.what)}</span>'
        f'<progress max="1" value="{work.share:.3f}" aria-label="progress"></progress></div>'
    )


def view(analysis: Analysis, panel: str, store: MediaStore) -> str:
    """Return the film with its keypoints, or the picture; empty where there is neither."""
    if analysis.media.film is not None:
        poses = f' poses="{store.url(analysis.media.poses)}"' if analysis.media.poses else ""
        return f'<fall-view panel="{panel}" film="{store.url(analysis.media.film)}"{poses}></fall-view>'
    if analysis.media.picture is not None:
        return f'<div class="picture"><img src="{store.url(analysis.media.picture)}" alt="the picture with its results"></div>'
    return ""


def timeline(analysis: Analysis, panel: str, threshold: float | None, alarms: str = "") -> str:
    """Return the curve and the events. alarms: as `Analysis.timeline`."""
    data = json.dumps(analysis.timeline(panel, threshold, alarms), separators=(",", ":"), ensure_ascii=False)
    return f'<fall-timeline panel="{panel}" data="{escape(data, quote=True)}"></fall-timeline>'


def heading(analysis: Analysis, threshold: float | None) -> str:
    """Return the headline, file and model, and the notes."""
    found = analysis.decide(0.0 if threshold is None else threshold)
    notes = "".join(f'<p class="note">{escape(note[:1].upper() + note[1:])}</p>' for note in analysis.notes)
    lasts = f", {analysis.seconds:.1f} s" if analysis.seconds else ""
    return (
        f'<p class="lead" role="status">{escape(analysis.headline(found))}</p>'
        f'<p class="modelname">{escape(analysis.file)}{lasts} · model {escape(analysis.model)}</p>{notes}'
    )


def links(files: Sequence[tuple[str, Path]], store: MediaStore) -> str:
    """Return links that save files."""
    one = " ".join(f'<a class="save" href="{store.url(file)}" download="{escape(file.name)}">{escape(words)}</a>' for words, file in files)
    return f'<p class="saves">{one}</p>'
