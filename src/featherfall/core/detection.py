"""The recipe section of detectors."""

from __future__ import annotations

from pydantic import Field, NonNegativeInt

from featherfall.core.checked import Checked


class SimulatedPictures(Checked):
    """Images of simulated people on which teacher and student are pretrained.

    The images are those of `sim.dataset.pictures`.

    each: images a motion.
    teacher_steps, student_steps: steps of this pretraining, with the recipe's other settings.
    replay: number of these images added to every later batch. Without them, a student that found 3 of 3 simulated falls found 0 of 16 after
        fine-tuning on real images (docs/log.md).
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

    mosaic: share of the batches whose images are mosaics of four.
    embedding_steps: with l2 or cosine in `distillation.terms`, steps in which the student learns the teacher's embedding before the task.
        The student alone learns the task for as many further steps, so that both see the same number of images.
    overlap: IoU above which non-maximum suppression removes the worse of two boxes.
    first: pretraining on simulated images; by default teacher and student start from random (or published) weights.
    """

    mosaic: float = Field(default=0.3, ge=0, le=1)
    embedding_steps: int = Field(default=150, ge=0)
    overlap: float = Field(default=0.5, gt=0, lt=1)
    first: SimulatedPictures | None = None
