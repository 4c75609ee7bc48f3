"""Networks: students, teachers, and taps into them (PyTorch)."""

from featherfall.models.build import build

__all__ = ["build"]
