"""The recipe section of detectors."""

from __future__ import annotations

from pydantic import Field, NonNegativeInt

from featherfall.core.checked import Checked


class SimulatedPictures(Checked):
    """Images of simulated people on which teacher and student are pretrained.

    each: pictures a motion. teacher_steps, student_steps: of training on them, otherwise as the recipe trains.
    rehearse: so many of them are in every later batch beside the batch's own pictures, so that nothing is forgotten.
    """

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
    embedding_steps: where `distillation.terms` has l2 or cosine: so many steps the student learns the teacher's embedding, before it learns
        the task. The student alone learns the task for so many steps more, so that both see as many pictures.
    overlap: of two boxes that overlap by more than this (IoU) the better one stays.
    first: on which simulated pictures teacher and student learn first; left out, they begin with random (or published) weights.
    """

    mosaic: float = Field(default=0.3, ge=0, le=1)
    embedding_steps: int = Field(default=150, ge=0)
    overlap: float = Field(default=0.5, gt=0, lt=1)
    first: SimulatedPictures | None = None
