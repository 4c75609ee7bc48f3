from __future__ import annotations

import itertools

import numpy as np
import pytest

from featherfall.export.microcontroller.graph import Graph
from featherfall.export.microcontroller.integer import IntegerStudent, exponential, fixed_point, integer_student, softmax_float32, to_steps
from featherfall.export.onnx import onnx_outputs
from featherfall.runtime.bundle import softmax as usual_softmax
from featherfall.runtime.embedded import embedded_bundles


def test_int8_is_near_float32(wrist: IntegerStudent, wrist_windows: np.ndarray) -> None:
    real = {"accelerometer": wrist_windows[:-5]}
    exact = onnx_outputs(embedded_bundles()["wrist"] / "model.onnx", real)[0]
    error = np.abs(softmax_float32(wrist.logits(real), 0.45) - softmax_float32(exact, 0.45))
    assert error.max() < 0.1 and error.mean() < 0.01


def test_every_layer_is_of_integers_and_reads_what_the_one_before_wrote(wrist: IntegerStudent) -> None:
    layers = list(wrist.layers.values())
    assert len(layers) == 5 and all(one.weights.dtype == np.int8 for one in layers)
    assert [one.unsigned for one in layers] == [False, True, True, True, False]
    assert all(one.read == before.relu for before, one in itertools.pairwise(layers[:4]))


def test_a_scale_a_row_uses_all_steps(wrist: IntegerStudent) -> None:
    for layer in wrist.layers.values():
        assert (np.abs(layer.weights.astype(int)).reshape(len(layer.weights), -1).max(axis=1) == 127).all()


def test_steps_are_rounded_and_held_within_127() -> None:
    values = np.array([[0.0, 0.49, 0.51, -0.49, -0.51, 126.6, 1e30, -1e30, np.inf, np.nan]], np.float32).T
    assert to_steps(values, np.ones(1, np.float32)).ravel().tolist() == [0, 0, 1, 0, -1, 127, 127, -127, 127, -127]


@pytest.mark.parametrize("factor", [1e-30, 3e-9, 0.001, 0.4999999999, 0.5, 0.9999999999, 1.0, 37.0])
def test_a_multiplier_and_a_shift_give_the_factor(factor: float) -> None:
    multiplier, shift = fixed_point(np.array([factor]))
    assert 0 <= multiplier[0] < 2**31 and 1 <= shift[0] <= 62
    if factor > 1e-9:
        assert multiplier[0] / 2.0 ** shift[0] == pytest.approx(factor, rel=1e-9)


def test_the_exponential_is_within_three_steps_of_float32() -> None:
    x = -np.concatenate([np.linspace(0, 86.9, 20001), 10.0 ** np.linspace(-8, 1.9, 2001)]).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    assert (np.abs(exponential(x) - exact) <= 3 * np.spacing(exact.astype(np.float32))).all()
    assert exponential(np.array([-88, -np.inf, 0.0], np.float32)).tolist() == [0.0, 0.0, 1.0]


def test_probabilities_are_the_runtimes() -> None:
    logits = np.random.default_rng(0).normal(scale=5, size=(50, 4)).astype(np.float32)
    np.testing.assert_allclose(softmax_float32(logits, 0.45), usual_softmax(logits / 0.45), atol=1e-6)


def test_a_channel_that_is_always_zero_is_no_trouble(wrist_graph: Graph, wrist_windows: np.ndarray) -> None:
    still = np.zeros_like(wrist_windows[:4])
    assert np.isfinite(integer_student(wrist_graph, {"accelerometer": still}).logits({"accelerometer": wrist_windows[:4]})).all()
