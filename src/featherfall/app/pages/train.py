"""Page "Train": a recipe, data, and how far it is."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr

from featherfall.app import parts
from featherfall.app.trainings import State, Training, Trainings
from featherfall.ground.errors import UserError
from featherfall.ground.recipe_file import load_recipe

SIMULATED, WHOLE = "simulated people (made first)", "the whole data folder"
OWN = "my own recipe (a file)"
NOTHING = "Nothing is being trained. A small recipe takes minutes, a large one hours; the page may be closed meanwhile."
TONES = {"teacher": "#8d97a6", "alone": "#e08a3c", "distilled": "#2a9fd8"}
WORDS = {"teacher": "teacher", "alone": "student alone", "distilled": "student with its teacher"}


def build(trainings: Trainings) -> tuple[Callable[[], Any], list[Any]]:
    """Lay it out inside a `gr.Blocks`; returns what to do whenever the page is opened, and the parts that this brings up to date."""
    if find_spec("torch") is None:
        gr.HTML("<div class=\"empty\">Training needs more packages: pip install 'featherfall[train]', then start the app again.</div>")
        return tuple, []
    recipes = trainings.recipes()
    first = "own_wrist_falls" if "own_wrist_falls" in recipes else recipes[0]
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            recipe = gr.Dropdown([*recipes, OWN], value=first, label="Recipe", elem_id="recipe")
            about = gr.HTML(_about(first), elem_id="recipe-about")
            own = gr.File(
                label="A recipe (YAML)", file_types=[".yaml", ".yml"], type="filepath", visible=False, height=110, elem_id="own-recipe"
            )
            data = gr.Dropdown(
                _data(trainings),
                value=WHOLE,
                label="Data",
                info="what lies in the data folder of this app",
                elem_id="train-data",
                allow_custom_value=False,
            )
            name = gr.Textbox("mine", label="Name of the run", max_lines=1, elem_id="run-name")
            with gr.Row():
                start = gr.Button("Start", variant="primary", elem_id="start")
                stop = gr.Button("Stop", elem_id="stop-training")
            waiting = gr.Dropdown(_unfinished(trainings), value=None, label="Stopped runs", elem_id="unfinished")
            resume = gr.Button("Go on with it", elem_id="resume")
        with gr.Column(scale=8, min_width=320):
            problem = gr.HTML("", elem_id="train-problem")
            shown = gr.HTML("", elem_id="train-progress")
    followed = gr.State("")
    clock = gr.Timer(2.0, active=True)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}

    def choose(chosen: str) -> tuple[Any, str, Any]:
        simulated = chosen in recipes and load_recipe(chosen).simulation is not None
        return gr.update(visible=chosen == OWN), _about(chosen), gr.update(value=SIMULATED if simulated else WHOLE)

    def begin(chosen: str, file: str | None, folder: str, run: str) -> tuple[str, str, str, Any]:
        try:
            if chosen == OWN and not file:
                raise UserError("give the recipe's file first")
            state = trainings.start(
                chosen,
                "" if folder in (WHOLE, SIMULATED) else folder,
                run.strip(),
                own=Path(file) if chosen == OWN and file else None,
                simulated=folder == SIMULATED,
            )
        except UserError as error:
            return parts.error(str(error)), _shown(trainings, _now(trainings)), trainings.running() or "", gr.update()
        return "", _shown(trainings, state), state.name, gr.update(choices=_unfinished(trainings), value=None)

    def go_on(run: str | None) -> tuple[str, str, str]:
        try:
            if not run:
                raise UserError("choose a stopped run first")
            state = trainings.go_on(run)
        except UserError as error:
            return parts.error(str(error)), _shown(trainings, _now(trainings)), trainings.running() or ""
        return "", _shown(trainings, state), state.name

    def end() -> tuple[str, Any]:
        running = trainings.running()
        if running:
            trainings.stop(running)
        return _shown(trainings, trainings.state(running) if running else _now(trainings)), gr.update(
            choices=_unfinished(trainings), value=running
        )

    def look(run: str) -> str | Any:
        now = trainings.running() or run
        return _shown(trainings, trainings.state(now)) if now else gr.skip()

    recipe.change(choose, recipe, [own, about, data], **quiet)
    start.click(begin, [recipe, own, data, name], [problem, shown, followed, waiting], **quiet)
    resume.click(go_on, waiting, [problem, shown, followed], **quiet)
    stop.click(end, None, [shown, waiting], **quiet)
    clock.tick(look, followed, shown, **quiet)

    def opened() -> tuple[str, str, Any, Any]:
        now = _now(trainings)
        return (
            _shown(trainings, now),
            now.name if now else "",
            gr.update(choices=_unfinished(trainings)),
            gr.update(choices=_data(trainings)),
        )

    return opened, [shown, followed, waiting, data]


def _data(trainings: Trainings) -> list[str]:
    return [WHOLE, SIMULATED, *[one for one in trainings.data_folders() if one]]


def _unfinished(trainings: Trainings) -> list[str]:
    return [one for one in trainings.names() if trainings.state(one).kind == "stopped"]


def _now(trainings: Trainings) -> State | None:
    running = trainings.running()
    return trainings.state(running) if running else None


def _about(recipe: str) -> str:
    if recipe == OWN:
        return '<p class="quiet">A YAML file as described in the README. It may read the chosen data and nothing else.</p>'
    resolved = load_recipe(recipe)
    return f'<p class="quiet">{escape(resolved.summary)} Data: {escape(resolved.dataset)}.</p>'


def _shown(trainings: Trainings, state: State | None) -> str:
    if state is None or (state.kind == "absent" and not state.last):
        return f'<div class="empty">{NOTHING}</div>'
    words = {
        "running": "is being trained",
        "finished": "is finished: see Reports",
        "stopped": "was stopped; it can go on where it was",
        "failed": "has failed",
        "absent": "was not begun",
    }
    done = sum(one.finished for one in state.trainings)
    head = f'<p class="lead" role="status" data-state="{state.kind}">{escape(state.name)} {words[state.kind]}</p>'
    head += f'<p class="modelname">{done} of {len(state.trainings)} trainings begun so far are finished</p>' if state.trainings else ""
    last = ""
    if state.kind in ("failed", "absent"):
        last = parts.error(state.last.removeprefix("featherfall: "))
    elif state.kind == "running" and not state.trainings:
        last = f'<p class="quiet">{escape(state.last or "starting: the recordings are read and cut first")}</p>'
    bars = "".join(_row(one) for one in reversed(state.trainings[-8:]))
    table = f'<div class="table"><table><tr><th>training</th><th></th><th>steps</th><th>loss</th></tr>{bars}</table></div>' if bars else ""
    return head + last + losses(state) + table


def _row(one: Training) -> str:
    step, loss = one.points[-1] if one.points else (0, None)
    bar = f'<progress max="{max(one.steps, 1)}" value="{step}"></progress>'
    number = "" if loss is None else f"{loss:.3f}"
    return f"<tr><td>{escape(one.name)}</td><td>{bar}</td><td>{step} of {one.steps}</td><td>{number}</td></tr>"


def losses(state: State) -> str:
    """The losses so far as an SVG: a line a training."""
    lines = [one for one in state.trainings if len(one.points) > 1]
    if not lines:
        return ""
    steps = max(one.points[-1][0] for one in lines)
    top = max(loss for one in lines for _, loss in one.points)
    paths = "".join(_line(one, steps, top) for one in lines)
    grid = "".join(
        f'<line x1="44" x2="590" y1="{150 - 134 * share}" y2="{150 - 134 * share}" stroke="#3a404c"/>'
        f'<text x="38" y="{154 - 134 * share}" text-anchor="end">{top * share:.2g}</text>'
        for share in (0, 0.5, 1)
    )
    roles = [role for role in TONES if any(one.role.split()[0] == role for one in lines)]
    legend = "".join(f'<span><i style="background:{TONES[role]}"></i>{WORDS[role]}</span>' for role in roles)
    return (
        f'<svg class="losses" viewBox="0 0 600 178" role="img" aria-label="loss of each training over its steps">{grid}{paths}'
        f'<text x="44" y="170">step 0</text><text x="590" y="170" text-anchor="end">step {steps}</text></svg>'
        f'<p class="quiet legend"><span>loss: how wrong it still is</span>{legend}</p>'
    )


def _line(one: Training, steps: int, top: float) -> str:
    points = " ".join(f"{44 + 546 * step / max(steps, 1):.1f},{150 - 134 * min(loss / max(top, 1e-9), 1):.1f}" for step, loss in one.points)
    tone, faint = TONES.get(one.role.split()[0], "#a6e260"), 0.55 if one.finished else 1
    return f'<polyline fill="none" stroke="{tone}" stroke-width="1.6" stroke-opacity="{faint}" points="{points}"/>'
