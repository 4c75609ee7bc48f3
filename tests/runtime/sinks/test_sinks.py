"""Where notices and results go: text, JSON lines, one document, a film."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featherfall.core import registry
from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.runtime.sinks.console import Console
from featherfall.runtime.sinks.film import FilmSink
from featherfall.runtime.sinks.jsonl import JsonDocument, JsonLines
from featherfall.runtime.sinks.sink import Sink
from featherfall.signals.video import read_frames


class Told:
    def to_json(self) -> dict[str, Any]:
        return {"kind": "possible fall", "time_s": 63.44, "track": 2, "confidence": 0.9}


def fill(sink: Sink) -> None:
    with sink:
        sink.notice(Told(), "hall")
        sink.result("a.csv", {"label": "fall"}, ["a.csv", "  label  fall"])
        sink.problem("b.csv: cannot be read", "b.csv")


def test_built_in_sinks_are_registered() -> None:
    assert {"console", "film", "jsonl"} <= set(registry.known_names("sink"))
    assert registry.find("sink", "console") is Console


def test_the_console_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    fill(Console())
    out, err = capsys.readouterr()
    assert out == "hall  0:01:03.4  possible fall  track 2  confidence 0.9\na.csv\n  label  fall\n\n"
    assert err == "featherfall: b.csv: cannot be read\n"


def test_json_lines_are_one_object_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(JsonLines())
    fill(JsonLines(tmp_path / "log.jsonl"))
    fill(JsonLines(tmp_path / "log.jsonl"))
    printed = capsys.readouterr().out
    assert (tmp_path / "log.jsonl").read_text() == 2 * printed
    notice, result, problem = map(json.loads, printed.splitlines())
    assert notice == {"source": "hall", "type": "notice", "kind": "possible fall", "time_s": 63.44, "track": 2, "confidence": 0.9}
    assert result == {"source": "a.csv", "type": "result", "label": "fall"}
    assert problem == {"source": "b.csv", "type": "problem", "problem": "b.csv: cannot be read"}
    with pytest.raises(UserError, match="cannot be written"):
        JsonLines(tmp_path / "nowhere" / "log.jsonl").open()


def test_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    fill(JsonDocument({"bundle": "tiny"}))
    assert json.loads(capsys.readouterr().out) == {"bundle": "tiny", "files": [{"file": "a.csv", "label": "fall"}]}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_document_prints_iterators_element_by_element(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Memory must not grow with the windows of a week: nothing is asked for before what is before it was printed."""

    def windows() -> Iterator[dict[str, object]]:
        for k in range(3):
            printed.append(capsys.readouterr().out)
            assert f'"k": {k}' not in printed[-1]
            yield {"k": k, "label": "Süd\x1b"}

    printed: list[str] = []
    document = JsonDocument({"bundle": "tiny", "model": "int8"})
    document.open()
    for k in range(count):
        document.result(f"{k}.csv", {"label": "fall", "events": [{"start_s": 1.5}], "windows": windows(), "none": iter(())})
    document.close()
    printed.append(capsys.readouterr().out)
    assert "\x1b" not in "".join(printed)
    shown = [{"k": k, "label": "Süd\x1b"} for k in range(3)]
    files = [{"file": f"{k}.csv", "label": "fall", "events": [{"start_s": 1.5}], "windows": shown, "none": []} for k in range(count)]
    assert json.loads("".join(printed)) == {"bundle": "tiny", "model": "int8", "files": files}


def _draw(film: FilmSink, picture: np.ndarray) -> None:
    film.frame(0.0, picture)
    raise ValueError


def test_a_film_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    pytest.importorskip("av")
    pictures = [np.full((32, 48, 3), 60 * k, np.uint8) for k in range(4)]
    with FilmSink(tmp_path / "seen.mp4") as film:
        for k, picture in enumerate(pictures):
            film.notice(Told())
            film.frame(10 + k / 5, picture)
    frames = list(read_frames(Video(tmp_path / "seen.mp4")))
    assert [frame.time for frame in frames] == pytest.approx([0, 0.2, 0.4, 0.6]) and frames[3].image.mean() == pytest.approx(180, abs=5)
    with pytest.raises(ValueError), FilmSink(tmp_path / "broken.mp4") as film:
        _draw(film, pictures[0])
    assert not (tmp_path / "broken.mp4").exists()
    with pytest.raises(UserError, match="no pictures to write"), FilmSink(tmp_path / "empty.mp4"):
        pass
