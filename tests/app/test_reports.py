from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from featherfall.app import reports
from featherfall.app.media import MediaStore


def test_runs_are_found_by_name_and_nothing_else(home: Path, tmp_path: Path) -> None:
    runs = home / "runs"
    assert sorted(reports.find_runs(runs)) == ["first", "second"]
    assert "report of first" in (reports.read_report(runs, "first") or "")
    for name in ("", ".", "..", "../secret.txt", "first/../second", "/etc", "first/report.html", "absent"):
        assert reports.read_report(runs, name) is None
    assert reports.find_runs(tmp_path / "absent") == {}


def test_a_link_out_of_the_folder_is_not_followed(home: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "linked").symlink_to(home / "runs" / "first")
    assert reports.find_runs(tmp_path / "runs") == {}


def test_the_table(home: Path) -> None:
    shown = reports.comparison_table(home / "runs", ["first", "second", "absent"])
    assert shown.count("95.0<small>90.0 to 100.0</small>") == 2 and "simulated people" in shown and "<td>4</td>" in shown
    assert "Small print" in shown and ", 1 seed, " in shown and "<td>student, int8</td>" in shown  # there was no teacher
    assert "No finished run" in reports.comparison_table(home / "runs", ["absent"])


def test_a_table_without_intervals_does_not_explain_them(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "metrics.json").write_text('{"roles": {"alone": {"f1": {"mean": 0.5, "ci95": null}, "accuracy": null}}}')
    shown = reports.comparison_table(tmp_path, ["one"])
    assert "<td>50.0</td>" in shown and "Small print" not in shown


def test_names_and_figures_are_escaped(tmp_path: Path) -> None:
    (tmp_path / "<b>x").mkdir()
    (tmp_path / "<b>x" / "metrics.json").write_text('{"dataset": "<script>", "seeds": [], "roles": {"int8": {"f1": {"mean": 0.5}}}}')
    shown = reports.comparison_table(tmp_path, ["<b>x"])
    assert "<script>" not in shown and "<b>" not in shown and "&lt;script&gt;" in shown
    (tmp_path / "<b>x" / "metrics.json").write_text("broken")
    assert "No finished run" in reports.comparison_table(tmp_path, ["<b>x"])


def test_the_shelf() -> None:
    store = MediaStore()
    place = store.new_folder()
    (place / "film.mp4").write_text("film")
    address = store.url(place / "film.mp4")
    assert address == f"/media/{place.name}/film.mp4" and len(place.name) >= 20
    assert store.find(place.name, "film.mp4") == place / "film.mp4"
    for key, name in ((place.name, ".."), (place.name, "../film.mp4"), ("..", "film.mp4"), (".", place.name), ("", "")):
        assert store.find(key, name) is None
    store.remove(Path("/etc"))
    store.remove(None)
    store.remove(place)
    assert not place.exists() and Path("/etc").exists()
    store.close()
    assert not store.folder.exists()


def test_what_a_killed_process_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    names = {f"featherfall-app-{ended.pid}-x": False, f"featherfall-app-{os.getpid()}-y": True, "featherfall-app-z": True, "else-1-x": True}
    for name in names:
        (tmp_path / name).mkdir()
    store = MediaStore()
    assert {name: (tmp_path / name).exists() for name in names} == names and store.folder.parent == tmp_path
    store.close()
