"""The benchmarks that compare estimators and draw a sheet of films, on films of gray and people made up."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tests.films import gray_film
from tests.runtime.people import person

from featherfall.core.recording import Video
from featherfall.evaluation.film_cache import save_observations
from featherfall.evaluation.films import LabelledFilm
from featherfall.runtime.bundle import load_bundle
from featherfall.runtime.embedded import find_bundle
from featherfall.runtime.observation import Observation
from featherfall.runtime.watch import Monitor

pytest.importorskip("PIL")


def benchmark(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import a benchmark, whose folder is on the path when it is run."""
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    monkeypatch.setitem(sys.modules, name, importlib.import_module(name))
    return sys.modules[name]


def film(name: str, fall: bool = True, path: Path = Path("film.mp4")) -> LabelledFilm:
    return LabelledFilm(name, fall, Video(path), None, exact=False)


def test_films_of_one_recording_are_in_one_half(monkeypatch: pytest.MonkeyPatch) -> None:
    halves = benchmark("estimators", monkeypatch).halves
    falls = [film(f"set/fall {number}/cam{camera}") for number in range(5) for camera in range(2)]
    daily = [film(f"set/walk {number}/cam0", fall=False) for number in range(3)]
    parts = {half: [one.name for one in films] for half, films in halves([*daily, *falls]).items()}
    of_falls = {half: {name.split("/")[1] for name in names if "fall" in name} for half, names in parts.items()}
    assert of_falls == {"A": {"fall 0", "fall 2", "fall 4"}, "B": {"fall 1", "fall 3"}}
    assert sum(map(len, parts.values())) == 13 and sum("walk" in name for name in parts["A"]) == 2
    assert [len(films) for films in halves([*daily, *falls], every=2).values()] == [4 + 1, 2 + 1]


class Nobody:
    """Finds nobody."""

    def estimate(self, image: np.ndarray) -> list[object]:
        return []

    def reset(self) -> None: ...


def test_a_film_without_an_alarm_is_drawn_in_its_middle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = benchmark("contact_sheet", monkeypatch)
    gray = gray_film(tmp_path / "film.mp4", size=96)
    kept = tmp_path / "people.npz"
    save_observations(kept, [Observation(k / 10, (person(48, 48, height=60, score=0.9),), 96, 96) for k in range(30)])
    monitor = Monitor(load_bundle(find_bundle("camera")), Nobody(), lies_for_s=None)
    tile, caption = sheet.drawn(film("set/S1/lies for a very long time/1/cam0", path=gray), monitor, kept, private=False)
    assert tile.shape == (sheet.TILE[1], sheet.TILE[0], 3) and caption == "lies for a very long ti…: MISSED"
    private, _ = sheet.drawn(film("set/S1/walks/1/cam0", fall=False, path=gray), monitor, kept, private=True)
    assert np.median(private) < 40 < np.median(tile)
    assert sheet.drawn(film("set/S1/walks/1/cam0", fall=False, path=gray), monitor, kept, private=True)[1] == "walks 1 cam0: no alarm"
