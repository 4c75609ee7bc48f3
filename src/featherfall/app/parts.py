"""Small pieces of HTML that pages are made of; all text from outside is escaped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from featherfall.app.analysis import Analysis
from featherfall.app.media import Shelf
from featherfall.app.work import Doing


def error(message: str) -> str:
    """One message, told to screen readers at once."""
    return f'<div class="error" role="alert">{escape(message)}</div>' if message else ""


def waiting(doing: Doing) -> str:
    """How far a piece of work is."""
    return (
        f'<div class="waiting" role="status"><span>{escape(doing.what)}</span>'
        f'<progress max="1" value="{doing.share:.3f}" aria-label="progress"></progress></div>'
    )


def view(analysis: Analysis, panel: str, shelf: Shelf) -> str:
    """The film with its keypoints, or the picture; empty where there is nothing to see."""
    if analysis.media.film is not None:
        poses = f' poses="{shelf.url(analysis.media.poses)}"' if analysis.media.poses else ""
        return f'<fall-view panel="{panel}" film="{shelf.url(analysis.media.film)}"{poses}></fall-view>'
    if analysis.media.picture is not None:
        return f'<div class="picture"><img src="{shelf.url(analysis.media.picture)}" alt="the picture, with what was seen in it"></div>'
    return ""


def timeline(analysis: Analysis, panel: str, threshold: float | None) -> str:
    """The curve and the events."""
    data = json.dumps(analysis.timeline(panel, threshold), separators=(",", ":"), ensure_ascii=False)
    return f'<fall-timeline panel="{panel}" data="{escape(data, quote=True)}"></fall-timeline>'


def heading(analysis: Analysis, threshold: float | None) -> str:
    """The answer, and what must be known about it."""
    found = analysis.decide(0.0 if threshold is None else threshold)
    notes = "".join(f'<p class="quiet note">{escape(note)}</p>' for note in analysis.notes)
    lasts = f", {analysis.seconds:.1f} s" if analysis.seconds else ""
    return (
        f'<p class="lead" role="status">{escape(analysis.headline(found))}</p>'
        f'<p class="modelname">{escape(analysis.file)}{lasts} · model {escape(analysis.model)}</p>{notes}'
    )


def links(files: Sequence[tuple[str, Path]], shelf: Shelf) -> str:
    """Files to save."""
    one = " ".join(f'<a class="save" href="{shelf.url(file)}" download="{escape(file.name)}">{escape(words)}</a>' for words, file in files)
    return f'<p class="saves">{one}</p>'
