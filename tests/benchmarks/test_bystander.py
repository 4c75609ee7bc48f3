from __future__ import annotations

import numpy as np
import pytest
from benchmarks.bystander import BESIDE, Walker, cut_out, plan_visit, put_in

from featherfall.core.errors import UserError
from featherfall.signals.video import Frame

pytest.importorskip("scipy")
HEIGHT, WIDTH = 120, 200


def room(at: float | None) -> np.ndarray:
    """A grey room; somebody orange, 16 x 60, walks in it."""
    image = np.full((HEIGHT, WIDTH, 3), 90, dtype=np.uint8)
    image[:, :40] = 110
    if at is not None:
        image[40:100, round(at) - 8 : round(at) + 8] = (250, 140, 20)
    return image


def walks(start: float, end: float, count: int = 40) -> list[Frame]:
    """Walks, then is gone for as long."""
    places: list[float | None] = [*np.linspace(start, end, count), *[None] * count]
    return [Frame(k / 10, room(at)) for k, at in enumerate(places)]


@pytest.fixture(scope="module")
def walker() -> Walker:
    return cut_out(walks(-10, 210))


def test_the_walker_is_cut_out(walker: Walker) -> None:
    assert not walker.leftwards and walker.rate == pytest.approx(10.0) and 25 <= len(walker.figures) <= 36  # while wholly in the picture
    assert cut_out(walks(210, -10)).leftwards
    for figure in walker.figures:
        assert figure.shape == (64, 20, 4)  # two pixels around it
        assert (figure[10:-10, 6:-6, 3] > 250).all() and (figure[:, 0, 3] < 30).all()
        np.testing.assert_array_equal(figure[32, 10, :3], (250, 140, 20))


def test_an_empty_room_has_no_walker() -> None:
    with pytest.raises(UserError, match="no stretch in which"):
        cut_out([Frame(k / 10, room(None)) for k in range(40)])


def test_a_visit_comes_over_the_farther_edge_and_goes_past() -> None:
    visit = plan_visit(np.array([120, 90, 170, 105]), tall=60, enter=2.0, height=HEIGHT, width=WIDTH)
    assert visit.from_left and visit.stop == pytest.approx(145 + BESIDE * 60) and visit.feet == pytest.approx(105 + 1.8)
    assert visit.middle(1.9, WIDTH) is None and visit.middle(2.0, WIDTH) == pytest.approx(-15)
    assert visit.middle(3.0, WIDTH) == pytest.approx(-15 + 0.8 * 60) and visit.middle(60.0, WIDTH) == visit.stop
    other = plan_visit(np.array([10, 90, 60, 105]), 60, 2.0, HEIGHT, WIDTH)
    assert not other.from_left and other.stop == pytest.approx(35 + BESIDE * 60)  # no room behind


def test_nobody_stops_outside_of_the_picture() -> None:
    for left in range(0, 190, 10):
        visit = plan_visit(np.array([left, 90, left + 10, 105]), 150, 0.0, HEIGHT, WIDTH)
        assert 0.15 * 150 <= visit.stop <= WIDTH - 0.15 * 150


def test_put_in(walker: Walker) -> None:
    visit = plan_visit(np.array([120, 90, 170, 105]), tall=62, enter=2.0, height=HEIGHT, width=WIDTH)
    empty = room(None)
    assert put_in(empty, 1.0, walker, visit) is empty
    stands = put_in(empty, 30.0, walker, visit)
    orange = np.abs(stands.astype(int) - (250, 140, 20)).max(axis=2) < 20
    rows, columns = np.nonzero(orange)
    assert columns.mean() == pytest.approx(visit.stop, abs=2) and rows.max() == pytest.approx(visit.feet, abs=4) and orange.sum() > 600
    np.testing.assert_array_equal(empty, room(None))  # the film's own picture is untouched
    np.testing.assert_array_equal(stands, put_in(empty, 30.0, walker, visit))
