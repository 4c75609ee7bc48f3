from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.drop import write_camera_bundle
from tests.runtime.people import noisy, person
from tests.runtime.perceive.test_pose import Squares, picture, upright
from tests.runtime.tiny import write_bundle

from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.runtime.observation import AnalysisResult, Observation
from featherfall.runtime.perceive.movenet import SeveralPeople
from featherfall.runtime.perceive.pose import Pose, make_pose
from featherfall.runtime.sinks.film import film_writer
from featherfall.runtime.sources.film import as_video
from featherfall.runtime.trace import PoseTracer
from featherfall.runtime.watch import Monitor, replay, watch_film

HEIGHT, WIDTH = 480, 1200
RATE = 15
Film = list[list[Pose]]


class Nobody:
    """An estimator for who gives poses himself."""

    def estimate(self, image: np.ndarray) -> list[Pose]:
        return []

    def reset(self) -> None:
        pass


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load_bundle(write_camera_bundle(tmp_path_factory.mktemp("camera") / "bundle"))


def together(*people: Iterable[Pose | None]) -> Film:
    """Several people's films as one; who comes to an end is gone."""
    return [[pose for pose in poses if pose is not None] for poses in _longest(*people)]


def _longest(*people: Iterable[Pose | None]) -> Iterator[list[Pose | None]]:
    films = [list(one) for one in people]
    for k in range(max(map(len, films))):
        yield [film[k] if k < len(film) else None for film in films]


def stand(seconds: float, right: float = 200, down: float = 300) -> list[Pose]:
    return [person(right, down)] * round(seconds * RATE)


def fall(right: float = 200, down: float = 300, score: float = 0.3) -> list[Pose]:
    """.6 s, to the right."""
    return [person(right + 60 * s, down + 85 * s, turn=np.pi / 2 * s, score=0.6 - s * (0.6 - score)) for s in np.linspace(0, 1, 9)]


def lie(seconds: float, right: float = 260, down: float = 385, score: float = 0.3) -> list[Pose]:
    return [person(right, down, turn=np.pi / 2, score=score)] * round(seconds * RATE)


def rise_up(right: float = 260, down: float = 385) -> list[Pose]:
    """2 s."""
    return [person(right - 30 * s, down - 85 * s, turn=np.pi / 2 * (1 - s)) for s in np.linspace(0, 1, 30)]


def walk(start: float, end: float, seconds: float, down: float = 300) -> list[Pose]:
    return [person(x, down) for x in np.linspace(start, end, round(seconds * RATE))]


def nothing(seconds: float) -> list[None]:
    return [None] * round(seconds * RATE)


def replayed(
    bundle: Bundle, pictures: Iterable[tuple[float, Sequence[Pose]]], width: int = WIDTH, rate: float | None = None
) -> AnalysisResult:
    """Watch poses that are known."""
    return replay([Observation(time, tuple(poses), HEIGHT, width) for time, poses in pictures], Monitor(bundle, Nobody(), rate=rate))


def watch(bundle: Bundle, film: Film, rate: float = RATE, noise: float = 0.01, start: float = 0.0) -> AnalysisResult:
    rng = np.random.default_rng(0)
    pictures = [(start + k / rate, [noisy(pose, rng, noise) for pose in poses]) for k, poses in enumerate(film)]
    return replayed(bundle, pictures)


def test_a_fall_is_possible_after_a_second_and_still_down_after_seven(bundle: Bundle) -> None:
    said = watch(bundle, together([*stand(3), *fall(), *lie(10)]))
    (one,) = said.falls
    assert 3.0 < one.sign_s < 4.6 and one.raised_s == pytest.approx(one.sign_s + 1, abs=0.1) and one.confidence > 0.9
    assert one.still_down_s == pytest.approx(one.sign_s + 7, abs=0.1) and one.state == "still down"
    assert [notice.kind for notice in said.notices] == ["possible fall", "still down"]
    assert said.notices[0].time_s == one.raised_s and said.notices[1].time_s == one.still_down_s
    assert said.label == "fall" and json.loads(json.dumps(said.to_json()))["events"][0]["state"] == "still down"


def test_a_film_that_ends_before_says_nothing_about_still_down(bundle: Bundle) -> None:
    (one,) = watch(bundle, together([*stand(3), *fall(), *lie(6)])).falls
    assert one.still_down_s is None and one.state == "possible fall"


def test_who_gets_up_is_not_still_down(bundle: Bundle) -> None:
    said = watch(bundle, together([*stand(3), *fall(), *lie(2), *rise_up(), *stand(8, 230)]))
    (one,) = said.falls
    assert one.state == "got up" and one.still_down_s is None and one.up_s is not None
    assert 6.6 < one.up_s < 8.6  # upright for a second


def test_a_bystander_does_not_clear_the_alarm(bundle: Bundle) -> None:
    helper = [*nothing(4), *walk(640, 330, 3), *stand(8, 330)]
    (one,) = watch(bundle, together([*stand(3), *fall(), *lie(12)], helper)).falls
    assert one.state == "still down" and one.up_s is None


def test_nor_when_the_fallen_one_is_not_found_any_more(bundle: Bundle) -> None:
    """Seen down for two seconds, then lost; somebody walks up and stands right there, in front."""
    helper = [*nothing(6), *walk(640, 270, 3), *stand(8, 270)]
    (one,) = watch(bundle, together([*stand(3), *fall(), *lie(2)], helper)).falls
    assert one.state == "still down" and one.up_s is None


def test_getting_up_under_a_new_track_clears_it(bundle: Bundle) -> None:
    """Lost while lying for longer than a track waits, then standing in the same place with nobody else around."""
    film = together([*stand(3), *fall(), *lie(1.5), *nothing(3), *stand(6, 255, 310)])
    (one,) = watch(bundle, film).falls
    assert one.state == "got up"


def test_the_fallen_one_found_again_under_a_new_track_is_still_down(bundle: Bundle) -> None:
    film = together([*stand(3), *fall(), *lie(1.5), *nothing(1.5), *lie(8, 290, 380)])
    (one,) = watch(bundle, film).falls
    assert one.state == "still down"


def test_a_stumble_then_a_fall_is_one_event_that_is_still_down(bundle: Bundle) -> None:
    film = together([*stand(3), *fall(), *lie(1), *rise_up(), *stand(1.5, 230), *fall(230), *lie(10, 290)])
    said = watch(bundle, film)
    assert said.falls[-1].still_down_s is not None and said.falls[-1].up_s is None


def test_seated_for_long_then_falling_is_a_fall(bundle: Bundle) -> None:
    """Nobody has moved before: the fall itself makes a person."""
    seated = [make_pose(person(200, 300).joints * (1, 0.75) + (0, 75), np.full(17, 0.5))] * 20 * RATE
    slide = [person(200 + 90 * s, 300 + 85 * s, turn=np.pi / 2 * s, score=0.4) for s in np.linspace(0, 1, 12)]
    said = watch(bundle, together([*seated, *slide, *lie(9, 290)]), noise=0.005)
    assert len(said.falls) == 1 and said.falls[0].raised_s > 20 and said.falls[0].still_down_s is not None


def test_furniture_raises_no_alarm(bundle: Bundle) -> None:
    """A pose that flickers in a chair, sometimes upside down, never moves."""
    chair = [person(400, 400, height=90, turn=np.pi * 0.6 * (k // 40 % 2), score=0.25) if k % 3 else None for k in range(30 * RATE)]
    said = watch(bundle, together(chair), noise=0.03)
    assert said.falls == () and said.label == "not_fall"
    assert said.curve[:, 2].max() > 0.6  # the model alone would have raised it


def test_who_is_seen_for_less_than_a_second_is_not_judged(bundle: Bundle) -> None:
    assert len(watch(bundle, together(fall())).curve) == 0


def test_a_film_that_begins_just_before_the_fall(bundle: Bundle) -> None:
    said = watch(bundle, together([*stand(0.5), *fall(), *lie(1.5)]))
    assert len(said.falls) == 1 and said.seconds < 2.7


def test_a_fall_during_which_the_track_breaks(bundle: Bundle) -> None:
    """Not found for .8 s of the fall, and then a size away: the new track has the old one's past."""
    film = together([*stand(3), *fall()[:3], *nothing(0.8), *lie(4, 360, 385)])
    (one,) = watch(bundle, film).falls
    assert one.track == 0


@pytest.mark.parametrize(("width", "falls"), [(460, 0), (1200, 1)])
def test_who_leaves_over_the_side_has_not_fallen(bundle: Bundle, width: int, falls: int) -> None:
    """The last poses before the picture's right edge come down like a fall; then nobody is there."""
    film = together([*walk(100, 390, 4), *fall(390)[:8]])
    pictures = [(k / RATE, poses) for k, poses in enumerate([*film, *[[] for _ in range(30)]])]
    assert len(replayed(bundle, pictures, width).falls) == falls


def test_two_people_fall(bundle: Bundle) -> None:
    first = [*stand(3, 150), *fall(150), *lie(10, 210)]
    second = [*stand(5, 800), *fall(800), *lie(8, 860)]
    said = watch(bundle, together(first, second))
    assert len({one.track for one in said.falls}) == len(said.falls) == 2


@pytest.mark.parametrize("rate", [10.0, 13.0, 15.0])
def test_slower_cameras(bundle: Bundle, rate: float) -> None:
    film = together([*stand(3), *fall(), *lie(6)])
    slower = [film[round(k * RATE / rate)] for k in range(int(len(film) * rate / RATE) - 1)]
    assert len(watch(bundle, slower, rate=rate, start=-2.5).falls) == 1


def test_faster_cameras_are_not_looked_at_more_often(bundle: Bundle) -> None:
    monitor = Monitor(bundle, Nobody())
    image = np.zeros((48, 64, 3), dtype=np.uint8)
    for rate, wanted in ((60.0, 15), (30.0, 15), (25.0, 15), (15.0, 15), (12.0, 12)):
        monitor.reset()
        seen = [monitor.see(k / rate, image) for k in range(round(4 * rate))]
        assert sum(one is not None for one in seen) == pytest.approx(4 * wanted, abs=1)
    every = Monitor(bundle, Nobody(), rate=60.0)
    assert all(every.see(k / 60, image) is not None for k in range(60))


def test_no_picture_is_kept_unless_asked_for(bundle: Bundle) -> None:
    for keep, held in ((0.0, 0), (1.0, 16)):
        monitor = Monitor(bundle, SeveralPeople(Squares()), keep_s=keep)
        pictures = []
        for k in range(60):
            image = picture(upright(0, 30 + k))
            pictures.append(weakref.ref(image))
            monitor.see(k / 15, image)
        del image
        gc.collect()
        assert sum(one() is not None for one in pictures) == held == len(monitor.pictures)


def test_history_is_bounded(bundle: Bundle) -> None:
    monitor = Monitor(bundle, Nobody())
    rng = np.random.default_rng(0)
    for k in range(60 * RATE):
        there = k % 45 < 20  # somebody new every three seconds
        poses = (noisy(person(100 + 13 * (k // 45), 300), rng),) if there else ()
        monitor.take(Observation(k / RATE, poses, HEIGHT, WIDTH))
    tracer, decider = monitor._tracer, monitor._decider
    assert isinstance(tracer, PoseTracer) and len(tracer._people) < 12 and len(tracer._last) <= len(tracer._people)
    assert len(decider._past) < 12 and decider._incidents == []


def test_refusals(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="still down after 0 s; give more than 0"):
        Monitor(bundle, Nobody(), still_down_s=0)
    with pytest.raises(UserError, match="no bundle for cameras"):
        Monitor(load_bundle(write_bundle(tmp_path / "watch")), Nobody())


def test_a_film_from_its_file_and_as_a_folder_of_pictures(bundle: Bundle, tmp_path: Path) -> None:
    pytest.importorskip("av")
    from PIL import Image

    def images() -> Iterator[np.ndarray]:
        for k in range(60):
            lying = k > 30
            yield picture((0, 30, 90, 90, 110) if lying else upright(0, 40 + k / 2))

    with film_writer(tmp_path / "film.mp4") as add:
        for k, image in zip(count(), images(), strict=False):
            add(k / 15, image)
    shown: list[float] = []
    said = watch_film(tmp_path / "film.mp4", bundle, SeveralPeople(Squares()), on_picture=lambda frame, *_: shown.append(frame.time))
    assert said.pictures == 60 == len(shown) and said.seconds == pytest.approx(59 / 15, abs=1e-3)
    folder = tmp_path / "pictures"
    folder.mkdir()
    for k, image in enumerate(images()):
        Image.fromarray(image).save(folder / f"{k:03}.png")
    assert as_video(folder).images and not as_video(tmp_path / "film.mp4").images
    again = watch_film(Video(folder, images=True, rate=15.0), bundle, SeveralPeople(Squares()))
    assert again.pictures == 60
    with pytest.raises(UserError, match=r"none\.mp4: no such file"):
        watch_film(tmp_path / "none.mp4", bundle, SeveralPeople(Squares()))


def test_who_is_not_seen_for_a_second_is_not_judged_any_more(bundle: Bundle) -> None:
    """Seen last at 2.93 s; windows end every .2 s."""
    said = watch(bundle, together([*stand(3), *nothing(4)]))
    assert said.curve[:, 0].max() == pytest.approx(3.8)


@pytest.mark.parametrize(("seconds", "first"), [(0.9, None), (1.05, 1.0)])
def test_a_person_is_judged_after_a_second(bundle: Bundle, seconds: float, first: float | None) -> None:
    said = watch(bundle, together([*stand(seconds), *nothing(0.2)]))
    assert (said.curve[:, 0].min() if len(said.curve) else None) == (first and pytest.approx(first, abs=0.21))


def windows(bundle: Bundle, monkeypatch: pytest.MonkeyPatch, times: Iterable[float]) -> list[np.ndarray]:
    """What the model is given, (40, 51) each, of a person who stands and is seen at these times of 15 pictures a second."""
    given: list[np.ndarray] = []
    judge = Bundle.probabilities

    def spy(self: Bundle, inputs: dict[str, np.ndarray]) -> np.ndarray:
        given.extend(inputs["keypoints"])
        return judge(self, inputs)

    monkeypatch.setattr(Bundle, "probabilities", spy)
    replayed(bundle, [(time, [person(200, 300)]) for time in times], rate=1000)
    return given


@pytest.mark.parametrize(("gap", "there"), [(2.3, True), (2.7, False)])
def test_up_to_two_and_a_half_steps_are_interpolated(bundle: Bundle, monkeypatch: pytest.MonkeyPatch, gap: float, there: bool) -> None:
    """A gap of `gap` steps of 1/15 s; what was no sighting holds no number."""
    *_, last = windows(bundle, monkeypatch, [*(k / 15 for k in range(40)), *((39 + gap + k) / 15 for k in range(10))])
    assert np.isfinite(last).all() == there


@pytest.mark.parametrize(("late", "there"), [(0.6, True), (0.9, False)])
def test_the_last_sighting_is_held_for_three_quarters_of_a_step(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, late: float, there: bool
) -> None:
    """Windows end at 3 s, the 45th step; the last sighting before is `late` steps earlier, the picture at 3 s shows nobody."""
    given: list[np.ndarray] = []
    judge = Bundle.probabilities
    monkeypatch.setattr(Bundle, "probabilities", lambda self, inputs: given.extend(inputs["keypoints"]) or judge(self, inputs))
    times = [*(k / 15 for k in range(45)), (45 - late) / 15]
    pictures = [(time, [person(200, 300)]) for time in times] + [(45 / 15, [])]
    replayed(bundle, pictures, rate=1000)
    assert np.isfinite(given[-1][-1]).all() == there


@pytest.mark.parametrize(("alone", "state"), [(2.7, "still down"), (3.3, "got up")])
def test_who_was_near_just_now_could_be_who_stands_there(bundle: Bundle, alone: float, state: str) -> None:
    """A helper stands a size away, both are lost, and `alone` s later somebody stands where the fallen one lay."""
    fallen = [*stand(3), *fall(), *lie(3.4), *nothing(alone), *stand(8, 255, 310)]
    helper = [*nothing(3), *walk(700, 450, 2), *stand(2, 450)]
    (one,) = watch(bundle, together(fallen, helper), noise=0.005).falls
    assert one.state == state


@pytest.mark.parametrize(("right", "state"), [(450, "still down"), (540, "got up")])
def test_near_is_within_a_size_or_so(bundle: Bundle, right: float, state: str) -> None:
    """1.0 and 1.5 sizes away."""
    fallen = [*stand(3), *fall(), *lie(3.4), *nothing(2.5), *stand(8, 255, 310)]
    helper = [*nothing(3), *walk(800, right, 2), *stand(2, right)]
    (one,) = watch(bundle, together(fallen, helper), noise=0.005).falls
    assert one.state == state


@pytest.mark.parametrize(("share", "falls"), [(0.08, 0), (0.12, 1)])
def test_the_picture_must_have_changed_where_somebody_falls(bundle: Bundle, share: float, falls: int) -> None:
    film = together([*stand(3), *fall(), *lie(2)])
    pictures = [(k / RATE, [replace(pose, motion=share) for pose in poses]) for k, poses in enumerate(film)]
    assert len(replayed(bundle, pictures).falls) == falls
