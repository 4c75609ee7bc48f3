from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.api.detector import write_detector
from tests.runtime.tiny import motion, recording, write_bundle
from tests.stills import still

import featherfall as ff
from featherfall.api.result import Result, result_of_film
from featherfall.core.manifest import Manifest
from featherfall.runtime.observation import AnalysisResult, Fall
from featherfall.runtime.verdict import Verdict

pytest.importorskip("pandas")
pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def _no_window(monkeypatch: pytest.MonkeyPatch) -> None:
    pyplot.switch_backend("agg")


@pytest.fixture
def result(tmp_path: Path) -> Result:
    """An impact at 8 s that is a fall, and one at 15 s that is none."""
    return ff.load(write_bundle(tmp_path / "bundle")).predict(recording(50.0, 20.0, ((8.0, 5.0), (15.0, 1.8))))


def film_result(tmp_path: Path) -> Result:
    manifest = Manifest.model_validate(json.loads((write_bundle(tmp_path / "camera") / "manifest.json").read_text()))
    curve = np.array([[1.0, 0, 0.1], [1.2, 0, 0.8], [1.2, 1, 0.3]])
    return result_of_film(
        manifest, AnalysisResult(Verdict("fall"), (Fall(0, 1.1, 1.2, 1.2, 0.8),), (), curve, 3.0, 45), ["film.mp4: its end is lost"]
    )


def test_a_frame_has_a_row_for_each_window(result: Result) -> None:
    frame = result.to_frame()
    assert list(frame.columns) == ["start_s", "end_s", "centre_s", "valid", "label", "fall", "other"]
    assert frame["label"].tolist() == ["fall", "other"]
    np.testing.assert_allclose(frame["centre_s"], [8.0, 15.0], atol=0.05)
    np.testing.assert_array_equal(frame[["fall", "other"]].to_numpy(), result.probabilities)


def test_a_frame_of_a_film_names_people(tmp_path: Path) -> None:
    frame = film_result(tmp_path).to_frame()
    assert list(frame.columns) == ["time_s", "person", "fall", "other"]
    assert frame["person"].tolist() == [0, 0, 1]
    np.testing.assert_allclose(frame["fall"], [0.1, 0.8, 0.3], atol=1e-6)


def test_json_is_that_of_the_command_line(result: Result) -> None:
    facts = json.loads(json.dumps(result.to_json()))
    assert (facts["label"], len(facts["events"]), len(facts["windows"])) == ("fall", 1, 2)


def test_texts(result: Result, tmp_path: Path) -> None:
    assert repr(result) == "<Result 'fall': 1 event(s), 2 windows by 'tiny'>"
    assert repr(film_result(tmp_path)) == "<Result 'fall': 1 event(s), 3 windows by 'tiny', 1 problem(s)>"
    page = result._repr_html_()
    assert "<b>fall</b>" in page and page.count("<tr>") == 2 and "8.00" in page


def test_a_plot_shows_probabilities_threshold_and_events(result: Result) -> None:
    ax = result.plot()
    labels = ax.get_legend_handles_labels()[1]
    assert labels == ["threshold", "fall", "until raised", "event"]
    dots = next(line for line in ax.lines if line.get_label() == "fall")
    np.testing.assert_allclose(dots.get_ydata(), result.probabilities[:, 0])
    assert ax.get_ylabel() == "probability of fall"
    pyplot.close(ax.figure)


def test_a_plot_of_a_film_has_a_line_for_each_person(tmp_path: Path) -> None:
    _, mine = pyplot.subplots()
    ax = film_result(tmp_path).plot(mine)
    assert ax is mine
    assert ax.get_legend_handles_labels()[1] == ["threshold", "person 0", "person 1", "until raised", "event"]
    pyplot.close(ax.figure)


def test_a_plot_of_activities(tmp_path: Path) -> None:
    model = ff.load(
        write_bundle(tmp_path / "bundle", task="activity", positive=None, window={"kind": "sliding", "length": 64, "rate": 50.0})
    )
    ax = model.predict(motion(np.arange(500) / 50.0, ((5.0, 5.0),)), rate=50).plot()
    assert sorted(ax.get_legend_handles_labels()[1]) == ["fall", "other"]
    pyplot.close(ax.figure)


def test_a_plot_of_a_recording_without_windows(tmp_path: Path) -> None:
    quiet = ff.load(write_bundle(tmp_path / "bundle")).predict(recording(50.0, 20.0))
    assert len(quiet.probabilities) == 0
    pyplot.close(quiet.plot().figure)


def test_a_plot_of_a_picture_shows_its_boxes(tmp_path: Path) -> None:
    result = ff.load(write_detector(tmp_path / "bundle")).predict(still(tmp_path / "one.png", 40, 30, (250, 250, 250)))
    ax = result.plot()
    (box,) = ax.patches
    assert (box.get_x(), box.get_y(), box.get_width(), box.get_height()) == (10, 15, 20, 15)
    assert result.to_frame()["name"].tolist() == ["fall"]
    assert repr(result) == "<Result 'fall': 1 people by 'tiny detector'>"
    pyplot.close(ax.figure)


@pytest.mark.parametrize(("library", "call"), [("pandas", "to_frame"), ("matplotlib", "plot")])
def test_a_missing_library_is_one_line(result: Result, monkeypatch: pytest.MonkeyPatch, library: str, call: str) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ff.UserError, match=rf"{call}\(\) needs {library}; pip install 'featherfall\[notebook\]'"):
        getattr(result, call)()
