"""Bundles that watch, on two tiny films: the estimator gives poses that are known, all else is real."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.app.test_pictures import box_bundle
from tests.evaluation.falling import RATE, WALKS, KnowsWho, no_weights, write_films
from tests.films import gray_film, number
from tests.runtime.drop import write_camera_bundle
from typer.testing import CliRunner

from featherfall import datasets
from featherfall.cli.main import app
from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.datasets import Dataset
from featherfall.evaluation.evaluate import PeopleOptions, evaluate
from featherfall.evaluation.films import LabelledFilm
from featherfall.evaluation.of_films import FilmEvaluator
from featherfall.runtime import Bundle, load_bundle
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.watch import Monitor, watch_film
from featherfall.signals.video import read_frames


class Remembers:
    """An estimator that finds nobody and knows which pictures of each film it was shown."""

    def __init__(self) -> None:
        self._films: list[list[int]] = [[]]

    @property
    def seen(self) -> list[int]:
        """Of the first film: what is looked at afterwards asks whether it is turned."""
        return next(film for film in self._films if film)

    def estimate(self, image: np.ndarray) -> list[Pose]:
        self._films[-1].append(number(image))
        return []

    def reset(self) -> None:
        self._films.append([])


OPEN = "featherfall.evaluation.of_films.open_estimator"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_films(tmp_path_factory.mktemp("films") / "data")


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Dataset:
    return datasets.open("folder", folder)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load_bundle(write_camera_bundle(tmp_path_factory.mktemp("camera") / "bundle"))


@pytest.fixture
def estimator(monkeypatch: pytest.MonkeyPatch) -> KnowsWho:
    one = KnowsWho()

    def opened(*_: object) -> KnowsWho:
        one.reset()
        return one

    monkeypatch.setattr(OPEN, opened)
    return one


def test_a_fall_and_a_walk(bundle: Bundle, dataset: Dataset, estimator: KnowsWho, tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    out = evaluate(bundle, dataset, films=PeopleOptions(cache=tmp_path), progress=lambda *both: done.append(both))
    assert (out["bundle"], out["model"], out["dataset"], out["notes"]) == (bundle.manifest.name, "float32", "folder", [])
    shares = {name: (share["hits"], share["count"]) for name, share in out["shares"].items()}
    assert shares.pop("falls_on_person") == (0, 0)  # nothing moves in these plain pictures
    assert shares == {"falls_found": (1, 1), "falls_in_time": (1, 1), "falls_still_down": (1, 1), "daily_films_alarmed": (0, 1)}
    assert {name: out["metrics"][name] for name in shares} == {
        **{"falls_found": 1.0, "falls_in_time": 1.0, "falls_still_down": 1.0, "daily_films_alarmed": 0.0}
    }
    assert -1 <= out["metrics"]["detection_delay_s"] <= 2
    counts = out["counts"]
    assert (counts["films"], counts["falls"], counts["daily_films"], counts["recordings_without_film"]) == (2, 1, 1, 0)
    assert counts["daily_hours"] * 3600 == pytest.approx(6 - 1 / RATE) and counts["hours"] * 3600 == pytest.approx(19 - 2 / RATE)
    fall, walk = out["films"]
    assert fall["film"] == "folder/S1/fall/1/cam1" and fall["in_time"] and fall["still_down"] and fall["events"] == 1
    assert not walk["fall"] and walk["events"] == 0 and walk["delay_s"] is None
    assert done == [(1, 2), (2, 2)] and estimator.asked == 13 * RATE + len(WALKS)


def test_an_interrupted_evaluation_goes_on(bundle: Bundle, dataset: Dataset, estimator: KnowsWho, tmp_path: Path) -> None:
    whole = evaluate(bundle, dataset, films=PeopleOptions(cache=tmp_path))
    kept = {path.name.partition("-")[0]: path for path in tmp_path.iterdir()}
    assert kept.keys() == {"fall", "walk"}
    kept["walk"].unlink()
    estimator.asked = 0
    assert evaluate(bundle, dataset, films=PeopleOptions(cache=tmp_path)) == whole and estimator.asked == len(WALKS)
    assert evaluate(bundle, dataset, films=PeopleOptions("one", cache=tmp_path)) == whole  # another estimator finds its own people
    assert estimator.asked == 2 * len(WALKS) + 13 * RATE


def test_known_people_need_no_weights(
    bundle: Bundle, dataset: Dataset, estimator: KnowsWho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evaluate(bundle, dataset, films=PeopleOptions(cache=tmp_path))
    monkeypatch.setattr(OPEN, no_weights)
    assert evaluate(bundle, dataset, films=PeopleOptions(cache=tmp_path)) == whole
    next(tmp_path.glob("walk-*")).unlink()
    with pytest.raises(UserError, match=r"^no weights here; fetch them$"):  # not "left out": there would be no honest count
        evaluate(bundle, dataset, films=PeopleOptions(cache=tmp_path))


def test_a_broken_film_is_left_out(bundle: Bundle, estimator: KnowsWho, tmp_path: Path) -> None:
    folder = write_films(tmp_path / "data", seconds=8)
    (folder / "walk.mp4").write_bytes(b"no film")
    with pytest.raises(UserError, match=r"1 of 2 recordings cannot be used, more than 10 %"):
        evaluate(bundle, datasets.open("folder", folder), films=PeopleOptions(cache=tmp_path / "cache"))
    out = evaluate(bundle, datasets.open("folder", folder), films=PeopleOptions(cache=tmp_path / "cache"), allow_skipped=True)
    (note,) = out["notes"]
    assert note.startswith("left out: 1 of 2; 1 x ") and "walk.mp4" in note and out["counts"]["films"] == 1
    assert out["shares"]["falls_still_down"] == {"hits": 0, "count": 0, "ci95": None}  # the film ends too soon
    assert "falls_still_down" not in out["metrics"]


@pytest.mark.parametrize("clock", [15, 25, 30, "uneven"])
def test_predict_evaluate_and_live_look_at_the_same_pictures(
    bundle: Bundle, tmp_path: Path, clock: int | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = gray_film(tmp_path / "film.mp4", 36, by=12)
    rng = np.random.default_rng(0)
    times = np.arange(36) / clock if isinstance(clock, int) else np.cumsum(rng.uniform(0.01, 0.09, 36))
    video = Video(path, times=times)
    watched, evaluated, live = Remembers(), Remembers(), Remembers()
    watch_film(video, bundle, watched)
    monkeypatch.setattr(OPEN, lambda *_: evaluated)
    FilmEvaluator(bundle, cache=tmp_path).outcome(LabelledFilm("film", True, video, None, False), [])
    monitor = Monitor(bundle, live)
    for frame in read_frames(video):
        monitor.see(frame.time, frame.image)
    assert watched.seen == evaluated.seen == live.seen
    assert (len(live.seen) == 36) == (clock == 15) and len(live.seen) >= 15


def test_a_detector_on_films(folder: Path, dataset: Dataset, tmp_path: Path) -> None:
    bundle = load_bundle(box_bundle(tmp_path / "box"))
    out = evaluate(bundle, dataset, films=PeopleOptions(cache=tmp_path / "cache"))
    assert (out["metrics"]["falls_in_time"], out["metrics"]["daily_films_alarmed"]) == (1.0, 0.0)
    assert (
        evaluate(bundle, dataset, films=PeopleOptions(cache=tmp_path / "cache")) == out and len(list((tmp_path / "cache").iterdir())) == 2
    )


def test_from_the_command_line(bundle: Bundle, folder: Path, estimator: KnowsWho, tmp_path: Path) -> None:
    words = ["evaluate", bundle.path, "--dataset", "Folder", "--data", folder]
    words += ["--cache", tmp_path / "cache", "--csv", tmp_path / "films.csv"]
    shown = CliRunner().invoke(app, [str(word) for word in words])
    assert shown.exit_code == 0, shown.output
    (row,) = (line.split() for line in shown.stdout.splitlines() if "falls in time" in line)
    assert row == ["falls", "in", "time", "100.0", "1", "of", "1", "20.7-100.0"]
    head, fall, walk = (tmp_path / "films.csv").read_text().splitlines()
    assert head.startswith("film,fall,seconds,events,") and fall.startswith("folder/S1/fall/1/cam1,1,12.93,1,1,1,")
    assert walk == "folder/S1/walk/1/cam1,0,5.93,0,0,,," + walk.split(",,,")[1]
