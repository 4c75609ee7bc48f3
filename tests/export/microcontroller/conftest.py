from __future__ import annotations

import numpy as np
import pytest
from tests.export.microcontroller.students import windows

from featherfall.export.contract import Contract
from featherfall.export.microcontroller.graph import Graph, read_graph
from featherfall.export.microcontroller.integer import IntegerStudent, integer_student
from featherfall.export.microcontroller.source import CSource, write_source
from featherfall.runtime.bundle import read_manifest
from featherfall.runtime.embedded import embedded_bundles


@pytest.fixture(scope="session")
def wrist_windows() -> np.ndarray:
    return windows(40, 300)


@pytest.fixture(scope="session")
def wrist_graph() -> Graph:
    return read_graph(embedded_bundles()["wrist"] / "model.onnx")


@pytest.fixture(scope="session")
def wrist(wrist_graph: Graph, wrist_windows: np.ndarray) -> IntegerStudent:
    """The bundled wrist student, its scales set by windows without the odd ones."""
    return integer_student(wrist_graph, {"accelerometer": wrist_windows[:-5]})


@pytest.fixture(scope="session")
def wrist_contract() -> Contract:
    one = read_manifest(embedded_bundles()["wrist"])
    return Contract(one.name, one.window, one.inputs, one.labels, one.positive, one.decision, one.temperature)


@pytest.fixture(scope="session")
def wrist_source(wrist: IntegerStudent, wrist_contract: Contract) -> CSource:
    return write_source(wrist, wrist_contract)
