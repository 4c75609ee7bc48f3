from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 frames at 10 Hz with a key frame every 5 and frames predicted from later ones."""
    from tests.signals.films import film, levels  # needs PyAV

    return film(tmp_path_factory.mktemp("film") / "plain.mp4", levels(30), options={"g": "5", "bf": "2", "sc_threshold": "0"})
