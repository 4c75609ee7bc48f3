from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from featherfall.app import needs
from featherfall.app.pages import train
from featherfall.core.errors import UserError

STATED = [
    "numpy>=2.0",
    "torch>=2.11; extra == 'train'",
    "lightning-fabric>=2.6.4; extra == 'train'",
    "mujoco>=3.3; python_version > '3' and extra == 'sim'",
    "mujoco>=3.3; extra == 'sim'",
    "av>=14; extra == 'camera'",
]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """An environment whose packages can be taken away."""
    absent: set[str] = set()

    def version(name: str) -> str:
        if name in absent:
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(needs, "requires", lambda _: STATED)
    monkeypatch.setattr(needs, "version", version)
    return absent


def test_what_an_environment_lacks(bare: set[str]) -> None:
    assert needs.missing_packages("train") == [] and needs.limits(["window"]) == []
    bare |= {"torch", "lightning-fabric", "mujoco", "av"}
    assert needs.missing_packages("train") == ["torch", "lightning-fabric"] and needs.missing_packages("sim") == ["mujoco"]
    (closed,) = needs.limits(["window"])
    assert closed.startswith(
        "the page Train is closed, as packages are missing (torch, lightning-fabric): pip install 'featherfall[train,sim]'"
    )
    films, _ = needs.limits(["window", "keypoints"])
    assert films.startswith("films and pictures are not analysed, as packages are missing (av): pip install 'featherfall[camera]'")
    with pytest.raises(UserError, match=r"simulated people need packages that are not installed here \(mujoco\)") as error:
        needs.check_extra("simulated people", "sim")
    assert "\n" not in str(error.value)


def test_without_the_weights_it_says_how_to_get_them(bare: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATHERFALL_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("FEATHERFALL_REAL_DATA", str(tmp_path))
    (line,) = needs.limits(["keypoints"])
    assert line.startswith("people in films and at the webcam are not found:") and "curl -fL" in line and "\n" not in line


def test_the_environment_of_make_app_is_mended_by_make(bare: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", "/somewhere/.venv-app")
    assert needs.how_to_install("train").startswith("stop the app and run `make setup`")
    page = train._closed(["torch", "<b>"])
    assert "lacks: torch, &lt;b&gt;." in page and "<code>make setup</code>" in page


def test_without_a_list_of_packages_a_module_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> None:
        raise PackageNotFoundError

    monkeypatch.setattr(needs, "requires", absent)
    monkeypatch.setattr(needs, "find_spec", lambda name: None if name == "mujoco" else object())
    assert needs.missing_packages("train") == [] and needs.missing_packages("sim") == ["mujoco"]
