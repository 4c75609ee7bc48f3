from pathlib import Path

import av
import numpy as np
import pytest
from tests.sim.motions import move

from featherfall.core.errors import UserError
from featherfall.sim.dataset.films import make_film_setup


def test_every_camera_films_the_whole_motion(tmp_path: Path) -> None:
    paths = [tmp_path / f"C{number}.mp4" for number in (1, 2)]
    make_film_setup(cameras=2, size=48).render(move(0.3), np.random.default_rng(0), np.random.default_rng(1), paths)
    seen = []
    for path in paths:
        with av.open(str(path)) as film:
            seen.append([frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)])
    assert [len(frames) for frames in seen] == [10, 10]
    assert seen[0][0].shape == (48, 48, 3)
    assert not np.array_equal(seen[0][0], seen[1][0])


@pytest.mark.parametrize(
    ("cameras", "size", "said"),
    [(0, 160, "--cameras 0"), (9, 160, "--cameras 9"), (1, 30, "--size 30"), (1, 161, "an even number")],
)
def test_what_cannot_be_filmed_is_refused(cameras: int, size: int, said: str) -> None:
    with pytest.raises(UserError, match=said):
        make_film_setup(cameras, size)
