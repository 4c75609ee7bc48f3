"""Page "About"."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import gradio as gr

from featherfall.app.models import KIND_LABELS, OfferedModel

_TEXT = """
### What this is
**featherfall** finds falls: in films, and in the motion of a watch or a phone. The models are small enough for a watch, a camera box or a
Raspberry Pi; they were trained with the help of larger ones.

The page **Look** shows what a model finds and how sure it is. A **possible fall** is a moment at which it is surer than the
threshold; whether it was one, you decide.

### What it is not
**Not a medical device, and no alarm system.** It misses falls and raises false alarms. Do not rely on it for anybody's safety.
Its errors were measured on recordings of mostly young, healthy people who fell on purpose, or on simulated people; older people
fall differently.

### What happens to your files
Everything is done on the machine that runs this app. Nothing is sent anywhere, there are no analytics, and nothing is loaded from
other servers; the app works without a network. An uploaded file is deleted as soon as it was analysed or refused. What the page shows
(a film's copy, the events) is deleted when the page is closed, after two hours without use, and when the app ends. With **Private**, no
picture is kept, only keypoints: where joints are, on black. The webcam's pictures and a phone's motion are analysed and not stored. Sound
is never recorded.

### Terms
- **Threshold**: how sure the model must be. Higher: fewer false alarms, more falls missed. It changes the events at once; the curve stays.
- **False alarms a day**: counted by the run that made the model, over its hours of recordings, with a 95% interval; *unknown* where it was
  not measured.
- **Keypoints**: 17 joints of a person. A person who has not moved yet is grey: it may be furniture.
- **Still down**, **got up**: what the person did after a possible fall, where the film shows it.
"""


def build_about(models: Sequence[OfferedModel]) -> None:
    """Build the page inside a `gr.Blocks`."""
    gr.Markdown(_TEXT, elem_id="about-text")
    rows = "".join(_row(one) for one in models)
    head = "<th>model</th><th class=word>looks at</th><th>parameters</th><th>size (kB)</th><th class=word>trained on</th>"
    gr.HTML(
        f'<h3>Open models</h3><div class="table" tabindex="0"><table><tr>{head}</tr>{rows}</table></div>',
        elem_id="open-models",
    )


def _row(model: OfferedModel) -> str:
    people = model.manifest.provenance.get("trained_on", [])
    simulated = bool(model.metrics and model.metrics.get("simulated"))
    taught = "simulated people" if simulated else f"{model.manifest.provenance.get('dataset', 'unknown')}"
    taught += f", {len(people)} people" if people and not simulated else ""
    if limits := model.manifest.provenance.get("limits"):
        taught += f". {limits}"
    cells = [
        ("model", model.name),
        ("looks at", KIND_LABELS[model.kind]),
        ("parameters", f"{model.manifest.parameters:,}"),
        ("size (kB)", f"{model.bundle.model.bytes / 1e3:,.0f}"),
        ("trained on", taught),
    ]
    return f"<tr>{''.join(_cell(name, text) for name, text in cells)}</tr>"


def _cell(name: str, text: str) -> str:
    """Return a cell; on a phone its column's name stands in it."""
    word = " class=word" if name in ("looks at", "trained on") else ""
    return f'<td{word} data-name="{name}">{escape(text)}</td>'
