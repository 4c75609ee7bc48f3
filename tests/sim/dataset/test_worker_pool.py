import math
import time

import pytest

from featherfall.sim.dataset.worker_pool import WorkerPool


@pytest.mark.parametrize("workers", [1, 2])
def test_all_pieces_are_done_once(workers: int) -> None:
    with WorkerPool(workers) as pool:
        assert sorted(pool.map_unordered(math.factorial, range(6))) == [1, 1, 2, 6, 24, 120]
        assert list(pool.map_unordered(math.factorial, [])) == []
        assert sorted(pool.map_unordered(math.factorial, [3, 4])) == [6, 24]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_ends_all_at_once(workers: int) -> None:
    began = time.monotonic()
    with pytest.raises(ValueError), WorkerPool(workers) as pool:
        for _ in pool.map_unordered(time.sleep, [-1, *[5] * (workers * 3)]):  # a negative sleep is an error
            pass
    assert time.monotonic() - began < 4
