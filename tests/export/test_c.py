"""The format "c" of the bundle writer, on the bundled wrist student."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.export.microcontroller.students import windows

from featherfall.core.errors import UserError
from featherfall.core.manifest import ModelFile
from featherfall.export.contract import Contract
from featherfall.export.deployment import Exportable, GraphOutputs, Guard, Refusal
from featherfall.export.formats import c
from featherfall.export.formats.c import write_c
from featherfall.export.microcontroller.source import CSource
from featherfall.pipeline.add_format import Redeployment
from featherfall.runtime.bundle import read_manifest
from featherfall.runtime.embedded import embedded_bundles


@pytest.fixture
def wrist() -> Redeployment:
    path = embedded_bundles()["wrist"]
    one = read_manifest(path)
    shown = {"accelerometer": windows(30, 300)[:-5]}
    said: list[np.ndarray] = []

    def score(outputs: GraphOutputs) -> dict[str, float]:
        said.append(outputs[0])
        return {"f1": 0.9 - 0.004 * (len(said) - 1)}  # int8 loses .4 points

    contract = Contract(one.name, one.window, one.inputs, one.labels, one.positive, one.decision, one.temperature)
    network = Exportable(("logits",), one.parameters, one.macs, graph=path / "model.onnx")
    return Redeployment(contract, network, shown, Guard(shown, score, 0.5))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(c, "can_emulate", lambda: False)  # tests/export/microcontroller/test_proof.py has both
    monkeypatch.setattr(c, "memory_sizes", lambda source: {"cortex-m4": {"flash": 1, "ram": source.ram}})


def test_the_files_and_their_proof(wrist: Redeployment, tmp_path: Path) -> None:
    model = write_c(wrist, tmp_path)
    assert isinstance(model, ModelFile) and (model.file, model.beside, model.format, model.precision) == (
        "featherfall.c",
        ["featherfall.h"],
        "c",
        "int8",
    )
    assert {path.name for path in tmp_path.iterdir()} == {"featherfall.c", "featherfall.h"}
    proof = model.proof
    assert proof["points_lost"] == pytest.approx(0.4) and proof["clips"] == 25 and proof["ram"] <= 16_000
    assert proof["max_abs_probability_error"] < 0.1 and proof["decisions_changed"] <= 1
    assert (proof["bits_differing"], proof["proven_by"][:3]) in [(0, "gcc"), (0, "cla"), (None, "not")]


def test_what_loses_too_much_is_refused_and_leaves_no_file(wrist: Redeployment, tmp_path: Path) -> None:
    answer = write_c(replace(wrist, guard=replace(wrist.guard, budget_points=0.3)), tmp_path)
    assert isinstance(answer, Refusal) and answer.precision == "c_int8" and answer.proof["points_lost"] == pytest.approx(0.4)
    assert not list(tmp_path.iterdir())


def test_without_a_compiler_it_says_so(wrist: Redeployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    model = write_c(wrist, tmp_path)
    assert isinstance(model, ModelFile) and model.proof["bits_differing"] is None and "no C compiler" in model.proof["proven_by"]


def test_c_that_differs_from_its_reference_never_ships(wrist: Redeployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if c.host_compiler() is None:
        pytest.skip("no C compiler here")
    honest = c.write_source

    def wrong(*arguments: object) -> CSource:
        made = honest(*arguments)  # type: ignore[arg-type]
        return replace(made, source=made.source.replace("clipped + 128.5f", "clipped + 128.4f"))

    monkeypatch.setattr(c, "write_source", wrong)
    with pytest.raises(UserError, match=r"C and its reference differ in \d+ windows"):
        write_c(wrist, tmp_path)
    assert not list(tmp_path.iterdir())


def test_pictures_are_refused(wrist: Redeployment, tmp_path: Path) -> None:
    film = read_manifest(embedded_bundles()["picture"]).inputs
    with pytest.raises(UserError, match="looks at pictures"):
        write_c(replace(wrist, contract=replace(wrist.contract, inputs=film)), tmp_path)
