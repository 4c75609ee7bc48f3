"""Which pictures of a film are looked at: one rule for files and for live cameras, which cannot wait for a better picture."""

from __future__ import annotations

import numpy as np

# Steps by which a picture may come before its step's instant. At 10, 15, 20, 24, 25, 30 and 60 pictures a second and 15 steps none lies
# within .04 steps (2 ms) of this bound, so that the jitter of a camera's clock does not change the choice; with 0 or .5 it would.
EARLY = 0.3
_ROUNDING = 1e-6  # steps


def picture_step(time: float, first: float, rate: float) -> int:
    """Return the number of the step that a picture belongs to, 0 for the first picture's. The first picture of each step is looked at.

    So the choice depends on this picture and the one before, not on what comes after: a stretch of a film gives the same choice as the
    whole, and a live camera the same as the film of it.

    Arguments:
        time: of the picture, s. first: of the film's first picture, s. rate: of the steps, Hz.
    """
    return int(np.floor((time - first) * rate + EARLY + _ROUNDING))
