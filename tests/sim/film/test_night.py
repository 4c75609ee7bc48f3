"""The look of a camera at night."""

from __future__ import annotations

import numpy as np

from featherfall.sim.film.night import CONTRAST, DARK_CORNERS, NOISE, at_night


def seen(image: np.ndarray) -> np.ndarray:
    return at_night(image, np.random.default_rng(0))


def test_it_is_grey_and_noisy() -> None:
    image = np.zeros((120, 160, 3), np.uint8)
    image[..., 1] = 200
    night = seen(image)
    assert night.shape == image.shape and night.dtype == np.uint8 and (night == night[..., :1]).all()
    middle = night[50:70, 70:90, 0].astype(float)
    assert abs(middle.mean() - 0.587 * 200) < 4 and abs(middle.std() - NOISE) < 2
    assert not np.array_equal(at_night(image, np.random.default_rng(1)), night)


def test_corners_are_dark() -> None:
    night = seen(np.full((120, 160, 3), 150, np.uint8)).astype(float)
    corners = [night[:8, :8].mean(), night[:8, -8:].mean(), night[-8:, :8].mean(), night[-8:, -8:].mean()]
    np.testing.assert_allclose(corners, 150 * (1 - DARK_CORNERS * 0.9), atol=6)  # eight pixels reach in to .9 of the way


def test_contrast_is_lower() -> None:
    image = np.full((120, 160, 3), 100, np.uint8)
    image[:, 76:84] = 180  # a twentieth of the picture, in its middle
    night = seen(image).astype(float)
    step = night[55:65, 76:84].mean() - night[55:65, 64:72].mean()
    assert abs(step - CONTRAST * 80) < 4
