from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.training.toy import toy_clips

from featherfall.clips.labels import IGNORED
from featherfall.clips.store import ClipStore
from featherfall.core.training_settings import Augment, Draw
from featherfall.training.data import BatchSampler, Clips, chances, load_clips


@given(count=st.integers(1, 30), batch=st.integers(2, 40), seed=st.integers(0, 2**40), share=st.sampled_from([0.0, 0.4, 0.99]))
def test_every_epoch_sees_every_clip_once(count: int, batch: int, seed: int, share: float) -> None:
    order = BatchSampler(toy_clips(count, views=4, labelled=3), batch, seed, share)
    size = min(batch, count)
    steps = [order(step) for step in range(3 * count)]
    assert all(len(index) == len(view) == size for index, view in steps)
    labelled = torch.cat([index[view < 3] for index, view in steps])
    for epoch in range(len(labelled) // count):
        assert sorted(labelled[epoch * count : (epoch + 1) * count].tolist()) == list(range(count))
    assert all(int(view.min()) >= 0 and int(view.max()) < 4 for _, view in steps)


def test_a_step_depends_on_seed_and_number_alone() -> None:
    clips = toy_clips(20, views=5, labelled=3)
    forwards, backwards = BatchSampler(clips, 8, 7, 0.3), BatchSampler(clips, 8, 7, 0.3)
    expected = [forwards(step) for step in range(12)]
    for step in reversed(range(12)):
        for first, second in zip(expected[step], backwards(step), strict=True):
            assert torch.equal(first, second)


def test_other_seeds_other_batches() -> None:
    """torch's generator on CPU reads the lower 32 bits of its seed only."""
    clips = toy_clips(24, views=9)
    orders = {tuple(BatchSampler(clips, 24, seed)(0)[0].tolist()) for seed in range(6)}
    views = {tuple(BatchSampler(clips, 24, seed)(0)[1].tolist()) for seed in range(6)}
    assert len(orders) == len(views) == 6


def test_other_steps_other_views() -> None:
    order = BatchSampler(toy_clips(24, views=9), 24, 0)
    assert len({tuple(order(step)[1].tolist()) for step in range(6)}) == 6


def test_a_share_of_the_batch_is_for_the_teachers_words_only() -> None:
    order = BatchSampler(toy_clips(20, views=6, labelled=2), 10, 0, 0.3)
    drawn = torch.cat([view for _, view in (order(step) for step in range(50))])
    assert (drawn >= 2).sum() == 3 * 50
    assert drawn.unique().tolist() == [0, 1, 2, 3, 4, 5]
    alone = BatchSampler(toy_clips(20, views=2, labelled=2), 10, 0, 0.3)
    assert (alone(0)[1] < 2).all() and len(alone(0)[1]) == 10


def test_taking_a_batch() -> None:
    clips = toy_clips(10, views=4, labelled=3)
    index, view = torch.tensor([3, 0, 9]), torch.tensor([0, 3, 2])
    batch = clips.take(index, view)
    for row, (i, v) in enumerate(zip(index, view, strict=True)):
        assert torch.equal(batch.clip["accelerometer"][row], clips.inputs["accelerometer"][v, i])
    assert batch.labels.tolist() == [1, IGNORED, 1]  # view 3 has no class
    assert "present:accelerometer" not in batch.clip
    clips.present["accelerometer"][9] = False
    assert clips.take(index, view).clip["present:accelerometer"].tolist() == [True, True, False]


def test_loading_from_a_store(tiny_store: ClipStore) -> None:
    index = np.asarray([1, 2, 5])
    clips = load_clips(tiny_store, index, np.asarray([0, 1, 0]), ["accelerometer", "skeleton"])
    assert len(clips) == 3 and clips.views == clips.labelled == 1
    np.testing.assert_array_equal(clips.inputs["accelerometer"][0].numpy(), tiny_store.inputs["accelerometer"][index])
    assert clips.present["skeleton"].tolist() == [False, True, True]
    assert (clips.inputs["skeleton"][0, 0] == 0).all() and torch.isfinite(clips.inputs["skeleton"]).all()
    assert clips.labels.dtype == torch.int64


@pytest.mark.parametrize(("teacher_only", "views"), [(False, 3), (True, 6)])
def test_views_without_a_class_only_on_request(tiny_store: ClipStore, teacher_only: bool, views: int) -> None:
    how = Augment(views=2, blends=2, reversed=1)
    clips = load_clips(tiny_store, np.arange(4), np.zeros(4), ["accelerometer"], how, teacher_only=teacher_only)
    assert clips.views == views and clips.labelled == 3


def test_clips_seen_by_a_branch(tiny_store: ClipStore) -> None:
    index = np.arange(len(tiny_store))
    labels = np.arange(len(tiny_store)) % 2
    clips = load_clips(tiny_store, index, labels, ["accelerometer", "skeleton"], Augment(views=1))
    seen = clips.with_inputs(["skeleton"])
    keep = tiny_store.present["skeleton"]
    assert list(seen.inputs) == ["skeleton"] and len(seen) == keep.sum() < len(clips)
    np.testing.assert_array_equal(seen.inputs["skeleton"][0].numpy(), tiny_store.inputs["skeleton"][keep])
    assert seen.labels.tolist() == labels[keep].tolist() and seen.views == 2


def pool() -> Clips:
    """Three groups: 100 clips of daily life in one dataset, 16 in another, and there 4 falls."""
    labels, dataset = torch.tensor([0] * 116 + [1] * 4), torch.tensor([0] * 100 + [1] * 20)
    return Clips({"accelerometer": torch.zeros(3, 120, 4, 3)}, {}, labels, 2, dataset=dataset)


def shares(chance: torch.Tensor) -> list[float]:
    return [float(part.sum()) for part in chance.split([100, 16, 4])]


def test_groups_have_their_share_of_the_draws() -> None:
    """Of 100, 16 and 4 clips: as they are, by their roots (10 : 4 : 2), and alike."""
    clips = pool()
    assert shares(chances(clips, Draw(power=1))) == pytest.approx([100 / 120, 16 / 120, 4 / 120])
    assert shares(chances(clips, Draw(power=0.5))) == pytest.approx([10 / 16, 4 / 16, 2 / 16])
    assert shares(chances(clips, Draw(power=0))) == pytest.approx([1 / 3] * 3)
    assert shares(chances(clips, Draw(by=["dataset"], power=0))) == pytest.approx([1 / 2, 16 / 40, 4 / 40])
    assert shares(chances(clips, Draw(by=["class"], power=0))) == pytest.approx([50 / 116, 8 / 116, 1 / 2])
    alone = Clips(clips.inputs, {}, clips.labels, 2)
    assert shares(chances(alone, Draw(by=["dataset"], power=0))) == pytest.approx([100 / 120, 16 / 120, 4 / 120])


def test_what_is_drawn_depends_on_seed_and_step_alone() -> None:
    clips, draw = pool(), Draw(power=0)
    forwards, backwards = (BatchSampler(clips, 48, 7, 0.25, draw) for _ in range(2))
    expected = [forwards(step) for step in range(60)]
    assert all(torch.equal(backwards(step)[0], expected[step][0]) for step in (59, 3, 20))
    index, view = (torch.cat([one[i] for one in expected]) for i in (0, 1))
    for part in (index, index[view == 2]):  # the views that have no class, too
        found = [((part >= low) & (part < high)).float().mean().item() for low, high in ((0, 100), (100, 116), (116, 120))]
        assert found == pytest.approx([1 / 3] * 3, abs=0.07)
    assert (view == 2).float().mean().item() == pytest.approx(0.25)


def test_clips_know_their_dataset(tiny_store: ClipStore) -> None:
    clips = load_clips(tiny_store, np.arange(4), np.zeros(4), ["accelerometer"])
    assert clips.dataset is not None and clips.dataset.tolist() == [0] * 4 and clips.rate == tiny_store.rate > 0
