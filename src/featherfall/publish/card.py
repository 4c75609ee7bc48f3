"""The model card of a bundle, from its manifest and metrics: purpose, use, inputs, training data, metrics, sizes, limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from featherfall.core.manifest import BundleKind, Input
from featherfall.core.text import in_markdown, in_markdown_code
from featherfall.publish.front_matter import with_front_matter
from featherfall.publish.offer import Offer, join_words

_ROLE_LABELS = {
    "teacher": "teacher (not shipped)",
    "teacher_ensemble": "teachers, averaged (not shipped)",
    "alone": "student without a teacher",
    "distilled": "student, float32",
    "int8": "student, int8",
}
_METRIC_LABELS = {
    "sensitivity": "sensitivity",
    "precision": "precision",
    "f1": "F1",
    "event_f1": "event F1",
    "false_alarms_per_hour": "false alarms an hour",
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "ece": "calibration error",
    "map50": "boxes: mAP at IoU .5",
    "map": "boxes: mAP at .5 to .95",
    "box_recall": "boxes: recall",
}
_CLASS_METRICS = ("sensitivity", "precision", "f1")
_TASK_LABELS = {"fall": "fall detection", "activity": "activity recognition"}
# The Hub's names for what a bundle does; it has none for a watch's motion or for keypoints.
_PIPELINE_TAGS: dict[BundleKind, str | None] = {
    "window": None,
    "keypoints": None,
    "film": "video-classification",
    "picture": "image-classification",
    "detector": "object-detection",
}
_EXAMPLE_FILES: dict[BundleKind, str] = {
    "window": "my-recording.csv",
    "keypoints": "film.mp4",
    "film": "film.mp4",
    "picture": "picture.jpg",
    "detector": "picture.jpg",
}
_PICTURE_KINDS: tuple[BundleKind, ...] = ("picture", "detector")
_SHIPPED_ROLES = ("int8", "distilled", "alone")  # the first that has metrics is the bundle's
TRAINING_DATA_NOTES = {
    True: "**It was trained on simulated people only.** How well it works on real people is not known.",
    False: "It was trained on recordings or pictures of people, most of whom fell on purpose: real falls look different.",
    None: "Whether the people it was trained on are real or simulated, the bundle does not say.",
}


def training_data_note(offer: Offer) -> str:
    """Return a sentence on what a bundle was trained on: its provenance's own words, else whether the people are real."""
    data = offer.manifest.provenance.get("data")
    return f"It was trained on data of these kinds: {in_markdown(data)}." if isinstance(data, str) else TRAINING_DATA_NOTES[offer.simulated]


_LIMITS = """- **Not a medical device.** Research software: do not let anybody's safety depend on it alone.
- Staged falls are not real ones. Thirteen published detectors, tested on real falls, detected 57% of them and raised 3 to 85 false
  alarms a day (Bagala et al. 2012).
- Its metrics hold for inputs as described above and for people like those in its training data; for others, measure first
  (`featherfall evaluate`).
- A fall that its input does not show (a slow slide to the floor, out of the picture) is missed.
- It detects that somebody fell, not who, why or how badly. Do not use it to monitor people who have not agreed to it."""


def model_card(offer: Offer, licence: str, repository: str = "OWNER/NAME", credits: Sequence[str] = ()) -> str:
    """Return README.md of a model repository: front matter with a `model-index`, then text.

    Rates in the front matter are fractions of 1, in the text percent.

    Arguments:
        credits: attribution that the licences of data and weights require.
    """
    manifest = offer.manifest
    parts = [
        f"# {in_markdown(manifest.name)}",
        _purpose(offer),
        training_data_note(offer),
        f"## Use\n\n{_use(offer, repository)}",
        f"## Inputs and outputs\n\n{_inputs(offer)}",
        f"## Training data\n\n{_training(offer)}",
        f"## Metrics\n\n{_metrics(offer)}",
        f"## Size\n\n{_sizes(offer)}",
        f"## Limits\n\n{_LIMITS}",
        f"## Licence\n\n{in_markdown(licence)}. Made with featherfall (Apache-2.0).",
        *(["\n".join(f"- {one}" for one in credits)] if credits else []),
    ]
    return with_front_matter(_front_matter(offer, licence), "\n\n".join(parts) + "\n")


def _front_matter(offer: Offer, licence: str) -> dict[str, Any]:
    manifest = offer.manifest
    return {
        "license": licence,
        "library_name": "featherfall",
        "pipeline_tag": _PIPELINE_TAGS[manifest.kind],
        "tags": [
            "featherfall",
            "activity-recognition" if manifest.task == "activity" else "fall-detection",
            *(["knowledge-distillation"] if (manifest.provenance.get("recipe") or {}).get("teacher") else []),
            "onnx",
            "wearable" if manifest.kind == "window" else "camera",
            *(["int8"] if any(model.precision == "int8" for model in manifest.models) else []),
            *(["simulated-data"] if offer.simulated else []),
        ],
        "metrics": ["accuracy"] if manifest.task == "activity" else ["f1"],
        "model-index": _model_index(offer),
    }


def _model_index(offer: Offer) -> list[dict[str, Any]]:
    """Return the metrics of the bundle's model in the Hub's form."""
    metrics, manifest = offer.metrics, offer.manifest
    role = _shipped_role(metrics)
    if metrics is None or role is None:
        return []
    kind = "object detection" if manifest.kind == "detector" else _TASK_LABELS[manifest.task]
    people = "simulated people" if offer.simulated else metrics["dataset"]
    named = f" of {metrics['positive']!r}" if metrics["positive"] else ""
    values = [
        {
            "type": name,
            "name": _METRIC_LABELS[name] + (named if name in _CLASS_METRICS else ""),
            "value": round(one["mean"], 4),
        }
        for name, one in metrics["roles"][role].items()
        if name in _METRIC_LABELS and one["mean"] is not None
    ]
    result = {
        "task": {"type": kind.replace(" ", "-"), "name": kind},
        "dataset": {"type": metrics["dataset"], "name": f"{people}, {metrics['protocol']}", "split": metrics["part"]},
        "metrics": values,
    }
    return [{"name": manifest.name, "results": [result]}]


def _shipped_role(metrics: Mapping[str, Any] | None) -> str | None:
    return next((role for role in _SHIPPED_ROLES if role in (metrics or {}).get("roles", {})), None)


def _purpose(offer: Offer) -> str:
    manifest = offer.manifest
    inputs = in_markdown(join_words([one.name for one in manifest.inputs]))
    small = "a small model that runs offline without torch"
    if manifest.task == "activity":
        return f"Recognises {len(manifest.labels)} activities from {inputs}: {small}."
    if manifest.kind in _PICTURE_KINDS:
        what = (
            "Finds people in a picture and those who have fallen"
            if manifest.kind == "detector"
            else "Decides whether a picture shows somebody who has fallen"
        )
        return f"{what}: {small}. One picture shows a posture; a fall is a change, which only a film shows."
    return f"Detects falls from {inputs}: {small}, for a watch, a camera box or a Raspberry Pi."


def _use(offer: Offer, repository: str) -> str:
    file = _EXAMPLE_FILES[offer.manifest.kind]
    return (
        f"```\nhf download {repository} --local-dir bundle\nfeatherfall predict bundle {file}\nfeatherfall app bundle\n```\n\n"
        f"From Python:\n\n```python\nimport featherfall as ff\n\nmodel = ff.load('hf://{repository}')  # or ff.load('bundle')\n"
        f"print(model.predict('{file}').label)\n```\n\nEvery file's sha256 is in `manifest.json` and is checked when the bundle is opened."
    )


def _inputs(offer: Offer) -> str:
    manifest = offer.manifest
    window = manifest.window
    rows = [("input", "unit", "channels", "worn"), *(_input(one) for one in manifest.inputs)]
    cut = {
        "impact": f"around every impact above {window.threshold_g:g} g",
        "sliding": f"every {window.stride_s:g} s",
        "trial": "one a recording",
    }[window.kind]
    windows = f"Windows of {window.seconds:.3g} s ({window.length} samples at {window.rate:g} Hz), {cut}."
    sentences = [
        "One picture at a time." if manifest.kind in _PICTURE_KINDS else windows,
        f"Classes: {in_markdown(_few(manifest.labels))}.",
    ]
    decision = manifest.decision
    if manifest.kind == "detector":
        sentences.append(f"A box counts from a score of {decision.threshold:g}.")
    elif manifest.positive is not None:
        sentences.append(
            f"A window counts as {in_markdown(repr(manifest.positive))} from a probability of {decision.threshold:g}; "
            "windows that count within "
            f"{decision.merge_s:g} s of each other are one event."
        )
    if manifest.kind == "keypoints":
        sentences.insert(0, "`featherfall predict` finds the keypoints in a film's pictures with MoveNet (Apache-2.0).")
    return f"{markdown_table(rows)}\n\n{' '.join(sentences)}"


def _input(one: Input) -> tuple[str, str, str, str]:
    if one.is_film:
        pictures = "one picture" if one.frames == 1 else f"{one.frames} pictures"
        return in_markdown(one.name), in_markdown(one.unit), f"{pictures} of {one.size} x {one.size}", "-"
    return in_markdown(one.name), in_markdown(one.unit), in_markdown(_few(one.channels)), in_markdown(one.placement) or "-"


def _training(offer: Offer) -> str:
    facts = offer.manifest.provenance
    people = facts.get("trained_on") or []
    parts = []
    if "dataset" in facts:
        parts.append(
            f"Dataset `{in_markdown_code(str(facts['dataset']))}`, {len(people)} people or sources; "
            f"recipe `{in_markdown_code(offer.manifest.name)}`."
        )
    recipe = facts.get("recipe") or {}
    teacher = (recipe.get("teacher") or {}).get("network")
    if teacher:
        student = recipe["student"]["network"]["inputs"]
        parts.append(
            f"Its teacher, which the bundle does not need, used {in_markdown(join_words(teacher['inputs']))}; "
            f"the student uses {in_markdown(join_words(student))}."
        )
    text = " ".join(parts) or "The manifest does not say."
    trained = [f"- {in_markdown(role)}: {in_markdown(str(how))}" for role, how in (offer.metrics or {}).get("trained", {}).items()]
    return "\n\n".join(filter(None, [text, "\n".join(trained)]))


def _metrics(offer: Offer) -> str:
    metrics = offer.metrics
    if metrics is None:
        return "This bundle has no metrics. Evaluate it with `featherfall evaluate` on recordings that it was not trained on."
    names = [name for name in _METRIC_LABELS if any(name in one for one in metrics["roles"].values())]
    rows = [("", *(_METRIC_LABELS[name] for name in names))]
    named = _ROLE_LABELS if "distilled" in metrics["roles"] else _ROLE_LABELS | {"alone": "student, float32"}
    rows += [
        (in_markdown(named.get(role, role)), *(_cell(name, values.get(name)) for name in names))
        for role, values in metrics["roles"].items()
    ]
    seeds = len(metrics["seeds"])
    about = [
        f"On people or trials that were not trained on ({in_markdown(metrics['protocol'])}"
        f"{', validation part' if metrics['part'] == 'validation' else ''}), "
        + (f"mean and 95% interval over {seeds} seeds." if seeds > 1 else "one seed, so without an interval."),
        *([f"Rates in percent; the class is {in_markdown(repr(metrics['positive']))}."] if metrics["positive"] else ["Rates in percent."]),
        *(["The people in the evaluation are simulated, too."] if metrics.get("simulated") else []),
    ]
    parts = [
        " ".join(about),
        markdown_table(rows),
        *_group_interval(metrics),
        *(f"Note: {in_markdown(note)}." for note in metrics["notes"]),
        *_days(offer),
    ]
    return "\n\n".join(parts)


def _group_interval(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yield the interval of F1 over the evaluated people or sources, where the run has it."""
    role, over = _shipped_role(metrics), metrics.get("over_groups", {})
    ends = over.get("roles", {}).get(role, {}).get("f1")
    if ends:
        low, high = (100 * end for end in ends)
        whom = f"each evaluated {in_markdown(over['group'])}"
        yield f"F1 of the bundle's model over resampled draws of {whom}: {low:.1f} to {high:.1f} (95% bootstrap)."


def _days(offer: Offer) -> Iterator[str]:
    days = (offer.metrics or {}).get("days")
    if not days:
        return
    chosen = offer.manifest.decision.threshold
    rows = [("threshold", "falls detected", "false alarms a day")]
    for point in days["points"]:
        mark = " (as shipped)" if abs(point["threshold"] - chosen) < 1e-9 else ""
        rows.append((f"{point['threshold']:g}{mark}", f"{100 * point['sensitivity']:.1f}%", f"{point['false_alarms_per_day']:.1f}"))
    yield f"Effect of the threshold in {in_markdown(days['what'])} ({days['falls']} falls):\n\n{markdown_table(rows)}"


def _sizes(offer: Offer) -> str:
    manifest = offer.manifest
    rows = [
        ("file", "precision", "bytes", "proof"),
        *((in_markdown(m.file), m.precision, f"{m.bytes:,}", _proof(m.proof)) for m in manifest.models),
    ]
    return f"{manifest.parameters:,} parameters, {manifest.macs:,} multiply-accumulates a window.\n\n{markdown_table(rows)}"


def _proof(proof: Mapping[str, Any]) -> str:
    if "points_lost" in proof:
        return f"{proof['points_lost']:+.2f} points lost against float32 on {proof['clips']} clips"
    if "max_abs_logit_error" in proof:
        return f"logits within {proof['max_abs_logit_error']:.1g} of torch's on {proof['clips']} clips"
    return "-"


def _cell(name: str, value: Mapping[str, Any] | None) -> str:
    if value is None:
        return "-"
    if value["mean"] is None:
        return "none"
    text = _number(name, value["mean"])
    return f"{text} [{', '.join(_number(name, bound) for bound in value['ci95'])}]" if value.get("ci95") else text


def _number(name: str, value: float) -> str:
    return f"{value:.1f}" if name.endswith("_per_hour") else f"{100 * value:.1f}"


def _few(names: Sequence[str], most: int = 8) -> str:
    """Join names; of many, the first ones and their number."""
    return ", ".join(names) if len(names) <= most else f"{', '.join(names[:3])}, ... ({len(names)})"


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first row is the heading. Texts from outside in cells have passed `in_markdown`."""
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])
