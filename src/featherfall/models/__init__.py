"""Networks: students, teachers, and taps into them (PyTorch)."""

from featherfall.models.build import build_network

__all__ = ["build_network"]
