"""Notices as they come, from recorded sources that are watched as if they were live."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.api.detector import write_detector
from tests.films import halves
from tests.runtime.drop import write_camera_bundle
from tests.runtime.people import person
from tests.runtime.tiny import motion, recording, write_bundle, write_csv
from tests.stills import still

import featherfall as ff
from featherfall.api.model import Model
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.sinks.film import film_writer
from featherfall.runtime.sinks.jsonl import JsonLines
from featherfall.runtime.sources.source import Samples
from featherfall.signals.video import Frame

RATE = 50.0
IMPACTS = ((8.0, 5.0), (20.0, 5.0))
ACC = motion(np.arange(2000) / RATE, IMPACTS)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


def test_notices_are_the_events_of_the_recording(bundle: Path) -> None:
    model = ff.load(bundle)
    notices = list(ff.watch(model, ACC, rate=RATE))
    events = model.predict(ACC, rate=RATE).events
    assert [notice.kind for notice in notices] == ["possible fall"] * 2
    assert [notice.time_s for notice in notices] == pytest.approx([event.raised_s for event in events], abs=0.05)
    assert [notice.confidence for notice in notices] == pytest.approx([event.confidence for event in events], abs=0.01)


def test_a_model_that_gives_no_numbers_is_noticed_once(tmp_path: Path) -> None:
    sliding = {"kind": "sliding", "length": 64, "rate": 50.0, "stride_s": 0.5}
    notices = list(ff.watch(write_bundle(tmp_path / "broken", gain=float("nan"), window=sliding), ACC, rate=RATE))
    assert [(one.kind, one.track) for one in notices] == [("cannot judge", -1)]
    assert "the model gave no probabilities" in notices[0].reason and notices[0].time_s < 5
    assert json.loads(json.dumps(notices[0].to_json()))["reason"] == notices[0].reason


class Watch:
    """A live source of (N, 3) g at `RATE`, half a second at a time."""

    name = "watch"

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def samples(self) -> Iterator[Samples]:
        for part in np.array_split(np.arange(len(self.values)), len(self.values) // 25):
            yield Samples(part / RATE, {"accelerometer": self.values[part]})

    def frames(self, rate: float) -> Iterator[Frame]:
        return iter(())


def test_corrupt_samples_are_named_once_and_raise_nothing(tmp_path: Path) -> None:
    sliding = {"kind": "sliding", "length": 64, "rate": 50.0, "stride_s": 0.5}
    values = motion(np.arange(3000) / RATE, ())
    values[[500, 600, 2000], 0] = 50.0
    notices = list(ff.watch(write_bundle(tmp_path / "b", window=sliding), Watch(values)))
    assert [one.kind for one in notices] == ["left out"] * 3
    assert notices[0].reason == "a corrupt sample was left out: accelerometer at 10.00 s (x is 50 g)"
    assert "at 12.00 s" in notices[1].reason and notices[1].time_s >= notices[0].time_s + 10
    assert notices[2].reason.endswith("accelerometer at 40.00 s (x is 50 g)") and notices[2].time_s < 43


def test_a_sensor_that_is_often_corrupt_does_not_flood(tmp_path: Path) -> None:
    values = motion(np.arange(3000) / RATE, ())
    values[100::100, 0] = 50.0
    notices = list(ff.watch(write_bundle(tmp_path / "b"), Watch(values)))
    assert {one.kind for one in notices} == {"left out"} and 2 <= len(notices) <= 7
    assert sum(int(one.reason.split()[0].replace("a", "1")) for one in notices) >= 20


def test_a_notice_comes_before_the_source_has_ended(bundle: Path) -> None:
    given: list[float] = []

    class Live:
        name = "watch"

        def samples(self) -> Iterator[Samples]:
            for at in range(0, len(ACC), 25):
                given.append(at / RATE)
                yield Samples(np.arange(at, at + 25) / RATE, {"accelerometer": ACC[at : at + 25]})

        def frames(self, rate: float | None = None, problems: list[str] | None = None) -> Iterator[Frame]:
            return iter(())

    first = next(ff.watch(bundle, Live()))
    assert first.time_s < 10
    assert given[-1] < first.time_s + 1


def test_notices_go_to_sinks(bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[Any] = []
    file = write_csv(tmp_path / "walk.csv", RATE, IMPACTS[:1])
    notices = list(ff.watch(bundle, file, sinks=["console", JsonLines(tmp_path / "log.jsonl"), told.append]))
    assert told == notices and len(told) == 1
    line = json.loads((tmp_path / "log.jsonl").read_text())
    assert (line["source"], line["type"], line["kind"]) == (str(file), "notice", "possible fall")
    assert "possible fall" in capsys.readouterr().out


def test_what_cannot_be_watched_is_one_line(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ff.UserError, match="unknown sink 'consol'; did you mean 'console'"):
        list(ff.watch(bundle, ACC, sinks=["consol"], rate=RATE))
    with pytest.raises(ff.UserError, match="sinks: 5 is no sink"):
        list(ff.watch(bundle, ACC, sinks=[5], rate=RATE))  # type: ignore[list-item]
    with pytest.raises(ff.UserError, match="no times; give rate=HZ"):
        list(ff.watch(bundle, ACC))
    trial = write_bundle(tmp_path / "trial", window={"kind": "trial", "length": 64, "rate": RATE})
    with pytest.raises(ff.UserError, match="takes whole recordings"):
        list(ff.watch(trial, ACC, rate=RATE))


def film(tmp_path: Path) -> Path:
    """Twelve seconds at 15 Hz; what they show nobody looks at."""
    pytest.importorskip("av", reason="films need PyAV: pip install 'featherfall[video]'")
    with film_writer(tmp_path / "film.mp4") as add:
        for k in range(180):
            add(k / 15, halves(100 + k % 50, 48, 64))
    return tmp_path / "film.mp4"


class Nobody:
    """Sees nobody."""

    def reset(self) -> None:
        pass

    def estimate(self, image: np.ndarray) -> list[Pose]:
        return []


class Faller:
    """Sees one person who stands for three seconds, falls, and lies."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._count = itertools.count()

    def estimate(self, image: np.ndarray) -> list[Pose]:
        down = float(np.clip((next(self._count) / 15 - 3.0) / 0.5, 0, 1))
        return [person(300, 300 + 90 * down, turn=down * np.pi / 2)]


def test_a_camera(tmp_path: Path) -> None:
    camera = ff.load(write_camera_bundle(tmp_path / "camera"))
    file = film(tmp_path)
    notices = list(ff.watch(camera, file, estimator=Faller(), still_down_s=3.0))
    analysis = camera.predict(file, estimator=Faller(), still_down_s=3.0)
    assert [notice.kind for notice in notices] == ["possible fall", "still down"]
    assert analysis.label == "fall"
    assert analysis.raw.notices == tuple(notices)  # type: ignore[union-attr]


def test_a_camera_that_is_covered_or_too_slow_is_noticed_once(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="films need PyAV: pip install 'featherfall[video]'")
    camera = ff.load(write_camera_bundle(tmp_path / "camera"))

    def watched(step: float, by: int) -> list[tuple[str, str]]:
        with film_writer(tmp_path / "film.mp4") as add:
            for k in range(int(30 / step)):
                add(k * step, halves(100 + k % 50, 48, 64, by))
        return [(one.kind, one.reason) for one in ff.watch(camera, tmp_path / "film.mp4", estimator=Nobody())]

    assert watched(0.1, by=20) == []  # nobody in a room is no fault
    assert watched(0.1, by=0) == [("cannot judge", "the pictures show nothing (black, covered, or of one colour)")]
    ((kind, reason),) = watched(1.0, by=20)
    assert kind == "cannot judge" and reason.startswith("fewer than 3 pictures a second")


@pytest.mark.parametrize("white", [float("nan"), 50.0])  # 50: scores above 1
def test_a_detector_without_probabilities_is_noticed_and_refuses_pictures(tmp_path: Path, white: float) -> None:
    broken = ff.load(write_detector(tmp_path / "detector", white))
    (notice,) = ff.watch(broken, film(tmp_path))
    assert notice.kind == "cannot judge" and "no probabilities" in notice.reason
    result = broken.predict(film(tmp_path))
    assert result.label == "unknown" and result.reasons[0].startswith("nothing of it was judged: the model gives no probabilities")
    with pytest.raises(ff.UserError, match="the model's scores are no probabilities or its boxes no numbers"):
        broken.predict(still(tmp_path / "one.png"))


def test_a_detector(tmp_path: Path) -> None:
    assert list(ff.watch(write_detector(tmp_path / "detector"), film(tmp_path))) == []


def test_a_model_of_pictures_follows_nobody(tmp_path: Path) -> None:
    bundle = ff.load(write_detector(tmp_path / "bundle")).bundle
    bundle.manifest = bundle.manifest.model_copy(update={"kind": "picture"})
    with pytest.raises(ff.UserError, match="follows nobody; predict with it"):
        list(ff.watch(Model(bundle), still(tmp_path / "one.png")))


def test_a_recording(bundle: Path) -> None:
    assert len(list(ff.watch(bundle, recording(RATE, 20.0, IMPACTS[:1])))) == 1
