"""The files of a Space: what the Hub reads, what the image installs, nothing else."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
import yaml
from tests.runtime.tiny import write_bundle
from typer.testing import CliRunner

import featherfall
from featherfall.cli.main import app
from featherfall.core.errors import UserError
from featherfall.publish import space
from featherfall.publish.offer import read_offer
from featherfall.publish.pins import pins
from featherfall.publish.wheel import write_wheel
from featherfall.runtime import load_bundle
from featherfall.runtime.perceive.weights import KNOWN

ROOT = Path(__file__).parents[2]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A Space of the wrist's bundle, with the core's versions: extras change with what is installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(space, "EXTRAS", ())
        space.write_space(read_offer("wrist"), "apache-2.0", tmp_path / "space")
    return tmp_path / "space"


def test_files(files: Path) -> None:
    names = {file.relative_to(files).as_posix() for file in files.rglob("*") if file.is_file()}
    assert {"README.md", "Dockerfile", "requirements.txt", "bundle/manifest.json", "bundle/model.int8.onnx"} <= names
    assert load_bundle(files / "bundle").manifest.name == load_bundle("wrist").manifest.name


def test_front_matter(files: Path) -> None:
    found = re.match(r"---\n(.*?)\n---\n", (files / "README.md").read_text(), re.DOTALL)
    assert found is not None
    values = yaml.safe_load(found[1])
    assert (values["sdk"], values["app_port"], values["license"]) == ("docker", 7860, "apache-2.0")
    assert values["colorFrom"] in ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
    assert len(values["short_description"]) <= 60
    assert "falls: simulated; daily life" in (files / "README.md").read_text()


def test_requirements_are_pinned_and_without_torch(files: Path) -> None:
    wheel, *pinned = (files / "requirements.txt").read_text().split()
    assert (files / wheel.partition("[")[0]).is_file()
    assert all("==" in line for line in pinned)
    assert {"numpy", "onnxruntime", "pydantic"} <= {line.partition("==")[0] for line in pinned}
    assert not any(line.startswith("torch") for line in pinned)


def test_the_estimators_weights_are_the_known_ones(files: Path) -> None:
    known = KNOWN["movenet_lightning_int8"]
    for dockerfile in (files / "Dockerfile", ROOT / "docker" / "runtime.Dockerfile", ROOT / "docker" / "train.Dockerfile"):
        text = dockerfile.read_text()
        assert f"--checksum=sha256:{known.sha256}" in text
        assert known.url in text
    assert known.url in (ROOT / "Makefile").read_text()


def test_the_wheel_holds_the_package(tmp_path: Path) -> None:
    path = write_wheel(tmp_path)
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        assert len(names) == len(set(names))
        assert wheel.testzip() is None
        assert {"featherfall/runtime/bundle.py", "featherfall/py.typed", "featherfall/recipes/weda_fall_wrist.yaml"} <= set(names)
        assert "featherfall/embedded/wrist/model.int8.onnx" in names
        assert not any("__pycache__" in name for name in names)
        info = path.name.removesuffix("-py3-none-any.whl")
        record = wheel.read(f"{info}.dist-info/RECORD").decode().splitlines()
    assert len(record) == len(names)
    assert write_wheel(tmp_path).read_bytes() == path.read_bytes()
    assert wheel.filename and Path(featherfall.__file__).is_file()


def test_an_unknown_extra_is_told() -> None:
    with pytest.raises(UserError, match="has no extra 'nothing'; install it again"):
        pins("featherfall", ("nothing",))


def test_pins_follow_extras() -> None:
    assert any(line.startswith("av==") for line in pins("featherfall", ("camera",)))
    assert not any(line.startswith("av==") for line in pins("featherfall", ()))


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    said = CliRunner().invoke(app, ["publish", "space", "wrist", "--out", str(tmp_path)])
    assert isinstance(said.exception, UserError)
    assert [file.name for file in tmp_path.iterdir()] == ["letter.txt"]


def test_a_broken_bundle_leaves_no_files(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "bundle")
    (bundle / "float32.onnx").write_bytes(b"")
    said = CliRunner().invoke(app, ["publish", "space", str(bundle), "--out", str(tmp_path / "out"), "--licence", "mit"])
    assert isinstance(said.exception, UserError)
    assert not (tmp_path / "out").exists()
