from __future__ import annotations

import sys
from pathlib import Path

import pytest
import typer
from tests.runtime.tiny import write_bundle
from typer.testing import CliRunner

from featherfall.app import server
from featherfall.app.settings import ServerSettings
from featherfall.cli.app import app_command
from featherfall.core.errors import UserError


def call(*words: object) -> object:
    app = typer.Typer()
    app.command("app")(app_command)
    result = CliRunner().invoke(app, [str(word) for word in words])
    return result.exception or result.stdout


def test_what_it_is_started_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEATHERFALL_APP_TOKEN", raising=False)
    begun: list[ServerSettings] = []
    monkeypatch.setattr(server, "serve", lambda models, settings: begun.append(settings))
    bundle = write_bundle(tmp_path / "bundle")
    assert call(bundle) == "featherfall app: http://localhost:7860\n"
    said = call(bundle, "--host", "0.0.0.0", "--port", 7999, "--max-upload", 5, "--max-minutes", 1, "--runs", tmp_path, "--data", tmp_path)
    alone, shared = begun
    assert (alone.host, alone.port, alone.token, alone.max_upload) == ("127.0.0.1", 7860, None, 200_000_000)
    assert (shared.host, shared.port, shared.max_upload, shared.max_minutes, shared.runs, shared.data) == (
        "0.0.0.0",
        7999,
        5_000_000,
        1,
        tmp_path,
        tmp_path,
    )
    assert (alone.max_disk, alone.proxies) == (2_000_000_000, ())
    assert shared.token is not None and str(said).endswith(f"token: {shared.token}\n")


def test_behind_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEATHERFALL_APP_TOKEN", raising=False)
    begun: list[ServerSettings] = []
    monkeypatch.setattr(server, "serve", lambda models, settings: begun.append(settings))
    bundle = write_bundle(tmp_path / "bundle")
    said = call(bundle, "--behind-proxy", "127.0.0.1", "--behind-proxy", "10.0.0.0/8", "--max-disk", 300)
    (settings,) = begun
    assert [str(one) for one in settings.proxies] == ["127.0.0.1/32", "10.0.0.0/8"] and settings.max_disk == 300_000_000
    assert settings.token is not None and str(said).endswith(f"token: {settings.token}\n")  # others reach it, although it listens here
    for options, why in (
        (("--behind-proxy", "proxy"), "--behind-proxy 'proxy': neither an address nor a network; give e.g. 127.0.0.1 or 10.0.0.0/8"),
        (("--max-disk", 100), "--max-disk 100 is less than one upload of --max-upload 200; give at least that"),
    ):
        error = call(bundle, *options)
        assert isinstance(error, UserError) and str(error) == why


def test_what_it_cannot_open(tmp_path: Path) -> None:
    error = call(tmp_path / "absent")
    assert isinstance(error, UserError) and "no such folder" in str(error) and "\n" not in str(error)


def test_without_gradio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gradio", None)
    error = call()
    assert isinstance(error, UserError) and str(error) == "the app needs Gradio; install it: pip install 'featherfall[app]'"
