"""One way to predict, whatever users have in hand; what is wrong with it is one line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.api.detector import BOX, write_detector
from tests.films import gray_film
from tests.publish.standin import WRITER, Hub, hub
from tests.runtime.drop import write_camera_bundle
from tests.runtime.tiny import motion, recording, write_bundle, write_csv
from tests.stills import still

import featherfall as ff
from featherfall.api.model import Model
from featherfall.core.recording import Recording, Stream
from featherfall.publish.hub import push, write_model
from featherfall.publish.offer import read_offer
from featherfall.runtime.perceive.detector import NO_PEOPLE
from featherfall.runtime.perceive.keypoints import CHANNELS

RATE = 50.0
TIMES = np.arange(1000) / RATE
ACC = motion(TIMES, ((8.0, 5.0), (15.0, 1.8)))  # g: a fall by the tiny bundle, and an impact that is none
GRAVITY = 9.80665


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return ff.load(write_bundle(tmp_path_factory.mktemp("model") / "bundle", precisions=("float32", "int8")))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model with two inputs."""
    inputs = [
        {"name": "accelerometer", "unit": "g", "channels": ["x", "y", "z"]},
        {"name": "gyroscope", "unit": "deg/s", "channels": ["x", "y", "z"]},
    ]
    return ff.load(write_bundle(tmp_path_factory.mktemp("two") / "bundle", inputs=inputs))


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return ff.load(write_detector(tmp_path_factory.mktemp("detector") / "bundle"))


def test_everything_that_holds_the_same_samples_gives_the_same(model: Model, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(ACC, columns=["ax", "ay", "az"])
    given = [
        model.predict(ACC, rate=RATE),
        model.predict(ACC * GRAVITY, rate=RATE, unit="m/s2"),
        model.predict(ACC.astype(np.float32), times=TIMES),
        model.predict({"accelerometer": ACC}, rate=RATE, unit={"accelerometer": "g"}),
        model.predict(table, rate=RATE),
        model.predict(table.assign(time=TIMES)),
        model.predict(table.rename(columns={"ax": "a", "ay": "b", "az": "c"}), rate=RATE, columns=["a", "b", "c"]),
        model.predict(table.assign(ms=TIMES * 1000), time="ms", time_unit="ms"),
        model.predict(write_csv(tmp_path / "walk.csv", RATE, ((8.0, 5.0), (15.0, 1.8)))),
        model.predict(str(write_csv(tmp_path / "si.csv", RATE, ((8.0, 5.0), (15.0, 1.8)), factor=GRAVITY)), unit="m/s2"),
        model.predict(recording(RATE, 20.0, ((8.0, 5.0), (15.0, 1.8)))),
    ]
    for one in given:
        assert one.label == "fall"
        assert [round(event.peak_s, 2) for event in one.events] == [8.0]
        np.testing.assert_allclose(one.probabilities, given[0].probabilities, atol=1e-3)
    assert given[0].probabilities.shape == (2, 2)
    np.testing.assert_allclose(given[0].probabilities.sum(axis=1), 1.0, atol=1e-6)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (ACC[:, :2], {"rate": RATE}, r"array: shape \(1000, 2\); give \(samples, 3\)"),
        (ACC[:, 0], {"rate": RATE}, r"array: shape \(1000,\); give \(samples, 3\)"),
        (ACC[:1], {"rate": RATE}, "1 sample"),
        (ACC.astype(str), {"rate": RATE}, "dtype <U32; give floats"),
        (ACC * np.nan, {"rate": RATE}, "sample 1: 'accelerometer' x is nan; drop the sample or fill it"),
        (ACC, {"rate": 0}, "rate 0; give a positive number"),
        (ACC, {"rate": -RATE}, "rate -50; give a positive number"),
        (ACC, {}, "no times; give rate=HZ"),
        (ACC, {"rate": RATE, "unit": "ms2"}, "unknown unit 'ms2'; did you mean 'm/s2'"),
        (ACC, {"rate": RATE, "unit": "deg/s"}, "does not measure what 'g' does"),
        (ACC * GRAVITY, {"rate": RATE}, r"so the unit is m/s2, not g; state unit='m/s2'$"),
        (ACC, {"rate": RATE, "speed": 2}, "unexpected keyword argument 'speed'; leave it out"),
        (ACC, {"rate": RATE, "source": "csvs"}, "unknown source 'csvs'; did you mean 'csv'"),
        ({"acc": ACC}, {"rate": RATE}, "no columns found for 'accelerometer'"),
        ("nothing.csv", {}, "nothing.csv"),
        (None, {"rate": RATE}, "array"),
    ],
)
def test_wrong_data_is_one_line(model: Model, data: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ff.UserError, match=message) as caught:
        model.predict(data, **options)
    assert "\n" not in str(caught.value)


def test_a_table_without_the_columns_is_one_line(model: Model) -> None:
    pandas = pytest.importorskip("pandas")
    with pytest.raises(ff.UserError, match=r"no columns found for 'accelerometer' \(x, y, z\); it has speed, heart"):
        model.predict(pandas.DataFrame({"speed": [1.0, 2.0], "heart": [60, 61]}), rate=RATE)
    with pytest.raises(ff.UserError, match="no column 'ay' for 'accelerometer'"):
        model.predict(pandas.DataFrame(ACC, columns=["ax", "b", "az"]), rate=RATE, columns=["ax", "ay", "az"])


def test_predict_proba(model: Model, two: Model) -> None:
    windows = np.stack([motion(np.arange(64) / RATE, ((0.6, height),)) for height in (5.0, 1.2)])
    probabilities = model.predict_proba(windows)
    assert probabilities.shape == (2, 2) and probabilities.dtype == np.float32
    assert probabilities[0, 0] > 0.9 > 0.5 > probabilities[1, 0]
    both = np.concatenate([windows, np.ones_like(windows)], axis=2)
    apart = {"accelerometer": windows, "gyroscope": np.ones_like(windows)}
    np.testing.assert_array_equal(two.predict_proba(both), two.predict_proba(apart))


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_the_precision_can_be_chosen(tmp_path: Path, precision: Any) -> None:
    folder = write_bundle(tmp_path / "bundle", precisions=("float32", "int8"))
    assert ff.load(folder, precision).bundle.model.precision == precision


def test_the_embedded_model_opens_without_training_libraries() -> None:
    code = (
        "import sys, numpy, featherfall as ff; m = ff.load('wrist'); m.predict_proba(numpy.ones((1, 300, 3)));"
        "print([n for n in ('torch', 'scipy', 'pandas', 'matplotlib', 'pyarrow') if n in sys.modules], m.positive, m.labels)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] fall ('not_fall', 'fall')"


def test_a_model_says_what_it_is(model: Model) -> None:
    assert repr(model) == "<Model 'tiny': window of accelerometer (g) -> fall, other; int8>"
    assert (model.labels, model.positive, model.manifest.name) == (("fall", "other"), "fall", "tiny")


def test_what_is_no_bundle_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ff.UserError, match="no such folder"):
        ff.load("wrists")
    with pytest.raises(ff.UserError, match="holds no manifest"):
        ff.load(tmp_path)


def test_a_detector_on_a_picture(detector: Model, tmp_path: Path) -> None:
    bright = detector.predict(still(tmp_path / "bright.png", colour=(250, 250, 250)))
    assert bright.label == "fall"
    assert bright.events == ()
    assert bright.probabilities[0, 1] > 0.9
    assert [float(bright.columns[side][0]) for side in ("left", "top", "right", "bottom")] == BOX
    assert detector.predict(still(tmp_path / "dark.png", colour=(0, 0, 0))).label == "not_fall"
    with pytest.raises(ff.UserError, match="finds boxes in pictures, it has no windows; use predict"):
        detector.predict_proba(np.zeros((1, 1, 8, 8, 3), np.uint8))


def test_a_picture_in_which_a_detector_finds_nobody(tmp_path: Path) -> None:
    result = ff.load(write_detector(tmp_path / "bundle", threshold=0.9)).predict(still(tmp_path / "gray.png", colour=(128, 128, 128)))
    assert result.label == "unknown" and result.reasons == (NO_PEOPLE,)
    assert result.to_json() == {"found": [], "label": "unknown", "judged": 0.0, "reasons": [NO_PEOPLE]}


def test_a_detector_on_a_film(detector: Model, tmp_path: Path) -> None:
    result = detector.predict(gray_film(tmp_path / "film.mp4", by=10))
    assert result.label == "not_fall" and result.reasons == ()  # it gets brighter, but the box never sinks
    assert result.labels == ("fall", "not_fall")
    assert list(result.columns) == ["time_s", "person"]
    fallen = result.probabilities[:, 0]
    assert len(fallen) == 30 and fallen[-1] > fallen[0] + 0.4
    assert result.problems == ()


class Nobody:
    """Finds nobody."""

    def estimate(self, image: np.ndarray) -> list[Any]:
        return []

    def reset(self) -> None:
        pass


def test_a_camera_on_a_film(tmp_path: Path) -> None:
    camera = ff.load(write_camera_bundle(tmp_path / "camera"))
    film = gray_film(tmp_path / "film.mp4", by=10)
    result = camera.predict(film, estimator=Nobody(), still_down_s=3.0)
    assert (result.label, result.events, len(result.probabilities)) == ("unknown", (), 0)
    assert result.reasons == ("nobody was seen in any picture, which is not the same as no fall",)
    assert "nobody was seen in any picture" in repr(result) and "nobody was seen" in result._repr_html_()
    with pytest.raises(ff.UserError, match=r"still down after -1 s; give more than 0"):
        camera.predict(film, estimator=Nobody(), still_down_s=-1)
    with pytest.raises(ff.UserError, match=r"source 'film'.*unexpected keyword argument 'unit'; leave it out"):
        camera.predict(film, estimator=Nobody(), unit="g")
    with pytest.raises(ff.UserError, match="a still picture"):
        camera.predict(still(tmp_path / "one.png"), estimator=Nobody())
    film.write_bytes(film.read_bytes()[:500])
    with pytest.raises(ff.UserError, match=r"film\.mp4"):
        camera.predict(film, estimator=Nobody())


def test_a_camera_on_keypoints_that_are_known(tmp_path: Path) -> None:
    camera = ff.load(write_camera_bundle(tmp_path / "camera"))
    keypoints = Stream(np.arange(90) / 15, np.full((90, len(CHANNELS)), 0.5, np.float32), "1", 15.0)
    result = camera.predict(Recording("own", "S1", "stand", "1", {"keypoints": keypoints}))
    assert result.label == "not_fall"
    assert len(result.probabilities) > 10


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with the repository anna/falls."""
    pytest.importorskip("huggingface_hub", reason="needs huggingface_hub: pip install 'featherfall[publish]'")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    write_model(read_offer(write_bundle(tmp_path / "bundle")), "cc-by-4.0", tmp_path / "model")
    with hub() as state:
        monkeypatch.setenv("HF_ENDPOINT", state.address)
        push(tmp_path / "model", "anna/falls", "model", token=WRITER, endpoint=state.address)
        yield state


@pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")
def test_a_model_from_the_hub(there: Hub) -> None:
    assert ff.load("hf://anna/falls").predict(ACC, rate=RATE).label == "fall"
    with pytest.raises(ff.UserError, match=r"hf://anna/none: not found \(404\)"):
        ff.load("hf://anna/none")
