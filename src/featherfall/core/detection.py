"""The section `detection` of a recipe: its presence makes the recipe one for a detector."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, NonNegativeInt

from featherfall.core.checked import Checked


class SimulatedPictures(Checked):
    """Pictures of simulated people on which teacher and student are pretrained; drawn as by `featherfall sim --layout yolo`.

    each: pictures per motion. teacher_steps, student_steps: of pretraining; otherwise as the recipe trains.
    replay: how many of them are added to every later batch, against forgetting.
    """

    renamed: ClassVar[dict[str, str]] = {"rehearse": "replay"}

    subjects: int = Field(default=24, ge=1)
    hours: float = Field(default=0.9, gt=0)
    seed: NonNegativeInt = 0
    each: int = Field(default=6, ge=1, le=100)
    teacher_steps: int = Field(default=300, ge=1)
    student_steps: int = Field(default=500, ge=1)
    replay: int = Field(default=0, ge=0, le=64)


class Detection(Checked):
    """Settings of a detector: boxes around people, of the classes that `labels.names` makes of the data's class names.

    mosaic: share of the batches whose pictures are put together from four.
    embedding_steps: steps in which the student learns the teacher's embedding before it learns the task, where `distillation.terms` has l2
        or cosine. The student alone learns the task for as many steps more, so that both see the same number of pictures.
    overlap: of two boxes that overlap by more than this (IoU), the better one is kept.
    pretrain: simulated pictures on which teacher and student are pretrained; without, they start from random (or published) weights.
    """

    renamed: ClassVar[dict[str, str]] = {"first": "pretrain"}

    mosaic: float = Field(default=0.3, ge=0, le=1)
    embedding_steps: int = Field(default=150, ge=0)
    overlap: float = Field(default=0.5, gt=0, lt=1)
    pretrain: SimulatedPictures | None = None
