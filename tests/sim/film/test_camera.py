import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.sim.film.camera import Camera, camera_ring
from featherfall.sim.world.scene import Scene


def test_project_by_hand() -> None:
    # 90 degrees: the focal length is half the height, 50 pixels. The camera looks along x, so left (+y) is to the left.
    camera = Camera((0, 0, 1), (1, 0, 1), np.pi / 2)
    pixels, depth = camera.project(np.array([[2.0, 0, 1], [2, 1, 1], [2, 0, 2], [4, -1, 0]]), (100, 100))
    np.testing.assert_allclose(pixels, [[50, 50], [25, 50], [50, 25], [62.5, 62.5]], atol=1e-9)
    np.testing.assert_allclose(depth, [2, 2, 2, 4])


def test_project_wide_picture_keeps_pixels_square() -> None:
    pixels, _ = Camera((0, 0, 0), (0, 1, 0), np.pi / 2).project(np.array([1.0, 2, 1]), (200, 100))
    np.testing.assert_allclose(pixels, [125, 25], atol=1e-9)


def test_behind_the_camera_is_negative_depth() -> None:
    assert Camera((0, 0, 0), (1, 0, 0)).project(np.array([-3.0, 0, 0]), (10, 10))[1] == pytest.approx(-3)


def test_roll_turns_the_picture_counter_clockwise() -> None:
    # What was above the middle comes to its left when the camera turns a quarter clockwise.
    pixels, _ = Camera((0, 0, 0), (1, 0, 0), np.pi / 2, np.pi / 2).project(np.array([2.0, 0, 1]), (100, 100))
    np.testing.assert_allclose(pixels, [25, 50], atol=1e-9)


def test_straight_down_has_axes() -> None:
    axes = Camera((0, 0, 3), (0, 0, 0)).axes
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(axes[1], [-1, 0, 0], atol=1e-12)  # x is up in the picture


coordinate = st.floats(-3, 3)


@given(st.tuples(coordinate, coordinate, coordinate), st.floats(0.3, 2.5), st.floats(-3, 3))
def test_rays_and_projection_agree(position: tuple[float, float, float], field: float, roll: float) -> None:
    camera = Camera(position, (position[0] + 1, position[1] + 0.5, position[2] - 0.7), field, roll)
    assert np.linalg.det(camera.axes) == pytest.approx(1)
    rays = camera.rays((7, 5))
    pixels, depth = camera.project(np.array(position) + 2.5 * rays, (7, 5))
    right, down = np.meshgrid(np.arange(7) + 0.5, np.arange(5) + 0.5)
    np.testing.assert_allclose(pixels, np.stack([right, down], axis=-1), atol=1e-6)
    np.testing.assert_allclose(depth, 2.5)


@pytest.mark.parametrize("seed", [None, 0, 1, 2])
def test_ring_hangs_inside_and_sees_the_middle(seed: int | None) -> None:
    scene = Scene(x=(-1, 4), y=(-2, 2))
    cameras = camera_ring(scene, None if seed is None else np.random.default_rng(seed))
    assert len(cameras) == 8 == len(set(cameras))
    for camera in cameras:
        x, y, z = camera.position
        assert -1 < x < 4 and -2 < y < 2 and 1.4 <= z <= 2.6
        assert min(x + 1, 4 - x, y + 2, 2 - y) < 0.13  # by a wall
        pixels, depth = camera.project(np.array([1.5, 0, 0.8]), (100, 100))
        assert depth > 0 and np.abs(pixels - 50).max() < 15


def test_ring_is_deterministic() -> None:
    assert camera_ring(Scene(), np.random.default_rng(3), 4) == camera_ring(Scene(), np.random.default_rng(3), 4)
