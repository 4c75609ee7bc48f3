import numpy as np
import pytest

from featherfall.core.errors import UserError
from featherfall.sim.film.appearance import Appearance, draw_appearance, linear_colour
from featherfall.sim.film.camera import Camera
from featherfall.sim.film.figure import make_figure
from featherfall.sim.film.raster import Renderer, render_frames
from featherfall.sim.world.body import HINGE_INDEX, SEGMENT_NAMES, SimulatedPerson, make_body
from featherfall.sim.world.motion import Motion, Trajectory, forward_kinematics
from featherfall.sim.world.rotation import conjugate, from_axis_angle, multiply, rotate
from featherfall.sim.world.scene import Cuboid, Scene

BODY = make_body(SimulatedPerson("P", "male", 40, 1.80, 78))
FRONT = Camera((2.8, 0.0, 1.0), (0.0, 0.0, 0.9), 0.9)


def posed(at: tuple[float, float, float] = (0, 0, 0), heading: float = 0, **angles: float) -> tuple[np.ndarray, np.ndarray]:
    row = np.zeros((1, 36))
    for name, angle in angles.items():
        row[0, HINGE_INDEX[name.replace("_", " ")]] = angle
    positions, rotations = forward_kinematics(BODY, Trajectory(BODY.offsets[:1] + at, from_axis_angle((0, 0, 1), np.array([heading])), row))
    return positions[0], rotations[0]


def changed(renderer: Renderer, picture: np.ndarray, by: int = 40) -> np.ndarray:
    mask: np.ndarray = np.abs(picture.astype(int) - renderer.background).max(axis=-1) > by
    return mask


def test_figure_is_as_tall_as_the_person_and_stands_on_the_floor() -> None:
    figure = make_figure(BODY.person, False, False, 0.03)
    points, _ = figure.bend(*posed())
    assert points[:, 2].min() == pytest.approx(0, abs=0.01)
    assert points[:, 2].max() == pytest.approx(1.80, abs=0.035)  # with hair


def test_triangles_and_normals_point_outwards() -> None:
    figure = make_figure(BODY.person, True, True, 0.03)
    a, b, c = figure.points[figure.triangles].swapaxes(0, 1)
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
    assert 0.05 < volume < 0.14  # m3; garments overlap
    np.testing.assert_allclose(np.linalg.norm(figure.normals, axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(figure.weights.sum(axis=1), 1, atol=1e-5)


def test_bend_moves_what_hangs_on_one_segment_rigidly() -> None:
    figure = make_figure(BODY.person, False, False, 0.03)
    positions, rotations = posed(heading=2.5, right_shoulder_flexion=1.9, right_elbow_flexion=1.2, neck_turn=0.7, left_knee_flexion=1.5)
    points, normals = figure.bend(positions, rotations)
    for name in ("head", "right hand", "left foot", "right upper arm"):
        segment = SEGMENT_NAMES.index(name)
        own = figure.weights[:, segment] > 0.998
        assert own.sum() > 20
        turn = multiply(rotations[segment], conjugate(figure.rotations[segment]))
        expected = positions[segment] + rotate(turn, figure.points[own] - figure.positions[segment])
        np.testing.assert_allclose(points[own], expected, atol=5e-3)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-3)


def test_person_is_drawn_where_the_camera_sees_them() -> None:
    renderer = Renderer(BODY, Scene(), FRONT)
    positions, rotations = posed()
    picture = renderer.frame(positions, rotations)
    assert picture.shape == (160, 160, 3) and picture.dtype == np.uint8
    rows, columns = np.nonzero(changed(renderer, picture))
    crown, _ = FRONT.project(np.array([0.0, 0, 1.80]), (160, 160))
    assert rows.min() == pytest.approx(crown[1], abs=3)
    assert columns.mean() == pytest.approx(80, abs=4)
    for segment, paint in (("chest", "shirt"), ("left shank", "trousers")):
        pixels, _ = FRONT.project(positions[SEGMENT_NAMES.index(segment)] - (0, 0, 0.02), (160, 160))
        hue = np.square(picture[int(pixels[1]), int(pixels[0])] / 255.0)
        tint = np.array(getattr(Appearance(), paint))
        np.testing.assert_allclose(hue / hue.sum(), tint / tint.sum(), atol=0.08)


def test_face_shows_from_the_front_only() -> None:
    renderer = Renderer(
        BODY, Scene(), Camera((1.2, 0, 1.7), (0, 0, 1.7), 0.4), appearance=Appearance(skin=(0.9, 0.2, 0.2), hair=(0.0, 0.3, 0.0))
    )
    red = [int((renderer.frame(*posed(heading=turn))[40:95, 60:100, 0] > 170).sum()) for turn in (0.0, np.pi)]
    empty = int((renderer.background[40:95, 60:100, 0] > 170).sum())
    assert red[0] > 300 and red[1] - empty < 100


def test_furniture_hides_the_person() -> None:
    wall = Scene((Cuboid("wardrobe", (1.0, 0, 1.25), (0.1, 3.0, 2.5)),))
    renderer = Renderer(BODY, wall, FRONT)
    np.testing.assert_array_equal(renderer.frame(*posed()), renderer.background)


def test_nobody_in_view_is_the_empty_room() -> None:
    renderer = Renderer(BODY, Scene(), FRONT)
    for at in ((6.0, 0, 0), (0, 40.0, 0)):
        np.testing.assert_array_equal(renderer.frame(*posed(at=at)), renderer.background)


def test_someone_astride_the_camera_is_no_error() -> None:
    Renderer(BODY, Scene(), FRONT).frame(*posed(at=(2.75, 0, 0)))


def test_shadow_darkens_the_floor() -> None:
    camera = Camera((0.5, 0, 2.6), (0, 0, 0), 1.2)
    renderer = Renderer(BODY, Scene(), camera)
    picture = renderer.frame(*posed(at=(0, 0, 0)))
    pixels, _ = camera.project(np.array([-0.28, -0.2, 0]), (160, 160))  # the light comes from (+x, +y)
    column, row = pixels.astype(int)
    assert picture[row, column].sum() < 0.95 * renderer.background[row, column].sum()


def test_same_arguments_same_picture() -> None:
    appearance = draw_appearance(np.random.default_rng(1), BODY.person)
    assert appearance == draw_appearance(np.random.default_rng(1), BODY.person)
    first, second = (Renderer(BODY, Scene(mat=True), FRONT, (64, 48), appearance).frame(*posed()) for _ in range(2))
    assert first.shape == (48, 64, 3)
    np.testing.assert_array_equal(first, second)


def test_every_look_is_light_between_0_and_1() -> None:
    for seed in range(30):
        appearance = draw_appearance(np.random.default_rng(seed))
        for value in (
            appearance.skin,
            appearance.hair,
            appearance.shirt,
            appearance.trousers,
            appearance.shoes,
            appearance.wall,
            appearance.floor,
            appearance.fabric,
            appearance.wood,
            appearance.rug,
        ):
            assert all(0 <= part <= 1 for part in value)
    assert linear_colour(0xFF8000) == pytest.approx((1, (128 / 255) ** 2, 0))


def test_frames_take_the_nearest_poses() -> None:
    positions, rotations = posed()
    motion = Motion(BODY, Scene(), np.tile(positions, (201, 1, 1)), np.tile(rotations, (201, 1, 1)))
    renderer = Renderer(BODY, Scene(), FRONT, (32, 32))
    assert len(list(render_frames(motion, renderer, 30))) == 31
    assert len(list(render_frames(motion, renderer, 1))) == 2


def test_bad_numbers_are_user_errors() -> None:
    with pytest.raises(UserError, match="16 to 4096"):
        Renderer(BODY, Scene(), FRONT, (8, 160))
    motion = Motion(BODY, Scene(), np.zeros((1, 17, 3)), np.zeros((1, 17, 4)))
    with pytest.raises(UserError, match="pictures a second"):
        next(render_frames(motion, Renderer(BODY, Scene(), FRONT, (16, 16)), 0))
