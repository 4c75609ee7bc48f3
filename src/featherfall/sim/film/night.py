"""The look of a camera at night: its own infrared lamp lights the room, so pictures are grey, noisy, and dark towards the corners."""

from __future__ import annotations

import numpy as np

DARK_CORNERS = 0.65  # share of the light that is missing in a corner; the lamp of a camera lights a cone narrower than its view
NOISE = 10.0  # gray levels of 255, standard deviation: of a small sensor at high gain
CONTRAST = 0.7  # of the room by day: skin, cloth and walls reflect infrared alike


def at_night(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a picture as an infrared camera gives it, (H, W, 3) uint8 -> the same shape, three equal channels."""
    height, width = image.shape[:2]
    gray = image.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)  # luma of ITU-R BT.601
    down, right = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)[None]
    light = 1 - DARK_CORNERS * (down**2 + right**2) / 2
    level = gray.mean()
    seen = (level + CONTRAST * (gray - level)) * light + rng.normal(0, NOISE, (height, width)).astype(np.float32)
    return np.repeat(np.clip(np.rint(seen), 0, 255).astype(np.uint8)[..., None], 3, axis=2)
