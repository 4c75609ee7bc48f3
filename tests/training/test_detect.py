from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from featherfall.core.errors import UserError
from featherfall.core.training_settings import Augment
from featherfall.models.detect.net import Detector
from featherfall.training.boxes import BoxTable
from featherfall.training.data import Batch, Clips
from featherfall.training.detect import MAP_LOSSES, Augmented, FromEmbedding, FromLabels, Pictures
from featherfall.training.films import FilmViews
from featherfall.training.yolo import YOLO_PYTHON, YoloTraining, train_yolo, write_yolo

pytest.importorskip("timm", reason="detectors need timm: pip install 'featherfall[vision]'")
STILL = Augment(film_crop=0, film_light=0)
BOXES = BoxTable(torch.tensor([[[0.1, 0.1, 0.6, 0.9]], [[0.3, 0.5, 0.9, 0.8]]]), torch.tensor([[0], [1]]))


class Snow:
    """White pictures instead of a film's."""

    def __init__(self, size: int) -> None:
        self.size = size

    def pictures(self, numbers: np.ndarray) -> np.ndarray:
        return np.full((*numbers.shape, self.size, self.size, 3), 255, np.uint8)


def detector(width: int = 8) -> Detector:
    torch.manual_seed(0)
    return Detector("picture", 2, backbone="mobilenetv4_conv_small_035", width=width)


def batch() -> Batch:
    random = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (2, 1, 64, 64, 3), dtype=torch.uint8, generator=random)
    return Batch({"picture": pictures}, torch.zeros(2, dtype=torch.int64), torch.arange(2), torch.zeros(2, dtype=torch.int64))


def test_map_losses_by_hand() -> None:
    teacher = torch.tensor([3.0, 4.0]).view(1, 2, 1, 1).repeat(1, 1, 1, 2)
    teacher[..., 1] = 0
    assert MAP_LOSSES["cosine"](teacher, teacher).item() == pytest.approx(0, abs=1e-6)
    assert MAP_LOSSES["cosine"](-teacher, teacher).item() == pytest.approx(2)  # a place of length 0 has no say
    assert MAP_LOSSES["l2"](teacher, teacher).item() == 0
    assert MAP_LOSSES["l2"](teacher.mean().expand_as(teacher), teacher).item() == pytest.approx(0.75)  # 1 but for n - 1


def test_labels_teach_boxes() -> None:
    model, data = detector(), batch()
    goal = FromLabels(Augmented(BOXES, STILL, 0.0), 64)
    steps = torch.optim.Adam(model.parameters(), 0.005)
    model.train()
    losses = []
    for _ in range(12):
        said = goal(model, data)
        steps.zero_grad()
        said["loss"].backward()
        steps.step()
        losses.append(float(said["boxes"].detach()))
    assert set(said) == {"loss", "classes", "boxes"} and losses[-1] < losses[0]
    assert said["loss"].item() == pytest.approx((said["classes"] + 2.5 * said["boxes"]).item())


def test_replayed_pictures_come_with_their_own_boxes() -> None:
    size, white = 64, np.full((1, 1), 0, np.int64)
    film = FilmViews(Snow(size), white[None], white[None], np.zeros((1, 1, 1), np.float32))  # type: ignore[arg-type]
    here = torch.ones(1, dtype=torch.bool)
    clips = Clips({}, {"picture": here}, torch.zeros(1, dtype=torch.int64), 1, {"picture": film})
    replayed = Pictures(clips, BoxTable(torch.tensor([[[0, 0, 1.0, 1.0]]]), torch.tensor([[1]])))
    clip, boxes, names = Augmented(BOXES, STILL, 0.0, replayed, 3)("picture", batch())
    assert clip["picture"].shape == (5, 1, size, size, 3) and (clip["picture"][2:] == 255).all() and not (clip["picture"][:2] == 255).all()
    assert names.tolist() == [[0], [1], [1], [1], [1]] and boxes[2:].flatten().tolist() == [0, 0, 1, 1] * 3
    alone, _, _ = Augmented(BOXES, STILL, 0.0, replayed, 0)("picture", batch())
    assert alone["picture"].shape[0] == 2


def test_a_teacher_adds_its_outputs_but_not_its_weights() -> None:
    goal = FromLabels(Augmented(BOXES, STILL, 0.0), 64, detector(), hard=0.0)
    assert not list(goal.parameters())
    said = goal(detector().eval(), batch())  # the same weights: nothing to learn
    assert said["taught_classes"].item() == pytest.approx(0, abs=1e-5) and said["loss"].item() == pytest.approx(0, abs=1e-3)


def test_embeddings_of_other_widths_are_projected() -> None:
    moved = Augmented(BOXES, STILL, 0.0)
    assert not list(FromEmbedding(moved, detector(), 8, "l2").parameters())
    goal = FromEmbedding(moved, detector(16), 8, "cosine")
    assert len(list(goal.parameters())) == 6
    model = detector()
    said = goal(model, batch())
    said["loss"].backward()
    assert set(said) == {"loss", "map_0", "map_1", "map_2"} and model.lateral[0].weight.grad is not None
    assert model.heads[0].which[-1].weight.grad is None  # headless


def test_the_same_embedding_has_no_loss() -> None:
    goal = FromEmbedding(Augmented(BOXES, STILL, 0.0), detector(), 8, "l2")
    assert goal(detector().eval(), batch())["loss"].item() == pytest.approx(0, abs=1e-6)


def test_yolo_folders(tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="pictures need Pillow")
    pictures = np.zeros((2, 8, 8, 3), np.uint8)
    data = write_yolo(tmp_path, {"train": (pictures, BOXES), "val": (pictures[:1], BOXES)}, ["person", "fall"])
    assert "names: [person, fall]" in data.read_text()
    assert (tmp_path / "labels" / "train" / "00001.txt").read_text() == "1 0.600000 0.650000 0.600000 0.300000\n"
    assert len(list((tmp_path / "images" / "val").iterdir())) == 1
    assert sides_of(tmp_path / "labels" / "train" / "00000.txt") == pytest.approx([0.1, 0.1, 0.6, 0.9], abs=1e-5)


def sides_of(path: Path) -> list[float]:
    _, x, y, width, height = (float(word) for word in path.read_text().split())
    return [x - width / 2, y - height / 2, x + width / 2, y + height / 2]


def test_without_ultralytics_its_terms_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(YOLO_PYTHON, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"featherfall\[yolo\].*AGPL-3.0"):
        train_yolo(tmp_path, YoloTraining("yolov8n.yaml", tmp_path / "data.yaml", 64, "picture", epochs=1, batch=2, lr=0.01, seed=0))


def test_what_ultralytics_complains_of_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no such model >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setenv(YOLO_PYTHON, str(python))
    with pytest.raises(UserError, match="no such model"):
        train_yolo(tmp_path, YoloTraining("yolov8n.yaml", tmp_path / "data.yaml", 64, "picture", epochs=1, batch=2, lr=0.01, seed=0))
