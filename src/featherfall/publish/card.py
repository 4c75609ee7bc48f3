"""The model card: what a bundle is for, what it saw, what it does, and what it does not, from its manifest and figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from featherfall.core.manifest import Input, Manifest
from featherfall.publish.front_matter import with_front_matter
from featherfall.publish.offer import Offer, joined

ROLES = {
    "teacher": "teacher (not shipped)",
    "teacher_ensemble": "teachers, averaged (not shipped)",
    "alone": "student without a teacher",
    "distilled": "student, float32",
    "int8": "student, int8",
}
METRICS = {
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
OF_THE_CLASS = ("sensitivity", "precision", "f1")
TASKS = {"fall": "fall detection", "activity": "activity recognition"}
SHIPPED = ("int8", "distilled", "alone")  # whose figures stand for the bundle, first come
WHAT_IT_SAW = {
    True: "**It was trained on simulated people only.** How well it works on real people, nothing here says.",
    False: "It was trained on recordings or pictures of people, most of whom fell on purpose: real falls look different.",
    None: "Whether the people it was trained on are real or simulated, the bundle does not say.",
}
LIMITS = """- **Not a medical device.** Research software: do not let anybody's safety depend on it alone.
- Staged falls are not real ones. Thirteen published detectors, tried on real falls, noticed 57% of them and raised 3 to 85 false
  alarms a day (Bagala et al. 2012).
- It speaks for inputs as described above and for people like those it saw; elsewhere, measure first (`featherfall evaluate`).
- A fall that leaves no trace in its input (a slow slide to the floor, out of the picture) is missed.
- It says that somebody fell, not who, why or how badly, and it is not made to watch people who have not agreed to it."""


def model_card(offer: Offer, licence: str, repository: str = "OWNER/NAME", credits: Sequence[str] = ()) -> str:
    """README.md of a model repository: front matter with a `model-index`, then text for people.

    Rates in the front matter are fractions of 1, in the text percent.

    Arguments:
        credits: whom and what the licences of data and weights want named.
    """
    manifest = offer.manifest
    parts = [
        f"# {manifest.name}",
        _purpose(offer),
        WHAT_IT_SAW[offer.simulated],
        f"## Use\n\n{_use(offer, repository)}",
        f"## What it eats and says\n\n{_inputs(offer)}",
        f"## What it saw\n\n{_training(offer)}",
        f"## Figures\n\n{_figures(offer)}",
        f"## Size\n\n{_sizes(offer)}",
        f"## Limits\n\n{LIMITS}",
        f"## Licence\n\n{licence}. Made with featherfall (Apache-2.0).",
        *(["\n".join(f"- {one}" for one in credits)] if credits else []),
    ]
    return with_front_matter(_front_matter(offer, licence), "\n\n".join(parts) + "\n")


def _front_matter(offer: Offer, licence: str) -> dict[str, Any]:
    manifest = offer.manifest
    camera = _pictures(manifest) > 0 or manifest.kind == "keypoints"
    return {
        "license": licence,
        "library_name": "featherfall",
        "pipeline_tag": _pipeline(manifest),
        "tags": [
            "featherfall",
            "activity-recognition" if manifest.task == "activity" else "fall-detection",
            *(["knowledge-distillation"] if (manifest.provenance.get("recipe") or {}).get("teacher") else []),
            "onnx",
            "camera" if camera else "wearable",
            *(["int8"] if any(model.precision == "int8" for model in manifest.models) else []),
            *(["simulated-data"] if offer.simulated else []),
        ],
        "metrics": ["accuracy"] if manifest.task == "activity" else ["f1"],
        "model-index": _model_index(offer),
    }


def _pipeline(manifest: Manifest) -> str | None:
    """The Hub's name for what the model does; it has none for a watch's motion or for keypoints."""
    pictures = _pictures(manifest)
    if manifest.kind == "detector":
        return "object-detection"
    return None if not pictures else "image-classification" if pictures == 1 else "video-classification"


def _pictures(manifest: Manifest) -> int:
    """How many pictures a window has; 0 where it eats none."""
    return max(one.frames for one in manifest.inputs)


def _model_index(offer: Offer) -> list[dict[str, Any]]:
    """The figures of the model that ships, as the Hub wants them."""
    metrics, manifest = offer.metrics, offer.manifest
    role = _shipped(metrics)
    if metrics is None or role is None:
        return []
    kind = "object detection" if manifest.kind == "detector" else TASKS[manifest.task]
    people = "simulated people" if offer.simulated else metrics["dataset"]
    named = f" of {metrics['positive']!r}" if metrics["positive"] else ""
    values = [
        {
            "type": name,
            "name": METRICS[name] + (named if name in OF_THE_CLASS else ""),
            "value": round(one["mean"], 4),
        }
        for name, one in metrics["roles"][role].items()
        if name in METRICS
    ]
    result = {
        "task": {"type": kind.replace(" ", "-"), "name": kind},
        "dataset": {"type": metrics["dataset"], "name": f"{people}, {metrics['protocol']}", "split": metrics["part"]},
        "metrics": values,
    }
    return [{"name": manifest.name, "results": [result]}]


def _shipped(metrics: Mapping[str, Any] | None) -> str | None:
    return next((role for role in SHIPPED if role in (metrics or {}).get("roles", {})), None)


def _purpose(offer: Offer) -> str:
    manifest = offer.manifest
    eats = joined([one.name for one in manifest.inputs])
    small = "a small model that runs offline and needs no torch"
    if manifest.task == "activity":
        return f"Tells {len(manifest.labels)} activities apart from {eats}: {small}."
    if _pictures(manifest) == 1:
        detects = manifest.kind == "detector"
        what = "Finds people in a picture and says who has fallen" if detects else "Says whether a picture shows somebody who has fallen"
        return f"{what}: {small}. One picture shows a posture; a fall is a change, which only a film shows."
    return f"Notices falls from {eats}: {small}, for a watch, a camera box or a Raspberry Pi."


def _use(offer: Offer, repository: str) -> str:
    pictures = _pictures(offer.manifest)
    files = "picture.jpg" if pictures == 1 else "film.mp4" if pictures or offer.manifest.kind == "keypoints" else "my-recording.csv"
    return (
        f"```\nhf download {repository} --local-dir bundle\nfeatherfall predict bundle {files}\nfeatherfall app bundle\n```\n\n"
        f"From Python:\n\n```python\nimport featherfall as ff\n\nmodel = ff.load('hf://{repository}')  # or ff.load('bundle')\n"
        f"print(model.predict('{files}').label)\n```\n\nEvery file's sha256 is in `manifest.json` and is checked when the bundle is opened."
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
    said = ["One picture at a time." if _pictures(manifest) == 1 else windows, f"Classes: {_few(manifest.labels)}."]
    decision = manifest.decision
    if manifest.kind == "detector":
        said.append(f"A box counts from a score of {decision.threshold:g} on.")
    elif manifest.positive is not None:
        said.append(
            f"A window counts as {manifest.positive!r} from a probability of {decision.threshold:g} on; windows that count within "
            f"{decision.merge_s:g} s of each other are one event."
        )
    if manifest.kind == "keypoints":
        said.insert(0, "The keypoints are found in a film's pictures by MoveNet (Apache-2.0), which `featherfall predict` runs itself.")
    return f"{table(rows)}\n\n{' '.join(said)}"


def _input(one: Input) -> tuple[str, str, str, str]:
    if one.is_film:
        pictures = "one picture" if one.frames == 1 else f"{one.frames} pictures"
        return one.name, one.unit, f"{pictures} of {one.size} x {one.size}", "-"
    return one.name, one.unit, _few(one.channels), one.placement or "-"


def _training(offer: Offer) -> str:
    facts = offer.manifest.provenance
    people = facts.get("trained_on") or []
    parts = []
    if "dataset" in facts:
        parts.append(f"Dataset `{facts['dataset']}`, {len(people)} people or sources; recipe `{offer.manifest.name}`.")
    recipe = facts.get("recipe") or {}
    teacher = (recipe.get("teacher") or {}).get("network")
    if teacher:
        student = recipe["student"]["network"]["inputs"]
        parts.append(f"Its teacher, which is not needed any more, saw {joined(teacher['inputs'])}; the student sees {joined(student)}.")
    text = " ".join(parts) or "The manifest does not say."
    trained = [f"- {role}: {how}" for role, how in (offer.metrics or {}).get("trained", {}).items()]
    return "\n\n".join(filter(None, [text, "\n".join(trained)]))


def _figures(offer: Offer) -> str:
    metrics = offer.metrics
    if metrics is None:
        return "No figures came with this bundle. Judge it with `featherfall evaluate` on recordings that it never met."
    names = [name for name in METRICS if any(name in one for one in metrics["roles"].values())]
    rows = [("", *(METRICS[name] for name in names))]
    named = ROLES if "distilled" in metrics["roles"] else ROLES | {"alone": "student, float32"}
    rows += [(named.get(role, role), *(_cell(name, values.get(name)) for name in names)) for role, values in metrics["roles"].items()]
    seeds = len(metrics["seeds"])
    about = [
        f"On people or trials that were not trained on ({metrics['protocol']}"
        f"{', validation part' if metrics['part'] == 'validation' else ''}), "
        + (f"mean and 95% interval over {seeds} seeds." if seeds > 1 else "one seed, so without an interval."),
        *([f"Rates in percent; the class is {metrics['positive']!r}."] if metrics["positive"] else ["Rates in percent."]),
        *(["Everybody judged is simulated, too."] if metrics.get("simulated") else []),
    ]
    parts = [" ".join(about), table(rows), *_groups(metrics), *(f"Note: {note}." for note in metrics["notes"]), *_days(offer)]
    return "\n\n".join(parts)


def _groups(metrics: Mapping[str, Any]) -> Iterator[str]:
    """How far F1 would move with other people or sources among the judged."""
    role, over = _shipped(metrics), metrics.get("over_groups", {})
    ends = over.get("roles", {}).get(role, {}).get("f1")
    if ends:
        low, high = (100 * end for end in ends)
        whom = f"each {over['group']} that was judged"
        yield f"Of the model that ships, F1 over other draws of {whom}: {low:.1f} to {high:.1f} (95% bootstrap)."


def _days(offer: Offer) -> Iterator[str]:
    days = (offer.metrics or {}).get("days")
    if not days:
        return
    chosen = offer.manifest.decision.threshold
    rows = [("threshold", "falls noticed", "false alarms a day")]
    for point in days["points"]:
        mark = " (as shipped)" if abs(point["threshold"] - chosen) < 1e-9 else ""
        rows.append((f"{point['threshold']:g}{mark}", f"{100 * point['sensitivity']:.1f}%", f"{point['false_alarms_per_day']:.1f}"))
    yield f"What the threshold does in {days['what']} ({days['falls']} falls):\n\n{table(rows)}"


def _sizes(offer: Offer) -> str:
    manifest = offer.manifest
    rows = [("file", "precision", "bytes", "proof"), *((m.file, m.precision, f"{m.bytes:,}", _proof(m.proof)) for m in manifest.models)]
    return f"{manifest.parameters:,} parameters, {manifest.macs:,} multiply-accumulates a window.\n\n{table(rows)}"


def _proof(proof: Mapping[str, Any]) -> str:
    if "points_lost" in proof:
        return f"{proof['points_lost']:+.2f} points lost against float32 on {proof['clips']} clips"
    if "max_abs_logit_error" in proof:
        return f"logits within {proof['max_abs_logit_error']:.1g} of torch's on {proof['clips']} clips"
    return "-"


def _cell(name: str, value: Mapping[str, Any] | None) -> str:
    if value is None:
        return "-"
    text = _number(name, value["mean"])
    return f"{text} [{', '.join(_number(name, bound) for bound in value['ci95'])}]" if value.get("ci95") else text


def _number(name: str, value: float) -> str:
    return f"{value:.1f}" if name.endswith("_per_hour") else f"{100 * value:.1f}"


def _few(names: Sequence[str], most: int = 8) -> str:
    """All names, or the first ones and how many there are."""
    return ", ".join(names) if len(names) <= most else f"{', '.join(names[:3])}, ... ({len(names)})"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown; the first row is the heading."""
    head, *body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body])
