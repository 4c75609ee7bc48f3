"""A camera that can be used, and each way in which one cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.films import halves
from tests.runtime.people import person
from typer.testing import CliRunner

from featherfall.cli.main import app
from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.runtime.camera_check import CameraCheck, CameraFinding, check_camera_film, in_full_view, trunk_lean
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.sinks.film import film_writer
from featherfall.sim.film.night import at_night

HEIGHT, WIDTH = 480, 640


class Same:
    """Finds the same people in every picture."""

    def __init__(self, *people: Pose) -> None:
        self._people = list(people)

    def estimate(self, image: np.ndarray) -> list[Pose]:
        return self._people

    def reset(self) -> None:
        pass


def checked(*people: Pose, rate: float = 15.0, seconds: float = 4.0, image: np.ndarray | None = None) -> list[CameraFinding]:
    check = CameraCheck(least_rate=3.0)
    for k in range(round(seconds * rate)):
        check.add(k / rate, halves(120, HEIGHT, WIDTH) if image is None else image, people)
    return check.findings(Same(*people))


def bad(found: list[CameraFinding]) -> dict[str, str]:
    return {one.name: one.line for one in found if not one.good}


def test_a_good_camera_is_good() -> None:
    found = checked(person(300, 250))
    assert [one.name for one in found] == ["speed", "light", "turned", "level", "view"] and not bad(found)
    assert "15.0 pictures a second" in found[0].line and "100%" in found[-1].line


def test_too_slow() -> None:
    found = bad(checked(person(300, 250), rate=2.0, seconds=12))
    assert list(found) == ["speed"] and "too few" in found["speed"] and "3 or more" in found["speed"]
    assert not bad(checked(person(300, 250), rate=3.0, seconds=12))


def test_long_breaks_are_counted_by_their_time() -> None:
    def line(breaks: float) -> str | None:
        check = CameraCheck(least_rate=3.0)
        for k in range(150):
            check.add(k / 15 + (breaks if k > 75 else 0), halves(120, HEIGHT, WIDTH), [person(300, 250)])
        return bad(check.findings(Same())).get("speed")

    assert line(0.0) is None and line(0.8) is None
    assert "of the time is without" in (line(3.0) or "")


def test_too_dark_covered_and_by_infrared_light() -> None:
    room = halves(120, HEIGHT, WIDTH, by=60)
    assert "too dark" in bad(checked(person(300, 250), image=(room * 0.12).astype(np.uint8)))["light"]
    assert "uncover the lens" in bad(checked(image=np.full((HEIGHT, WIDTH, 3), 3, np.uint8)))["light"]
    assert "light" not in bad(checked(person(300, 250), image=at_night(room, np.random.default_rng(0))))


@pytest.mark.parametrize(("degrees", "way"), [(25, "counter-clockwise"), (-25, "clockwise"), (8, None), (-8, None)])
def test_tilted(degrees: float, way: str | None) -> None:
    leaning = person(300, 250, turn=np.radians(degrees))
    assert trunk_lean(leaning) == pytest.approx(degrees, abs=0.5)
    line = bad(checked(leaning)).get("level")
    assert line is None if way is None else line is not None and f"25 degrees; turn the camera {way} " in line


def test_turned() -> None:
    """People look right only in pictures turned by a quarter."""

    class Turned(Same):
        def estimate(self, image: np.ndarray) -> list[Pose]:
            upright = image.shape[0] > image.shape[1] and image[0].mean() > image[-1].mean()  # the bright left half is above
            return [person(100, 150, score=0.6) if upright else person(100, 150, turn=np.pi / 2, score=0.2)]

    check = CameraCheck(least_rate=3.0)
    for k in range(90):
        check.add(k / 15, halves(120, HEIGHT, WIDTH), [person(300, 250, turn=np.pi / 2, score=0.2)])
    found = bad(check.findings(Turned()))
    assert list(found) == ["turned"] and "--rotate 90" in found["turned"]


def test_nobody_or_only_a_part_or_too_small() -> None:
    assert "let somebody walk" in bad(checked())["view"]
    assert "feet are hidden or out" in bad(checked(person(300, 430)))["view"]
    assert "move the camera nearer" in bad(checked(person(300, 250, height=24)))["view"]
    assert in_full_view(person(300, 250), HEIGHT, WIDTH) and not in_full_view(person(300, 430), HEIGHT, WIDTH)
    assert not in_full_view(person(300, 250, score=0.1), HEIGHT, WIDTH)


def test_of_a_film_only_the_first_minute(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with film_writer(path) as add:
        for k in range(70 * 4):
            add(k / 4, halves(120 if k < 60 * 4 else 10, 96, 128, 20 if k < 60 * 4 else 0))
    found = check_camera_film(Video(path), Same(person(60, 50, height=60)), 3.0)
    assert "4.0 pictures a second" in found[0].line and found[1].good


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "film.mp4"
    with film_writer(path) as add:
        for k in range(60):
            add(k / 15, halves(100 + k % 40, 96, 128))
    opened = "featherfall.runtime.perceive.estimators.open_estimator"
    monkeypatch.setattr(opened, lambda *_: Same(person(60, 50, height=60)))
    good = CliRunner().invoke(app, ["camera-check", str(path)])
    assert good.exit_code == 0 and good.stdout.splitlines()[1].split()[:3] == ["speed", "ok", "15.0"]
    monkeypatch.setattr(opened, lambda *_: Same())
    poor = CliRunner().invoke(app, ["camera-check", str(path), "--json"])
    assert poor.exit_code == 3 and '"usable": false' in poor.stdout


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("absent.mp4", None, "no such file"),
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"not a film\n" * 20, "text.mp4"),
        ("folder", "", "no picture"),
    ],
)
def test_what_is_no_film_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes | str | None, line: str
) -> None:
    monkeypatch.setattr("featherfall.runtime.perceive.estimators.open_estimator", lambda *_: Same())
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        path.mkdir()
    with pytest.raises(UserError, match=line) as told:
        CliRunner().invoke(app, ["camera-check", str(path)], catch_exceptions=False)
    assert name in str(told.value) and "\n" not in str(told.value)
