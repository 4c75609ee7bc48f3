"""Progress of a run as HTML: a bar and a loss curve for each training."""

from __future__ import annotations

from html import escape

from featherfall.app import parts
from featherfall.app.training_runs import RunState, TrainingProgress

_NO_TRAINING = "Nothing is being trained. A small recipe takes minutes, a large one hours; the page may be closed meanwhile."
_COLOURS = {"teacher": "#8d97a6", "alone": "#e08a3c", "distilled": "#2a9fd8"}
_LEFT = 66  # of 600: room for a loss of five characters in a phone's letters, which are larger
_ROLE_LABELS = {"teacher": "teacher", "alone": "student alone", "distilled": "student with its teacher"}


def progress(state: RunState | None) -> str:
    """Return the progress of a run; None where nothing is being trained."""
    if state is None or (state.kind == "absent" and not state.last):
        return f'<div class="empty">{_NO_TRAINING}</div>'
    phrases = {
        "running": "is being trained",
        "finished": "is finished: see Reports",
        "stopped": "was stopped; it can be resumed",
        "failed": "has failed",
        "absent": "was not started",
    }
    done = sum(one.finished for one in state.trainings)
    head = f'<p class="lead" role="status" data-state="{state.kind}">{escape(state.name)} {phrases[state.kind]}</p>'
    head += f'<p class="modelname">{done} of {len(state.trainings)} trainings started so far are finished</p>' if state.trainings else ""
    last = ""
    if state.kind in ("failed", "absent"):
        last = parts.error(state.last.removeprefix("featherfall: "))
    elif state.kind == "running" and not state.trainings:
        last = f'<p class="quiet">{escape(state.last or "starting: the recordings are read and cut first")}</p>'
    bars = "".join(_row(one) for one in reversed(state.trainings[-8:]))
    table = f'<div class="table"><table><tr><th>training</th><th></th><th>steps</th><th>loss</th></tr>{bars}</table></div>' if bars else ""
    return head + last + losses(state) + table


def _row(one: TrainingProgress) -> str:
    step, loss = one.points[-1] if one.points else (0, None)
    bar = f'<progress max="{max(one.steps, 1)}" value="{step}"></progress>'
    number = "" if loss is None else f"{loss:.3f}"
    return f"<tr><td>{escape(one.name)}</td><td>{bar}</td><td>{step} of {one.steps}</td><td>{number}</td></tr>"


def losses(state: RunState) -> str:
    """Return the losses so far as an SVG, a line per training."""
    lines = [one for one in state.trainings if len(one.points) > 1]
    if not lines:
        return ""
    steps = max(one.points[-1][0] for one in lines)
    top = max(loss for one in lines for _, loss in one.points)
    paths = "".join(_line(one, steps, top) for one in lines)
    grid = "".join(
        f'<line x1="{_LEFT}" x2="590" y1="{150 - 134 * share}" y2="{150 - 134 * share}" stroke="#3a404c"/>'
        f'<text x="{_LEFT - 6}" y="{154 - 134 * share}" text-anchor="end">{top * share:.2g}</text>'
        for share in (0, 0.5, 1)
    )
    roles = [role for role in _COLOURS if any(one.role.split()[0] == role for one in lines)]
    legend = "".join(f'<span><i style="background:{_COLOURS[role]}"></i>{_ROLE_LABELS[role]}</span>' for role in roles)
    return (
        f'<svg class="losses" viewBox="0 0 600 178" role="img" aria-label="loss of each training over its steps">{grid}{paths}'
        f'<text x="{_LEFT}" y="170">step 0</text><text x="590" y="170" text-anchor="end">step {steps}</text></svg>'
        f'<p class="quiet legend"><span>loss: lower is better</span>{legend}</p>'
    )


def _line(one: TrainingProgress, steps: int, top: float) -> str:
    places = [(_LEFT + (590 - _LEFT) * step / max(steps, 1), 150 - 134 * min(loss / max(top, 1e-9), 1)) for step, loss in one.points]
    points = " ".join(f"{right:.1f},{down:.1f}" for right, down in places)
    tone, faint = _COLOURS.get(one.role.split()[0], "#a6e260"), 0.55 if one.finished else 1
    return f'<polyline fill="none" stroke="{tone}" stroke-width="1.6" stroke-opacity="{faint}" points="{points}"/>'
