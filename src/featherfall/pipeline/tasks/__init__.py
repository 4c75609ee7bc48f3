"""Tasks, one file each."""

from __future__ import annotations

from featherfall.core.recipe import Recipe
from featherfall.pipeline.task import Task
from featherfall.pipeline.tasks.detection import DetectionTask
from featherfall.pipeline.tasks.windows import WindowsTask


def task_of(recipe: Recipe) -> type[Task]:
    """Return the task of a recipe: a section `detection` makes it one of detectors."""
    return DetectionTask if recipe.detection else WindowsTask
