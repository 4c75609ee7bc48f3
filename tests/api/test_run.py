"""A recipe from Python, and what its run gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.conftest import tiny_dataset, tiny_recipe
from tests.runtime.tiny import motion
from torch import nn

import featherfall as ff
from featherfall.api.model import Model
from featherfall.api.run import FinishedRun

pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """Two seeds of the tiny recipe, so that there are intervals."""
    pyplot.switch_backend("agg")
    folder = tmp_path_factory.mktemp("run")
    recipe = tiny_recipe(seeds=[0, 1], export={"budget_points": 100})
    return ff.distill(recipe, tiny_dataset(folder / "data"), folder / "run", changes=["student.training.steps=30"])


def test_metrics_by_role(run: FinishedRun) -> None:
    assert set(run.metrics["roles"]) == {"teacher", "alone", "distilled", "int8"}
    assert run.recipe.student.training.steps == 30
    assert run.report.is_file()


def test_the_bundle_predicts(run: FinishedRun) -> None:
    assert isinstance(run.bundle, Model)
    assert run.bundle.bundle.model.precision == "int8"
    assert run.bundle.predict(motion(np.arange(200) / 25, ((4.0, 4.0),)), rate=25).probabilities.shape == (1, 2)


def test_the_bundle_is_evaluated(run: FinishedRun, tmp_path: Path) -> None:
    data = tiny_dataset(tmp_path / "others", subjects=2)
    evaluation = run.bundle.evaluate("folder", data)
    assert evaluation.metrics == ff.evaluate(run.folder, ff.datasets.open("folder", data)).metrics
    assert evaluation.values["dataset"] == "folder"
    assert evaluation.notes and evaluation.counts
    assert evaluation.to_frame().set_index("metric")["value"]["f1"] == evaluation.metrics["f1"]
    assert "folder" in repr(evaluation) and "<td>f1</td>" in evaluation._repr_html_()
    ax = evaluation.plot()
    assert "f1" in [text.get_text() for text in ax.get_yticklabels()]
    pyplot.close(ax.figure)
    with pytest.raises(ff.UserError, match="unknown dataset 'folders'"):
        run.bundle.evaluate("folders", data)


def test_a_frame_has_a_row_for_each_role_and_metric(run: FinishedRun) -> None:
    frame = run.to_frame().set_index(["role", "metric"])
    stated = run.metrics["roles"]["distilled"]["f1"]
    assert frame.loc[("distilled", "f1"), "mean"] == stated["mean"]
    assert [frame.loc[("distilled", "f1"), side] for side in ("low", "high")] == stated["ci95"]
    assert np.isnan(frame.loc[("teacher", "f1"), "low"])


def test_a_plot_has_a_dot_for_each_role(run: FinishedRun) -> None:
    ax = run.plot("f1")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["int8", "distilled", "alone", "teacher"]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [line.get_xdata()[0] for line in dots] == [run.metrics["roles"][role]["f1"]["mean"] for role in reversed(run.metrics["roles"])]
    assert len(ax.lines) == len(dots) + 3  # intervals; one teacher has none
    pyplot.close(ax.figure)
    with pytest.raises(ff.UserError, match="no metric 'f2'; it has "):
        run.plot("f2")


def test_texts(run: FinishedRun) -> None:
    assert repr(run).startswith("<FinishedRun ")
    assert "distilled" in run._repr_html_()


def test_a_run_on_disk_is_read_again(run: FinishedRun, tmp_path: Path) -> None:
    assert FinishedRun(run.folder).metrics == run.metrics
    with pytest.raises(ff.UserError, match=r"holds no metrics\.json; finish the run first"):
        FinishedRun(tmp_path)


def test_a_recipe_in_python_and_back(tmp_path: Path) -> None:
    recipe = tiny_recipe()
    assert ff.load_recipe(recipe.save(tmp_path / "tiny.yaml")) == recipe
    assert ff.load_recipe(recipe, ["seeds=[3]"]).seeds == [3]
    with pytest.raises(ff.UserError, match=r"^Recipe: key 'dataset' is missing; add it$"):
        ff.Recipe(name="tiny")


class Tiny(nn.Module):
    """The fall logit grows with the highest magnitude."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 2)

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        peak = inputs["accelerometer"].square().sum(dim=2).amax(dim=1, keepdim=True)
        return self.head(peak.sqrt())


def test_own_networks_and_an_own_dataset(tmp_path: Path) -> None:
    dataset = ff.datasets.open("folder", tiny_dataset(tmp_path / "data", subjects=2))
    recipe = tiny_recipe(export={"budget_points": 100})
    run = ff.distill(recipe, dataset, tmp_path / "run", student=Tiny(), teacher=lambda inputs, channels, classes: Tiny())
    assert run.metrics["sizes"]["distilled"]["parameters"] == 4
    assert run.metrics["sizes"]["teacher"]["parameters"] == 4
    assert run.bundle.manifest.parameters == 4


def test_a_network_that_does_not_fit_is_one_line(tmp_path: Path) -> None:
    data = tiny_dataset(tmp_path / "data", subjects=2)
    with pytest.raises(
        ff.UserError, match=r"the student Identity_student returns dict for two clips; it must return logits of shape \(2, 2\)"
    ):
        ff.distill(tiny_recipe(), data, tmp_path / "run", student=nn.Identity())


def test_distill_refuses_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ff.UserError, match="no such recipe; did you mean 'weda_fall_wrist'"):
        ff.distill("weda_fall_wrists", tmp_path)
    with pytest.raises(ff.UserError, match="no such folder"):
        ff.distill("weda_fall_wrist", tmp_path / "nothing", tmp_path / "run")
