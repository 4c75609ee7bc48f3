"""Page "Train": a recipe, data, and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr

from featherfall.app import parts
from featherfall.app.progress import progress
from featherfall.app.trainings import State, Trainings
from featherfall.core.errors import UserError
from featherfall.core.recipe_file import load_recipe

SIMULATED, WHOLE = "simulated people (made first)", "the whole data folder"
OWN = "my own recipe (a file)"


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
    recipe.change(partial(_choose, recipes), recipe, [own, about, data], **quiet)
    start.click(partial(_start, trainings), [recipe, own, data, name], [problem, shown, followed, waiting], **quiet)
    resume.click(partial(_go_on, trainings), waiting, [problem, shown, followed], **quiet)
    stop.click(partial(_stop, trainings), None, [shown, waiting], **quiet)
    clock.tick(partial(_look, trainings), followed, shown, **quiet)
    return partial(_open, trainings), [shown, followed, waiting, data]


def _choose(recipes: Sequence[str], chosen: str) -> tuple[Any, str, Any]:
    simulated = chosen in recipes and load_recipe(chosen).simulation is not None
    return gr.update(visible=chosen == OWN), _about(chosen), gr.update(value=SIMULATED if simulated else WHOLE)


def _start(trainings: Trainings, chosen: str, file: str | None, folder: str, run: str) -> tuple[str, str, str, Any]:
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
        return parts.error(str(error)), progress(_now(trainings)), trainings.running() or "", gr.update()
    return "", progress(state), state.name, gr.update(choices=_unfinished(trainings), value=None)


def _go_on(trainings: Trainings, run: str | None) -> tuple[str, str, str]:
    try:
        if not run:
            raise UserError("choose a stopped run first")
        state = trainings.go_on(run)
    except UserError as error:
        return parts.error(str(error)), progress(_now(trainings)), trainings.running() or ""
    return "", progress(state), state.name


def _stop(trainings: Trainings) -> tuple[str, Any]:
    running = trainings.running()
    if running:
        trainings.stop(running)
    state = trainings.state(running) if running else _now(trainings)
    return progress(state), gr.update(choices=_unfinished(trainings), value=running)


def _look(trainings: Trainings, run: str) -> str | Any:
    now = trainings.running() or run
    return progress(trainings.state(now)) if now else gr.skip()


def _open(trainings: Trainings) -> tuple[str, str, Any, Any]:
    now = _now(trainings)
    return progress(now), now.name if now else "", gr.update(choices=_unfinished(trainings)), gr.update(choices=_data(trainings))


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
