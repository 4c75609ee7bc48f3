"""Clips held for the next training are those that would be made anew, to the bit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from featherfall.clips.store import ClipStore
from featherfall.core.training_settings import Augment
from featherfall.training import held
from featherfall.training.data import Clips, load_clips
from featherfall.training.held import forget_clips, held_clips, hold_clips

AUGMENT = Augment(views=2, blends=1, reversed=1)
BOTH = ["accelerometer", "gyroscope"]


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    forget_clips()
    yield
    forget_clips()


def same(first: Clips, second: Clips) -> bool:
    assert list(first.inputs) == list(second.inputs) and first.present.keys() == second.present.keys()
    alike = [torch.equal(first.inputs[name], second.inputs[name]) for name in first.inputs]
    return all(alike) and torch.equal(first.labels, second.labels) and first.labelled == second.labelled


def test_fewer_inputs_come_from_those_held(tiny_store: ClipStore, monkeypatch: pytest.MonkeyPatch) -> None:
    index = np.arange(len(tiny_store))
    labels = index % 2
    made: list[object] = []
    monkeypatch.setattr(held, "load_clips", lambda *some, **more: (made.append(some), load_clips(*some, **more))[1])
    first = hold_clips(tiny_store, index, labels, BOTH, AUGMENT, teacher_only=True)
    again = hold_clips(tiny_store, index, labels, ["accelerometer"], AUGMENT.model_copy(update={"noise_g": 0.5}), teacher_only=True)
    assert len(made) == 1 and again.inputs["accelerometer"] is first.inputs["accelerometer"]
    assert same(again, load_clips(tiny_store, index, labels, ["accelerometer"], AUGMENT, teacher_only=True))


@pytest.mark.parametrize("change", ["index", "labels", "warp", "views", "teacher_only", "inputs"])
def test_other_clips_are_made_anew(tiny_store: ClipStore, change: str) -> None:
    index = np.arange(len(tiny_store))
    labels = index % 2
    hold_clips(tiny_store, index, labels, ["accelerometer"], AUGMENT, teacher_only=False)
    other = index[1:] if change == "index" else index
    named = labels[: len(other)] if change != "labels" else 1 - labels
    augment = AUGMENT.model_copy(update={"warp": {"warp": 0.2}, "views": {"views": 3}}.get(change, {}))
    names, teacher_only = BOTH if change == "inputs" else ["accelerometer"], change == "teacher_only"
    assert held_clips(tiny_store, other, named, names, augment, teacher_only=teacher_only) is None
    clips = hold_clips(tiny_store, other, named, names, augment, teacher_only=teacher_only)
    assert same(clips, load_clips(tiny_store, other, named, names, augment, teacher_only=teacher_only))
    assert len(held._held) == 1


def test_forgotten_clips_are_gone(tiny_store: ClipStore) -> None:
    index = np.arange(len(tiny_store))
    hold_clips(tiny_store, index, index % 2, BOTH, AUGMENT, teacher_only=False)
    forget_clips()
    assert held_clips(tiny_store, index, index % 2, BOTH, AUGMENT, teacher_only=False) is None
