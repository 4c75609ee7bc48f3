import sys
from pathlib import Path

import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes
from featherfall.sim.film.camera import Camera
from featherfall.sim.film.film import image_grid, motion_sheet, write_film
from featherfall.sim.film.raster import Renderer
from featherfall.sim.world.body import SimulatedPerson, make_body
from featherfall.sim.world.motion import Motion, Trajectory, forward_kinematics
from featherfall.sim.world.scene import Scene

pytest.importorskip("PIL")


def ramp(count: int, size: tuple[int, int] = (32, 48)) -> list[np.ndarray]:
    return [np.full((*size, 3), 10 + 12 * index, np.uint8) for index in range(count)]


def test_film_reads_back(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = write_film(tmp_path / "new" / "C1.mp4", ramp(12), 30)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.average_rate == 30
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(pictures) == 12 and pictures[0].shape == (32, 48, 3)
    np.testing.assert_allclose([picture.mean() for picture in pictures], [picture.mean() for picture in ramp(12)], atol=4)
    assert [file.name for file in path.parent.iterdir()] == ["C1.mp4"]


def test_films_are_the_same_to_the_byte(tmp_path: Path) -> None:
    pytest.importorskip("av")
    first, second = (write_film(tmp_path / name, ramp(5), 30) for name in ("a.mp4", "b.mp4"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("pictures", "says"),
    [([], "no pictures"), (ramp(2, (31, 32)), "even numbers"), ([*ramp(1), None], None)],
    ids=("none", "odd", "broken"),
)
def test_failure_leaves_nothing(tmp_path: Path, pictures: list[np.ndarray], says: str | None) -> None:
    pytest.importorskip("av")
    with pytest.raises(UserError if says else (AttributeError, TypeError), match=says):
        write_film(tmp_path / "x.mp4", pictures, 30)
    assert list(tmp_path.iterdir()) == []


def test_film_without_av_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UserError, match=r"featherfall\[sim\]"):
        write_film(tmp_path / "x.mp4", ramp(1))


def test_contact_sheet_lays_out_rows() -> None:
    # gap = max(4, 48 / 30) = 4; letters 10 high, captions 16.
    sheet = image_grid(ramp(5), 3, ["0.00 s", "0.10 s"])
    assert sheet.size == (3 * 52 + 4, 2 * (32 + 16 + 4) + 4)
    pixels = np.asarray(sheet)
    assert (pixels[0] == 255).all() and (pixels[4 + 16, 4 + 24] == 10).all() and (pixels[56 + 16, 56 + 24] == 58).all()
    assert pixels[36:52, :56].min() < 200  # a caption
    assert image_grid(ramp(2), 5).size == (2 * 52 + 4, 40)
    with pytest.raises(UserError, match="at least one"):
        image_grid([], 3)


def test_sheet_of_motion() -> None:
    body = make_body(SimulatedPerson("P", "female", 30, 1.65, 60))
    positions, rotations = forward_kinematics(
        body, Trajectory(np.tile(body.offsets[0], (200, 1)), np.tile([1.0, 0, 0, 0], (200, 1)), np.zeros((200, 36)))
    )
    motion = Motion(body, Scene(), positions, rotations, FallTimes(0.2, 0.5, 0.9))
    renderer = Renderer(body, Scene(), Camera((2.5, 1, 1.5), (0, 0, 0.9)), (64, 64))
    assert motion_sheet(motion, renderer, [0, 0.2, 0.5, 7.0]).size == (4 * 68 + 4, 64 + 16 + 8)
