"""Simulated people beside real ones: the folder that `featherfall sim` writes, as a dataset of its own in a pool.

`made_by` is the command of the recipe `wrist_falls_pooled`. A pool with skeletons needs `--skeleton azure`, the joints of SmartFallMM:
recordings whose skeletons differ cannot be one input.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.files import SIMULATION
from featherfall.core.registry import register

from .dataset import Dataset
from .folder import OwnFolder


@register("dataset", "simulated")
class Simulated(OwnFolder):
    """Simulated falls and daily life, as `featherfall sim --out DIR/simulated` writes them; watch at the wrist."""

    folder = "simulated"
    streams = ("accelerometer", "gyroscope", "skeleton")
    made_by = "featherfall sim --out {folder} --subjects 24 --hours 3 --seed 7 --part fitbit --skeleton none"

    def scan(self, folder: Path) -> Dataset:
        """List the recordings. Raises `UserError` as `OwnFolder`, and for a folder that was not simulated."""
        if not (folder / SIMULATION).is_file():
            raise UserError(
                f"{folder}: not a finished simulation ({SIMULATION} is missing); write one: {self.made_by.format(folder=folder)}"
            )
        found = super().scan(folder)
        sources = tuple(replace(source, dataset=self.name) for source in found.sources)
        return replace(found, name=self.name, sources=sources)
