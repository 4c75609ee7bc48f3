"""Ends, other activities afterwards and knocks."""

import math

import pytest
import torch

from featherfall.core.training_settings import Augment
from featherfall.training.disturbances import KNOCK_RISE_S, disturb, draw_knocks, go_on, hold_ends, knock

RATE = 50.0


def clips(count: int = 6, length: int = 300) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {"accelerometer": torch.randn(count, length, 3), "gyroscope": torch.randn(count, length, 3)}


def test_off_draws_nothing_and_changes_nothing() -> None:
    clip, labels = clips(), torch.zeros(6, dtype=torch.int64)
    torch.manual_seed(7)
    before = torch.get_rng_state()
    assert disturb(clip, labels, Augment(), RATE) is clip
    assert torch.equal(torch.get_rng_state(), before)


def test_hold_ends_by_hand() -> None:
    values = torch.tensor([[[0.0], [1.0], [2.0], [3.0], [4.0]]])
    assert hold_ends(values, torch.tensor([1.7]), torch.tensor([3.2])).flatten().tolist() == [1, 1, 2, 3, 3]
    assert torch.equal(hold_ends(values, torch.tensor([0.0]), torch.tensor([math.inf])), values)


def test_go_on_by_hand() -> None:
    ones, twos = torch.ones(1, 5, 1), 2 * torch.ones(1, 5, 1)
    assert go_on(ones, twos, torch.tensor([1.0]), 2.0).flatten().tolist() == [1, 1, 1.5, 2, 2]
    assert torch.equal(go_on(ones, twos, torch.tensor([math.inf]), 2.0), ones)


def test_a_knock_by_hand() -> None:
    shape = knock(torch.tensor([[-KNOCK_RISE_S, 0.0, 0.05, 0.1]]), torch.tensor([0.05]), torch.tensor([10.0]))
    # A tenth of a second is one period of 10 Hz; half of it turns the sign.
    assert shape.flatten().tolist() == pytest.approx([math.exp(-1), 1.0, -math.exp(-1), math.exp(-2)], abs=1e-6)


def test_knocks_are_at_the_highest_peak_and_of_moderate_size() -> None:
    torch.manual_seed(1)
    still = torch.zeros(64, 300, 3)
    still[:, 100, 2] = 2.0
    knocks = draw_knocks(still, RATE)
    size = knocks.norm(dim=2)
    assert (size[:, 95:106].amax(dim=1) > 0.3).all()
    assert 1.0 < float(size.amax()) < 30


def test_only_clips_without_a_fall_are_knocked() -> None:
    clip, labels = clips(), torch.tensor([0, 1, 0, 1, -1, 0])
    out = disturb(clip, labels, Augment(knocks=1.0), RATE)
    changed = (out["accelerometer"] != clip["accelerometer"]).flatten(1).any(dim=1)
    assert changed.tolist() == [True, False, True, False, False, True]
    assert torch.equal(out["gyroscope"], clip["gyroscope"])


def test_all_sensors_share_their_ends_and_what_comes_after() -> None:
    clip = clips()
    clip["gyroscope"] = 2 * clip["accelerometer"]
    out = disturb(clip, torch.zeros(6, dtype=torch.int64), Augment(cut_ends=0.8, other_after=0.8), RATE)
    assert not torch.equal(out["accelerometer"], clip["accelerometer"])
    torch.testing.assert_close(out["gyroscope"], 2 * out["accelerometer"])
    middle = slice(100, 128)  # the impact is never changed
    assert torch.equal(out["accelerometer"][:, middle], clip["accelerometer"][:, middle])


def test_a_clip_goes_on_only_with_one_that_has_the_same_sensors() -> None:
    clip = clips(2)
    clip["present:gyroscope"] = torch.tensor([True, False])
    out = disturb(clip, torch.zeros(2, dtype=torch.int64), Augment(other_after=1.0), RATE)
    torch.testing.assert_close(out["gyroscope"], clip["gyroscope"])
    assert torch.equal(out["present:gyroscope"], clip["present:gyroscope"])
