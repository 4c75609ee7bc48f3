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
other servers; the app works without a network. Uploaded files are kept in a temporary folder, which is emptied after two hours and when the
app ends. With **Private**, a film is deleted after its analysis, and only keypoints are kept: where joints are, on black. The webcam's
pictures and a phone's motion are analysed and not stored. Sound is never recorded.

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
    size = f"<td>{model.manifest.parameters:,}</td><td>{model.bundle.model.bytes / 1e3:,.0f}</td>"
    return f"<tr><td>{escape(model.name)}</td><td class=word>{KIND_LABELS[model.kind]}</td>{size}<td class=word>{escape(taught)}</td></tr>"
