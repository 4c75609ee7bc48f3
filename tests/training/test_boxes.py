from __future__ import annotations

import numpy as np
import pytest
import torch

from featherfall.core.recording import Box
from featherfall.core.training_settings import Augment
from featherfall.training.boxes import augment_pictures, box_table, make_mosaic


def test_a_table_is_padded() -> None:
    made = box_table([[], [(1, Box("fall", 0.1, 0.2, 0.3, 0.4))]])
    assert made.names.tolist() == [[-1], [1]] and made.boxes[1, 0].tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert made.at(torch.tensor([1])).names.tolist() == [[1]]


def test_tables_of_other_widths_are_put_beside_each_other() -> None:
    wide = box_table([[(0, Box("person", 0, 0, 1, 1)), (1, Box("fall", 0.5, 0, 1, 1))]])
    narrow = box_table([[(1, Box("fall", 0, 0, 0.5, 1))]])
    assert wide.concatenate(narrow).names.tolist() == [[0, 1], [1, -1]] and narrow.concatenate(wide).names.tolist() == [[1, -1], [0, 1]]
    assert narrow.concatenate(wide).boxes[:, 1].tolist() == [[0, 0, 0, 0], [0.5, 0, 1, 1]]


def picture(box: tuple[float, float, float, float], size: int = 64) -> torch.Tensor:
    """Black, with a white box."""
    out = torch.zeros(1, 1, size, size, 3, dtype=torch.uint8)
    left, top, right, bottom = (round(side * size) for side in box)
    out[0, 0, top:bottom, left:right] = 255
    return out


def measured(moved: torch.Tensor) -> list[float]:
    """The white box's sides."""
    white = moved[0, 0, :, :, 1] > 150
    rows, columns = torch.where(white.any(dim=1))[0], torch.where(white.any(dim=0))[0]
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


@pytest.mark.parametrize("seed", range(6))
def test_boxes_stay_on_what_they_show(seed: int) -> None:
    box = (0.375, 0.25, 0.625, 0.75)
    torch.manual_seed(seed)
    how = Augment(film_crop=0.15, film_light=0, film_flip=True)
    moved, boxes, names = augment_pictures(picture(box), torch.tensor([[box]]), torch.tensor([[1]]), how)
    assert moved.shape == (1, 1, 64, 64, 3) and names.tolist() == [[1]]
    assert (64 * boxes[0, 0]).tolist() == pytest.approx(measured(moved), abs=1.1)


def test_mirrored_pictures_mirror_their_boxes() -> None:
    box = (0.125, 0.25, 0.25, 0.5)
    how, seen = Augment(film_crop=0, film_light=0, film_flip=True), set()
    for seed in range(8):
        torch.manual_seed(seed)
        _, boxes, _ = augment_pictures(picture(box), torch.tensor([[box]]), torch.tensor([[0]]), how)
        seen.add(tuple(np.round(boxes[0, 0].numpy(), 4).tolist()))
    assert seen == {(0.125, 0.25, 0.25, 0.5), (0.75, 0.25, 0.875, 0.5)}


def test_four_pictures_in_one() -> None:
    torch.manual_seed(0)
    values = torch.arange(4.0)[:, None, None, None].expand(4, 3, 8, 8)
    boxes, names = torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(4, 1, 4), torch.arange(4)[:, None]
    merged, where, which = make_mosaic(values, boxes, names)
    assert merged.shape == values.shape and where.shape == (4, 4, 4) and which[:, 0].tolist() == [0, 1, 2, 3]
    for i in range(4):
        for box, name in zip(where[i], which[i], strict=True):
            left, top, right, bottom = (box * 8).int().tolist()
            assert (merged[i, :, top:bottom, left:right] == name).all()


def test_what_is_hardly_in_sight_is_dropped() -> None:
    how = Augment(film_crop=0.4, film_light=0)
    dropped = 0
    for seed in range(20):
        torch.manual_seed(seed)
        _, boxes, names = augment_pictures(picture((0, 0, 0.1, 0.1)), torch.tensor([[[0.0, 0.0, 0.1, 0.1]]]), torch.tensor([[1]]), how)
        dropped += int(names[0, 0] < 0)
        assert boxes.min() >= 0 and boxes.max() <= 1
    assert 0 < dropped < 20
