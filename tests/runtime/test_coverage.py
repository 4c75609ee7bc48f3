"""What of a film cannot be judged is said: slow, blank, lost, turned, broken, cut off at its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.films import halves
from tests.runtime.drop import write_camera_bundle
from tests.runtime.people import person

from featherfall.core.recording import Video
from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.runtime.coverage import NOTICE_S, Alertness, Coverage
from featherfall.runtime.observation import AnalysisResult, FrameResult
from featherfall.runtime.perceive.blank import BLANK_SD, FROZEN_S, PictureWatch, is_blank
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.perceive.turn_check import TurnCheck
from featherfall.runtime.sinks.film import film_writer
from featherfall.runtime.watch import Monitor, watch_film

pytest.importorskip("av", reason="films need PyAV: pip install 'featherfall[video]'")
RATE = 15.0
FALLS_AT = 3.0  # s


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load_bundle(write_camera_bundle(tmp_path_factory.mktemp("camera") / "bundle"))


class Told:
    """Sees somebody who stands, and falls after `FALLS_AT` s where wanted; reads the time from the picture's number."""

    def __init__(self, falls: bool = False, rate: float = RATE) -> None:
        self._falls, self._rate = falls, rate
        self.reset()

    def reset(self) -> None:
        self._k = 0

    def estimate(self, image: np.ndarray) -> list[Pose]:
        time, self._k = self._k / self._rate, self._k + 1
        down = float(np.clip((time - FALLS_AT) / 0.6, 0, 1)) if self._falls else 0.0
        return [person(300 + 40 * np.sin(time), 300 + 90 * down, turn=down * np.pi / 2)]


def film(path: Path, seconds: float, rate: float = RATE, by: int = 20, skip: tuple[float, float] = (0.0, 0.0)) -> Path:
    """Pictures that change; none between the two times of `skip`."""
    with film_writer(path) as add:
        for k in range(round(seconds * rate)):
            if not skip[0] < k / rate < skip[1]:
                add(k / rate, halves(100 + k % 40, 96, 128, by))
    return path


def watched(path: Path, bundle: Bundle, falls: bool = False, rate: float = RATE) -> AnalysisResult:
    return watch_film(path, bundle, Told(falls, rate), problems=[])


def test_a_whole_film_has_nothing_to_say(bundle: Bundle, tmp_path: Path) -> None:
    said = watched(film(tmp_path / "a.mp4", 6), bundle)
    assert (said.label, said.verdict.judged, said.verdict.share, said.verdict.reasons) == ("not_fall", True, 1.0, ())


@pytest.mark.parametrize("rate", [1.0, 2.0])
def test_a_film_that_is_too_slow_is_unknown(bundle: Bundle, tmp_path: Path, rate: float) -> None:
    said = watched(film(tmp_path / "a.mp4", 10, rate), bundle, falls=True, rate=rate)
    assert said.label == "unknown" and said.falls == () and said.to_json()["judged"] == 0.0
    assert said.verdict.reasons[0] == "nothing of it was judged: fewer than 3 pictures a second, between which a fall can be missed"


@pytest.mark.parametrize("rate", [3.0, 5.0])
def test_a_slow_film_that_suffices_is_judged(bundle: Bundle, tmp_path: Path, rate: float) -> None:
    said = watched(film(tmp_path / "a.mp4", 20, rate), bundle, falls=True, rate=rate)
    assert said.label == "fall" and not any("fewer than" in reason for reason in said.verdict.reasons)


def test_a_part_without_pictures_is_named_and_more_than_half_is_unknown(bundle: Bundle, tmp_path: Path) -> None:
    part = watched(film(tmp_path / "a.mp4", 10, skip=(4, 6)), bundle)
    assert part.label == "not_fall" and part.verdict.share == pytest.approx(0.8, abs=0.02)
    (line,) = part.verdict.reasons
    assert line.startswith("20 % of it was not judged (0:00:04.0 to 0:00:06.0): fewer than 3 pictures a second")
    most = watched(film(tmp_path / "b.mp4", 10, skip=(3, 9)), bundle)
    assert most.label == "unknown" and most.verdict.reasons[0].startswith("60 % of it was not judged (0:00:03.0 to 0:00:09.0)")


def test_a_film_whose_greater_part_is_lost_is_unknown(bundle: Bundle, tmp_path: Path) -> None:
    from tests.signals.films import film as encoded

    noise = np.random.default_rng(0)
    pictures = [noise.integers(0, 255, (48, 64, 3), dtype=np.uint8) for _ in range(60)]
    path = encoded(tmp_path / "a.mp4", pictures, container={"movflags": "faststart"}, options={"g": "5"})
    whole = path.read_bytes()
    for share, label in ((0.3, "unknown"), (0.8, "not_fall")):
        path.write_bytes(whole[: int(share * len(whole))])
        problems: list[str] = []
        said = watch_film(path, bundle, Told(rate=10), problems=problems)
        assert said.label == label and "cannot be decoded, at 0:00:0" in problems[0]
        assert "its pictures are lost" in said.verdict.reasons[0] and "to 0:00:06.0)" in said.verdict.reasons[0]


def test_black_pictures_are_unknown(bundle: Bundle, tmp_path: Path) -> None:
    said = watched(film(tmp_path / "a.mp4", 6, by=0), bundle)
    assert said.label == "unknown"
    assert said.verdict.reasons[0] == "nothing of it was judged: the pictures show nothing (black, covered, or of one colour)"


def test_a_keypoint_model_that_gives_no_numbers_is_unknown(tmp_path: Path) -> None:
    broken = load_bundle(write_camera_bundle(tmp_path / "broken", gain=float("nan")))
    said = watched(film(tmp_path / "a.mp4", 9), broken, falls=True)
    assert said.label == "unknown" and said.falls == ()
    assert "the model gives no probabilities (its output is not a number)" in said.verdict.reasons[0]
    longer = watched(film(tmp_path / "b.mp4", 20), broken, falls=True)
    assert "cannot judge" in [notice.kind for notice in longer.notices]


def test_who_lies_is_reported_where_the_model_cannot_judge(bundle: Bundle, tmp_path: Path) -> None:
    broken = load_bundle(write_camera_bundle(tmp_path / "broken", gain=float("nan")))
    for by, rate in ((broken, RATE), (bundle, 2.0)):
        said = watched(film(tmp_path / "a.mp4", 15, rate), by, falls=True, rate=rate)
        (fall,) = said.falls
        assert said.label == "fall" and fall.kind == "lying" and said.to_json()["judged"] < 0.1
        assert "of it was" in said.verdict.reasons[0] and "judged" in said.verdict.reasons[0]


def test_a_fall_whose_course_is_cut_off_says_so(bundle: Bundle, tmp_path: Path) -> None:
    said = watched(film(tmp_path / "a.mp4", FALLS_AT + 4), bundle, falls=True)
    (fall,) = said.falls
    assert said.label == "fall" and fall.state == "possible fall"
    left = 7 - 1 / RATE - fall.sign_s
    assert said.verdict.reasons == (
        f"the film ends {left:.1f} s after the possible fall at 0:00:0{fall.sign_s:.1f}: whether the person stays down cannot be judged",
    )
    assert watched(film(tmp_path / "b.mp4", 20), bundle, falls=True).verdict.reasons == ()


def test_a_film_that_ends_in_the_fall_is_unknown(tmp_path: Path) -> None:
    slow = load_bundle(write_camera_bundle(tmp_path / "slow", turn=5.0))  # never sure
    said = watched(film(tmp_path / "a.mp4", FALLS_AT + 0.8), slow, falls=True)
    assert said.falls == () and said.label == "unknown"
    assert "after somebody was last seen upright: whether this is a fall cannot be judged" in said.verdict.reasons[0]
    later = watched(film(tmp_path / "b.mp4", FALLS_AT + 6), slow, falls=True)  # the model has seen all of it; the person lies on the floor
    assert later.label == "unknown" and "after somebody lay down, in no zone for it" in later.verdict.reasons[0]


class Compass:
    """Sees somebody upright where the picture's left half is bright, else lying and faint; nobody where top or bottom is."""

    def reset(self) -> None:
        pass

    def estimate(self, image: np.ndarray) -> list[Pose]:
        left, right = image[:, : image.shape[1] // 2].mean(), image[:, image.shape[1] // 2 :].mean()
        if left > right + 10:
            return [person(50, 50, 40)]
        return [person(50, 50, 40, turn=np.pi / 2, score=0.25)] if right > left + 10 else []


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_film_is_told_and_the_option_mends_it(bundle: Bundle, tmp_path: Path, turn: int) -> None:
    with film_writer(tmp_path / "a.mp4") as add:
        for k in range(90):
            add(k / RATE, np.ascontiguousarray(np.rot90(halves(100 + k % 40, 96, 128), turn // 90)))  # to be turned clockwise again
    said = watch_film(tmp_path / "a.mp4", bundle, Compass())
    told = [reason for reason in said.verdict.reasons if reason.startswith("people look upright only when the film is turned")]
    assert said.label == ("unknown" if turn else "not_fall")
    assert [line.rsplit(" ", 1)[-1] for line in told] == ([str(turn)] if turn else [])
    mended = watch_film(Video(tmp_path / "a.mp4", rotate=turn), bundle, Compass())
    assert (mended.label, mended.verdict.reasons) == ("not_fall", ())


class Far:
    """Sees somebody of a height in pixels."""

    def __init__(self, height: float) -> None:
        self._height = height

    def reset(self) -> None:
        pass

    def estimate(self, image: np.ndarray) -> list[Pose]:
        return [person(50, 50, self._height)]


def test_people_who_are_too_small_are_unknown(bundle: Bundle, tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", 5)
    said = watch_film(path, bundle, Far(25))
    assert said.label == "unknown"
    assert said.verdict.reasons == ("people are too small in the pictures: less than 30 pixels from head to foot",)
    assert watch_film(path, bundle, Far(45)).verdict.reasons == ()


def test_too_few_pictures_tell_no_turn() -> None:
    check = TurnCheck()
    for k in range(3):
        check.add(float(k), halves(100, 96, 128)[:, ::-1], [])
    assert check.needed_turn(Compass()) == 0
    check.add(3.0, np.ascontiguousarray(halves(100, 960, 1280)[:, ::-1]), [])  # large pictures are held small
    assert check.needed_turn(Compass()) == 180


def test_some_pictures_of_a_long_film_are_held() -> None:
    check = TurnCheck()
    for k in range(3000):
        check.add(k / 10, halves(100, 16, 16), [])
    held = [time for time, *_ in check._held]
    assert 6 <= len(held) <= 12 and held[-1] > 200 and np.ptp(np.diff(held)) < 1e-6


def results(*marks: tuple[float, str]) -> Coverage:
    coverage = Coverage()
    for time, reason in marks:
        coverage.add(FrameResult(time, (), {}, 10, 10, unjudged=reason))
    return coverage


def test_shares_and_stretches_by_hand() -> None:
    coverage = results((0, ""), (1, "dark"), (2, "dark"), (3, ""), (4, "slow"), (8, ""), (9, "dark"), (10, ""))
    assert coverage.share == pytest.approx(0.6) and coverage.seconds == 10
    assert coverage.reasons() == [
        "30 % of it was not judged (0:00:00.0 to 0:00:02.0, 0:00:08.0 to 0:00:09.0): dark",
        "10 % of it was not judged (0:00:03.0 to 0:00:04.0): slow",
    ]
    coverage.add_lost([(2, 3), (10, 30)])  # the first is between two pictures
    assert coverage.seconds == 30 and coverage.share == pytest.approx(26 / 30 - 20 / 30)
    assert coverage.reasons()[-1] == "67 % of it was not judged (0:00:10.0 to 0:00:30.0): its pictures are lost"


def test_one_picture_has_no_time() -> None:
    assert results((5, "")).share == 1.0 and results((5, "dark")).share == 0.0 and Coverage().share == 1.0


def test_a_notice_comes_once_after_a_while_and_again_after_a_recovery() -> None:
    alert = Alertness()
    times = [time for k in range(300) for time in [k / 5] if alert.step(time, "" if 30 <= time < 31 else "dark")]
    assert times == [NOTICE_S, 31 + NOTICE_S]


def test_what_is_blank() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.8 * BLANK_SD, (240, 320, 3)) + 12
    assert is_blank(np.zeros((240, 320, 3), np.uint8)) and is_blank(noise.clip(0, 255).astype(np.uint8))
    assert not is_blank(halves(100, 240, 320)) and not is_blank(rng.integers(0, 60, (240, 320, 3), dtype=np.uint8))


def test_a_picture_that_never_changes_is_frozen_after_a_while() -> None:
    watch, image = PictureWatch(), halves(100, 96, 128)
    assert [watch.step(time, image) for time in (0.0, FROZEN_S - 1, FROZEN_S, FROZEN_S + 5)] == [(False, frozen) for frozen in (0, 0, 1, 1)]
    assert watch.step(FROZEN_S + 6, halves(101, 96, 128)) == (False, False)


def test_a_live_camera_without_pictures_for_a_while_loses_no_time(bundle: Bundle) -> None:
    monitor = Monitor(bundle, Told())
    pictures: Sequence[float] = [*np.arange(0, 3, 0.1), *np.arange(20, 23, 0.1)]
    unjudged = [result.unjudged for time in pictures if (result := monitor.see(float(time), halves(100 + int(10 * time) % 40, 96, 128)))]
    assert sum(map(bool, unjudged)) == 1 and "fewer than 3 pictures" in max(unjudged)
