from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.training_settings import Augment
from featherfall.training.views import Views, blend, draw_warp, interpolate_at, reverse_time

HOW = Augment(views=3, blends=2, reversed=2)


def inputs(names: tuple[str, ...] = ("skeleton", "accelerometer", "gyroscope"), count: int = 5, length: int = 20) -> dict[str, np.ndarray]:
    """The same values whatever else is asked for."""
    widths = {"skeleton": 6, "accelerometer": 3, "gyroscope": 3}
    return {
        name: np.random.default_rng(widths[name] + ord(name[0])).normal(size=(count, length, widths[name])).astype(np.float32)
        for name in names
    }


@given(
    length=st.integers(8, 200),
    settings=st.builds(Augment, warp=st.floats(0, 0.99), crop=st.floats(0, 0.99)),
    seed=st.integers(0, 1000),
)
def test_a_warp_goes_forward_and_stays_inside(length: int, settings: Augment, seed: int) -> None:
    positions = draw_warp(4, length, settings, np.random.default_rng(seed))
    assert positions.shape == (4, length)
    assert (np.diff(positions, axis=1) > 0).all()
    assert (positions >= 0).all() and (positions <= length - 1 + 1e-9).all()
    span = positions[:, -1] - positions[:, 0]
    assert (span >= (1 - settings.crop) * (length - 1) - 1e-6).all()


def test_no_warp_and_no_crop_is_the_clip() -> None:
    positions = draw_warp(3, 30, Augment(warp=0, crop=0), np.random.default_rng(0))
    np.testing.assert_allclose(positions, np.broadcast_to(np.arange(30), (3, 30)), atol=1e-9)


def test_reading_between_samples_by_hand() -> None:
    clip = np.asarray([[[0.0], [10.0], [40.0]]], np.float32)
    np.testing.assert_allclose(interpolate_at(clip, np.asarray([[0, 0.5, 1.25, 2.0]]))[0, :, 0], [0, 5, 17.5, 40])


def test_view_0_is_the_clip_as_recorded() -> None:
    views = Views(inputs(), HOW)
    assert (views.labelled, views.total) == (4, 8)
    assert all(np.array_equal(values, views.inputs[name]) for name, values in views.view(0).items())
    assert all(
        values.shape == views.inputs[name].shape and values.dtype == np.float32 for v in range(8) for name, values in views.view(v).items()
    )
    distinct = {views.view(v)["accelerometer"].tobytes() for v in range(8)}
    assert len(distinct) == 8


@pytest.mark.parametrize("number", range(8))
def test_teacher_and_student_see_the_same_view_whatever_else_they_see(number: int) -> None:
    teacher = Views(inputs(), HOW).view(number)
    student = Views(inputs(("accelerometer",)), HOW).view(number)
    np.testing.assert_array_equal(student["accelerometer"], teacher["accelerometer"])


def test_all_inputs_of_a_clip_are_warped_alike() -> None:
    ramp = np.broadcast_to(np.arange(20, dtype=np.float32)[None, :, None], (5, 20, 3)).copy()
    view = Views({"accelerometer": ramp, "gyroscope": 2 * ramp}, HOW).view(2)
    np.testing.assert_allclose(view["gyroscope"], 2 * view["accelerometer"], rtol=1e-5)
    assert not np.allclose(view["accelerometer"], ramp)
    assert len({row.tobytes() for row in view["accelerometer"]}) == 5  # and each clip in its own way


def test_a_blend_by_hand() -> None:
    first, second = np.full((1, 4, 3), 2.0, np.float32), np.full((1, 4, 3), 10.0, np.float32)
    share = np.asarray([[0, 0.25, 0.5, 1]])
    np.testing.assert_allclose(blend("accelerometer", first, second, share)[0, :, 0], [2, 4, 6, 10])


def test_skeletons_are_blended_in_one_place() -> None:
    random = np.random.default_rng(0)
    first = random.normal(size=(2, 6, 9)).astype(np.float32)
    elsewhere = first + np.tile(np.asarray([3, -1, 8], np.float32), 3)
    share = np.full((2, 6), 0.5)
    np.testing.assert_allclose(blend("skeleton", first, elsewhere, share), first, atol=1e-5)
    first[0, 2, :3] = np.nan
    assert np.isnan(blend("skeleton", first, elsewhere, share)).sum() == 3


def test_backwards_the_wrist_turns_the_other_way() -> None:
    values = np.arange(12, dtype=np.float32).reshape(1, 4, 3)
    assert reverse_time("watch_accelerometer", values)[0, 0].tolist() == [9, 10, 11]
    assert reverse_time("skeleton", values)[0, 0].tolist() == [9, 10, 11]
    assert reverse_time("watch_gyroscope", values)[0, 0].tolist() == [-9, -10, -11]
    np.testing.assert_array_equal(reverse_time("gyroscope", reverse_time("gyroscope", values)), values)


def test_the_last_views_are_backwards() -> None:
    views = Views(inputs(), HOW)
    for name, values in views.view(6).items():
        np.testing.assert_array_equal(values, reverse_time(name, views.view(0)[name]))


def test_clips_are_blended_with_clips_that_have_the_same_inputs() -> None:
    values = np.repeat(np.arange(8, dtype=np.float32), 10 * 3).reshape(8, 10, 3)
    alike = np.array([0, 1, 0, 1, 0, 1, 0, 1])
    settings = Augment(views=0, blends=6)
    for number in range(1, 7):
        blended = Views({"accelerometer": values * (1 + 99 * alike[:, None, None])}, settings, alike).view(number)["accelerometer"]
        assert (blended[alike == 0] <= 7).all()  # a partner of the other kind would bring hundreds
