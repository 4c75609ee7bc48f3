"""Estimators whose weights are not at hand: what they make of outputs, and what they say to wrong files."""

from __future__ import annotations

import contextlib
import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.people import person

from featherfall.core.child import ChildError
from featherfall.core.errors import UserError
from featherfall.core.files import data_folder, sha256
from featherfall.core.registry import known_names, register
from featherfall.core.skeletons import COCO_17
from featherfall.runtime.perceive import litert
from featherfall.runtime.perceive.blazepose import COUNT, LANDMARKS, BlazePose, to_pose
from featherfall.runtime.perceive.crop import whole
from featherfall.runtime.perceive.estimators import open_estimator
from featherfall.runtime.perceive.multipose import MAX_PEOPLE, VALUES, MultiPose, decode_people
from featherfall.runtime.perceive.pose import Pose
from featherfall.runtime.perceive.weights import KNOWN, STATED


def output(*people: tuple[Pose, float]) -> np.ndarray:
    """What MoveNet MultiPose gives for people of a 640 x 480 picture: places in the square of 640 that holds it."""
    tensor = np.zeros((MAX_PEOPLE, VALUES), dtype=np.float32)
    for row, (pose, score) in zip(tensor, people, strict=False):
        joints = np.add(pose.joints, (0, 80)) / 640
        row[:51] = np.column_stack([joints[:, 1], joints[:, 0], pose.scores]).ravel()
        row[51:] = [*(np.add(pose.box, (0, 80, 0, 80)) / 640)[[1, 0, 3, 2]], score]
    return tensor


def test_several_people_of_one_tensor() -> None:
    first, second = person(150, 260, score=0.5), person(420, 380, turn=np.pi / 2, score=0.4)
    found = decode_people(output((second, 0.4), (person(300, 200), 0.29), (first, 0.8)), whole(480, 640))
    assert len(found) == 2  # surest first; who is below .3 is nobody
    for pose, true in zip(found, (first, second), strict=True):
        np.testing.assert_allclose(pose.joints, true.joints, atol=1e-3)
        np.testing.assert_allclose(pose.scores, true.scores, atol=1e-6)
        np.testing.assert_allclose(pose.box, true.box, atol=1e-3)
    assert decode_people(np.zeros((MAX_PEOPLE, VALUES), dtype=np.float32), whole(480, 640)) == []


def test_landmarks_of_blazepose() -> None:
    assert list(LANDMARKS) != [] and set(LANDMARKS) == set(COCO_17) and max(LANDMARKS.values()) < COUNT
    marks = np.stack([np.arange(COUNT) / 100, np.arange(COUNT) / 50, np.full(COUNT, 0.9)], axis=1).astype(np.float32)
    pose = to_pose(marks, height=480, width=640)
    nose, left_shoulder, right_ankle = (list(COCO_17).index(joint) for joint in ("nose", "left shoulder", "right ankle"))
    np.testing.assert_allclose(pose.joints[nose], [0, 0])
    np.testing.assert_allclose(pose.joints[left_shoulder], [0.11 * 640, 0.22 * 480], rtol=1e-5)
    np.testing.assert_allclose(pose.joints[right_ankle], [0.28 * 640, 0.56 * 480], rtol=1e-5)
    np.testing.assert_allclose(pose.scores, 0.9)


def test_weights_that_nobody_stated() -> None:
    for kind in ("multipose", "mediapipe"):
        with pytest.raises(UserError, match=f"the estimator '{kind}' has no known weights; give the path"):
            open_estimator(kind)
        with pytest.raises(UserError, match=rf"absent: no such file; .*{STATED[kind].file} \(.*Apache-2\.0"):
            open_estimator(kind, "absent")


def test_the_source_of_stated_weights_is_told() -> None:
    with pytest.raises(UserError, match=rf"MultiPose Lightning 1, .*; sha256 {STATED['multipose'].sha256} was measured\)$"):
        open_estimator("checked")


def test_mediapipe_that_is_not_installed_or_has_no_weights(tmp_path: Path) -> None:
    (tmp_path / "bad.task").write_text("not weights")
    if importlib.util.find_spec("mediapipe") is None:
        with pytest.raises(UserError, match=r"needs MediaPipe; install it: pip install 'featherfall\[mediapipe\]'"):
            BlazePose(tmp_path / "bad.task")
        return
    with pytest.raises(UserError, match=r"absent\.task: no such file"):
        BlazePose(tmp_path / "absent.task")
    with pytest.raises(UserError, match=r"bad\.task: MediaPipe cannot open it"):
        BlazePose(tmp_path / "bad.task")


def test_things_that_are_no_multipose(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    (tmp_path / "text.tflite").write_text("not a model")
    with pytest.raises(UserError, match=r"text\.tflite: LiteRT cannot open it"):
        MultiPose(tmp_path / "text.tflite")
    with pytest.raises(UserError, match="needs a multiple of 32 pixels"):
        MultiPose(tmp_path / "text.tflite", size=250)
    single = data_folder() / "weights" / "movenet_single_pose_lightning_ptq.tflite"
    if not single.is_file():
        pytest.skip(f"{single}: not there")
    with pytest.raises(UserError, match=r"no MoveNet MultiPose, which maps \(1, S, S, 3\) to \(1, 6, 56\)"):
        MultiPose(single)


def test_estimators_are_found_by_name() -> None:
    assert {"several", "one", "multipose", "mediapipe"} <= set(known_names("estimator"))
    with pytest.raises(UserError, match="unknown estimator 'sevral'; did you mean 'several'"):
        open_estimator("sevral")

    class Nobody:
        def estimate(self, image: np.ndarray) -> list[Pose]:
            return []

        def reset(self) -> None:
            pass

    opened: list[tuple[object, ...]] = []
    register("estimator", "nobody")(lambda *options: opened.append(options) or Nobody())
    assert open_estimator("nobody", "w.onnx", threads=2).estimate(np.zeros((48, 64, 3), np.uint8)) == []
    assert opened == [("w.onnx", None, 2)]


def test_a_network_that_crashes_litert_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs LiteRT: pip install 'featherfall[camera]'")

    def crash(*_: object) -> bytes:
        raise ChildError("crashed (SIGSEGV)")

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(litert, "trial_child", lambda *_: contextlib.nullcontext(crash))
    (tmp_path / "bad.tflite").write_bytes(b"damaged")
    with pytest.raises(UserError, match=r"bad\.tflite: one picture crashed \(SIGSEGV\), so it is not used; download the file again$"):
        litert.open_net(tmp_path / "bad.tflite")
    assert not list(tmp_path.glob(".cache/featherfall/models/*"))


def test_known_weights_are_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs LiteRT: pip install 'featherfall[camera]'")
    (tmp_path / "known.tflite").write_bytes(b"known")
    known = replace(next(iter(KNOWN.values())), sha256=sha256(tmp_path / "known.tflite"))
    monkeypatch.setattr(litert, "KNOWN", {"known": known})
    monkeypatch.setattr(litert, "trial_child", lambda *_: pytest.fail("tried"))
    with pytest.raises(UserError, match=r"known\.tflite: LiteRT cannot open it"):
        litert.open_net(tmp_path / "known.tflite")
