"""Pictures that look alike stay on one side."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stills import scene, write

from featherfall import datasets
from featherfall.datasets.pictures.alike import ALIKE, LOOK, difference_hash, similar_groups, with_looks


def test_the_hash_of_a_picture_by_hand() -> None:
    ramp = np.linspace(0, 255, 90).astype(np.uint8)[None, :, None] * np.ones((80, 1, 3), np.uint8)
    assert difference_hash(ramp) == 2**64 - 1 and difference_hash(ramp[:, ::-1]) == 0
    half = np.concatenate([ramp[:40], ramp[40:, ::-1]])
    assert difference_hash(half) == (2**32 - 1) << 32  # the upper four rows rise to the right
    assert difference_hash(ramp[:7]) == difference_hash(ramp[:, :8]) == 0


def test_size_light_and_noise_change_little() -> None:
    image = scene(1, 90, 80)
    noisy = np.clip(image * 0.8 + np.random.default_rng(0).normal(0, 6, image.shape) + 12, 0, 255).astype(np.uint8)
    for other in (noisy, image[::2, ::2], scene(1, 180, 160)):
        assert (difference_hash(image) ^ difference_hash(other)).bit_count() <= ALIKE
    assert (difference_hash(image) ^ difference_hash(scene(2))).bit_count() > ALIKE


def test_chains_are_one_group() -> None:
    chain = [0, (1 << 10) - 1, (1 << 20) - 1]  # 10 bits from one to the next, 20 from end to end
    assert similar_groups([chain[0], 2**64 - 1, chain[2], chain[1]]).tolist() == [0, 1, 0, 0]
    assert similar_groups([]).tolist() == []


@given(st.lists(st.integers(0, 2**64 - 1), max_size=12))
def test_groups_are_what_a_slow_search_finds(hashes: list[int]) -> None:
    found = similar_groups(hashes).tolist()
    near = {(i, j) for i in range(len(hashes)) for j in range(len(hashes)) if (hashes[i] ^ hashes[j]).bit_count() <= ALIKE}
    parent = list(range(len(hashes)))
    for _ in hashes:
        for i, j in near:
            parent[i] = parent[j] = min(parent[i], parent[j])
    assert all((found[i] == found[j]) == (parent[i] == parent[j]) for i in range(len(hashes)) for j in range(len(hashes)))


def test_the_trait_of_pictures(tmp_path: Path) -> None:
    for i, seed in enumerate((1, 2, 1, 1)):
        write(tmp_path / ("fall" if i % 2 else "walk") / f"{i}.png", scene(seed, 45 + 9 * i))
    (tmp_path / "walk" / "broken.png").write_bytes(b"no picture")
    dataset = with_looks(datasets.open("class-folders", tmp_path))
    looks = {source.subject: source.traits.get(LOOK) for source in dataset.sources}
    assert looks == {"fall 1": "0", "fall 3": "1", "walk 0": "1", "walk 2": "1", "walk broken": None}
    assert dataset.sources[0].load().traits == dataset.sources[0].traits


def test_real_pictures_of_one_camera(real: Callable[[str], Path]) -> None:
    pytest.importorskip("av")
    dataset = with_looks(datasets.open("yolo", real("fall-images/roboflow")))
    looks = {source.subject: source.traits[LOOK] for source in dataset.sources}
    assert looks["16_100419"] == looks["17_100410"] != looks["18_100078"]
    assert len(set(looks.values())) <= 8  # 101 pictures, a few cameras
