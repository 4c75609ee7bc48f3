"""Small pieces of HTML that pages are made of; all text from outside is escaped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from featherfall.app.media import Shelf
from featherfall.app.shown import Shown
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


def view(shown: Shown, panel: str, shelf: Shelf) -> str:
    """The film with its keypoints, or the picture; empty where there is nothing to see."""
    if shown.media.film is not None:
        poses = f' poses="{shelf.url(shown.media.poses)}"' if shown.media.poses else ""
        return f'<fall-view panel="{panel}" film="{shelf.url(shown.media.film)}"{poses}></fall-view>'
    if shown.media.picture is not None:
        return f'<div class="picture"><img src="{shelf.url(shown.media.picture)}" alt="the picture, with what was seen in it"></div>'
    return ""


def timeline(shown: Shown, panel: str, threshold: float | None) -> str:
    """The curve and the events."""
    data = json.dumps(shown.timeline(panel, threshold), separators=(",", ":"), ensure_ascii=False)
    return f'<fall-timeline panel="{panel}" data="{escape(data, quote=True)}"></fall-timeline>'


def heading(shown: Shown, threshold: float | None) -> str:
    """The answer, and what must be known about it."""
    found = shown.decide(0.0 if threshold is None else threshold)
    notes = "".join(f'<p class="quiet note">{escape(note)}</p>' for note in shown.notes)
    lasts = f", {shown.seconds:.1f} s" if shown.seconds else ""
    return (
        f'<p class="lead" role="status">{escape(shown.headline(found))}</p>'
        f'<p class="modelname">{escape(shown.file)}{lasts} · model {escape(shown.model)}</p>{notes}'
    )


def links(files: Sequence[tuple[str, Path]], shelf: Shelf) -> str:
    """Files to save."""
    one = " ".join(f'<a class="save" href="{shelf.url(file)}" download="{escape(file.name)}">{escape(words)}</a>' for words, file in files)
    return f'<p class="saves">{one}</p>'
