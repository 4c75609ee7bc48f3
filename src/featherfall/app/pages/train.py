"""Page "Train": choose a recipe and data, start, follow the progress."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from featherfall.app import parts
from featherfall.app.media import MediaStore
from featherfall.app.needs import check_extra, how_to_install, missing_packages
from featherfall.app.pages.upload_field import send_again
from featherfall.app.progress import progress
from featherfall.app.training_runs import RunState, TrainingRuns
from featherfall.core.errors import UserError
from featherfall.core.recipe_file import load_recipe

_SIMULATED, _WHOLE = "simulated people (made first)", "the whole data folder"
_OWN = "my own recipe (a file)"


def build_train(runs: TrainingRuns, store: MediaStore) -> tuple[Callable[[], Any], list[Any]]:
    """Build the page inside a `gr.Blocks`; return a function that refreshes it when it is opened, and the components that it updates."""
    if missing := missing_packages("train"):
        gr.HTML(_closed(missing), elem_id="train-closed")
        return tuple, []
    recipes = runs.recipes()
    first = "own_wrist_falls" if "own_wrist_falls" in recipes else recipes[0]
    with gr.Row(equal_height=False, elem_id="training"):
        with gr.Column(scale=4, min_width=320):
            recipe = gr.Dropdown([*recipes, _OWN], value=first, label="Recipe", elem_id="recipe")
            about = gr.HTML(_about(first), elem_id="recipe-about")
            own = gr.File(label="A recipe (YAML)", file_types=[".yaml", ".yml"], visible=False, height=110, elem_id="own-recipe")
            data = gr.Dropdown(
                _data(runs),
                value=_WHOLE,
                label="Data",
                info="subfolders of the app's data folder",
                elem_id="train-data",
                allow_custom_value=False,
            )
            name = gr.Textbox("mine", label="Name of the run", max_lines=1, elem_id="run-name")
            with gr.Row():
                start = gr.Button("Start", variant="primary", elem_id="start")
                stop = gr.Button("Stop", elem_id="stop-training")
            waiting = gr.Dropdown(_unfinished(runs), value=None, label="Stopped runs", elem_id="unfinished")
            resume = gr.Button("Resume", elem_id="resume")
        with gr.Column(scale=8, min_width=320):
            problem = gr.HTML("", elem_id="train-problem")
            shown = gr.HTML("", elem_id="train-progress")
    followed = gr.State("")
    clock = gr.Timer(2.0, active=True)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    recipe.change(partial(_choose, recipes), recipe, [own, about, data], **quiet)
    start.click(
        partial(_start, runs, store),
        [recipe, own, data, name],
        [problem, shown, followed, waiting],
        js=send_again("own-recipe", 1),
        **quiet,
    )
    resume.click(partial(_resume, runs), waiting, [problem, shown, followed], **quiet)
    stop.click(partial(_stop, runs), None, [shown, waiting], **quiet)
    clock.tick(partial(_follow, runs), followed, shown, **quiet)
    return partial(_open, runs), [shown, followed, waiting, data]


def _choose(recipes: Sequence[str], chosen: str) -> tuple[Any, str, Any]:
    simulated = chosen in recipes and load_recipe(chosen).simulation is not None
    return gr.update(visible=chosen == _OWN), _about(chosen), gr.update(value=_SIMULATED if simulated else _WHOLE)


def _closed(missing: Sequence[str]) -> str:
    """Return why nothing can be trained here. missing: packages."""
    how = re.sub("`([^`]+)`", r"<code>\1</code>", escape(how_to_install("train", "sim")))
    return (
        '<div class="empty"><p class="lead">Nothing can be trained here yet</p>'
        f"<p>Training needs packages that this environment lacks: {escape(', '.join(missing))}.</p>"
        f"<p>To train: {how}.</p></div>"
    )


def _start(runs: TrainingRuns, store: MediaStore, chosen: str, file: str | None, folder: str, run: str) -> tuple[str, str, str, Any]:
    """Start a run; an uploaded recipe is removed, the run keeps a copy of its own."""
    own = store.find_upload(file) if chosen == _OWN else None
    try:
        if folder == _SIMULATED:
            check_extra("simulated people", "sim")
        if chosen == _OWN and own is None:
            raise UserError("choose the recipe's file first" if not file else "the recipe's file is not here any more; choose it again")
        data = "" if folder in (_WHOLE, _SIMULATED) else folder
        state = runs.start(chosen, data, run.strip(), own=own, simulated=folder == _SIMULATED)
    except UserError as error:
        return parts.error(str(error)), progress(_now(runs)), runs.running() or "", gr.update()
    finally:
        store.remove(own.parent if own is not None else None)
    return "", progress(state), state.name, gr.update(choices=_unfinished(runs), value=None)


def _resume(runs: TrainingRuns, run: str | None) -> tuple[str, str, str]:
    try:
        if not run:
            raise UserError("choose a stopped run first")
        state = runs.resume(run)
    except UserError as error:
        return parts.error(str(error)), progress(_now(runs)), runs.running() or ""
    return "", progress(state), state.name


def _stop(runs: TrainingRuns) -> tuple[str, Any]:
    running = runs.running()
    if running:
        runs.stop(running)
    state = runs.state(running) if running else _now(runs)
    return progress(state), gr.update(choices=_unfinished(runs), value=running)


def _follow(runs: TrainingRuns, run: str) -> str | Any:
    now = runs.running() or run
    return progress(runs.state(now)) if now else gr.skip()


def _open(runs: TrainingRuns) -> tuple[str, str, Any, Any]:
    now = _now(runs)
    return progress(now), now.name if now else "", gr.update(choices=_unfinished(runs)), gr.update(choices=_data(runs))


def _data(runs: TrainingRuns) -> list[str]:
    return [_WHOLE, _SIMULATED, *[one for one in runs.data_folders() if one]]


def _unfinished(runs: TrainingRuns) -> list[str]:
    return [one for one in runs.names() if runs.state(one).kind == "stopped"]


def _now(runs: TrainingRuns) -> RunState | None:
    running = runs.running()
    return runs.state(running) if running else None


def _about(recipe: str) -> str:
    if recipe == _OWN:
        return '<p class="quiet">A YAML file as described in the README. It may read the chosen data and nothing else.</p>'
    resolved = load_recipe(recipe)
    return f'<p class="quiet">{escape(resolved.summary)} Data: {escape(resolved.dataset)}.</p>'
