"""How recordings are cut into windows: set in the recipe, stored in the manifest, used by training and live prediction."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from featherfall.core.checked import Checked


class Window(Checked):
    """Settings of the windows.

    kind "trial": the whole recording, resampled to `length` samples (needs trial boundaries, which a worn sensor does not have).
    kind "sliding": windows of `length` samples at `rate`, every `stride_s` seconds.
    kind "impact": windows of `length` samples at `rate` around each peak of |accelerometer| that reaches `threshold_g` and is the highest
    within `spacing_s` on both sides; the peak stands `before_s` seconds after the window's start.
    """

    # Default threshold: on validation folds of WEDA-FALL, F1 was 98.3 with 1.6 g and 97.9 with 2.2 g (docs/log.md).
    kind: Literal["trial", "sliding", "impact"]
    length: int = Field(ge=8, le=100_000)
    rate: float = Field(default=50.0, ge=0.01, le=10_000)
    stride_s: float = Field(default=0.5, gt=0, le=86_400)
    threshold_g: float = Field(default=1.6, gt=1.0, le=1000)
    spacing_s: float = Field(default=0.5, gt=0, le=3600)
    before_s: float | None = Field(default=None, ge=0, le=86_400)

    @model_validator(mode="after")
    def _peak_inside(self) -> Window:
        if self.before_s is not None and self.before_s * self.rate >= self.length:
            raise ValueError(f"before_s {self.before_s} puts the peak outside a window of {self.length} samples at {self.rate} Hz")
        return self

    @property
    def seconds(self) -> float:
        """Length of one window in seconds (of the resampled time for kind "trial")."""
        return self.length / self.rate

    @property
    def before(self) -> int:
        """Samples between the window's start and its peak, for kind "impact"; the middle unless stated."""
        return self.length // 2 if self.before_s is None else round(self.before_s * self.rate)

    @property
    def stride(self) -> int:
        """Samples between two sliding windows."""
        return max(round(self.stride_s * self.rate), 1)

    @property
    def spacing(self) -> int:
        """Samples within which only the highest peak counts."""
        return max(round(self.spacing_s * self.rate), 1)
