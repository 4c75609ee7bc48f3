from __future__ import annotations

import io
from pathlib import Path

import httpx
import numpy as np
import pytest
from tests.app.conftest import FILM, WATCH, Served

from featherfall.app import live
from featherfall.app.live import LiveMotion, LiveSessions
from featherfall.app.models import OfferedModel
from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.runtime.sources.csv import read_csv
from featherfall.signals.video import read_frames

GRAVITY = 9.80665


def phone_rows() -> np.ndarray:
    """(N, 7): the simulated watch as a phone would give it."""
    table = np.loadtxt(WATCH, delimiter=",", skiprows=1)
    return np.c_[table[:, 0], GRAVITY * table[:, 1:4], np.zeros((len(table), 3))]


def text(rows: np.ndarray) -> bytes:
    return "\n".join(",".join(f"{value:.5f}" for value in row) for row in rows).encode()


def test_a_phones_motion_second_by_second_gives_what_the_whole_file_gives(models: list[OfferedModel]) -> None:
    watch = models[1]
    source, rows = LiveMotion(watch), phone_rows()
    for second in range(int(rows[-1, 0]) + 1):
        said = source.take(0.0, text(rows[(rows[:, 0] >= second) & (rows[:, 0] < second + 1)]))
    whole = watch.bundle.predict(read_csv(WATCH, watch.manifest.inputs))
    (event,) = whole.events
    (told,) = said["line"]["events"]
    assert told["facts"]["start_s"] == pytest.approx(event.start_s + rows[0, 0], abs=0.05)
    assert told["confidence"] == pytest.approx(event.confidence, abs=0.02)
    assert max(said["line"]["signal"]["v"]) > 3 and said["line"]["threshold"] == 0.5


def test_what_a_phone_brings_is_checked(models: list[OfferedModel]) -> None:
    for body, why in (
        (b"1,2,3", "a phone's rows"),
        (b"x" * 50, "a phone's rows"),
        (b"0,1,2,nan,0,0,0", "should be numbers"),
        (b"\xff\xfe", "rows"),
    ):
        with pytest.raises(UserError, match=why):
            LiveMotion(models[1]).take(0.0, body)
    source = LiveMotion(models[1])
    rows = phone_rows()
    rows[:, 1:4] /= GRAVITY * 4
    with pytest.raises(UserError, match="gravity"):
        source.take(0.0, text(rows))
    assert LiveMotion(models[1]).take(0.0, b"")["line"]["events"] == []
    with pytest.raises(UserError, match="limited to an hour"):
        LiveMotion(models[1]).take(0.0, b"0,0,0,9.8,0,0,0\n4000,0,0,9.8,0,0,0")


def test_a_model_that_needs_more_than_a_phone_has(models: list[OfferedModel], tmp_path: Path) -> None:
    from tests.runtime.tiny import INPUT, write_bundle

    from featherfall.app.models import open_models

    path = write_bundle(tmp_path / "more", inputs=[INPUT, {"name": "skeleton", "unit": "m", "channels": ["x", "y", "z"]}])
    with pytest.raises(UserError, match="needs 'skeleton', which a phone's browser does not give"):
        LiveMotion(open_models([path])[0])


def jpeg(image: np.ndarray) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG")
    return out.getvalue()


def test_a_webcam_over_http(app: Served, eyes: None) -> None:
    with httpx.Client(base_url=app.url, timeout=20) as client:
        key = client.post("/live/camera/start", params={"model": "camera"}).json()["key"]
        falls = []
        for frame in read_frames(Video(FILM), rate=15, between=(0, 6)):
            said = client.post(f"/live/{key}/take", params={"t": frame.time}, content=jpeg(frame.image)).json()
            assert "error" not in said, said
            if said["wanted"]:
                falls = said["line"]["events"] or falls
        assert said["people"] and len(said["people"][0]) == 2 + 51 and len(falls) == 1
        for body, t, why in (
            (b"no picture", 7.0, "no JPEG"),
            (jpeg(np.zeros((8, 1300, 3), np.uint8)), 8.0, "1280 pixels"),
            (b"", 1.0, "went back"),
        ):
            assert why in client.post(f"/live/{key}/take", params={"t": t}, content=body).json()["error"]
        client.post(f"/live/{key}/stop")
        assert "has ended" in client.post(f"/live/{key}/take", params={"t": 9.0}).json()["error"]
        assert "no open model" in client.post("/live/camera/start", params={"model": "watch"}).json()["error"]
        assert "no open model" in client.post("/live/nothing/start", params={"model": "watch"}).json()["error"]


def test_at_most_some_at_once_and_the_silent_are_forgotten(models: list[OfferedModel], monkeypatch: pytest.MonkeyPatch) -> None:
    sources = LiveSessions(models)
    keys = [sources.start("motion", "watch") for _ in range(live.MAX_SESSIONS)]
    with pytest.raises(UserError, match="are watched already"):
        sources.start("motion", "watch")
    sources.stop(keys[0])
    sources.start("motion", "watch")
    monkeypatch.setattr(live, "SESSION_TIMEOUT_S", -1.0)
    sources.start("motion", "watch")
    with pytest.raises(UserError, match="has ended"):
        sources.take(keys[1], 0.0, b"")


def test_windows_that_are_not_complete_are_not_judged(models: list[OfferedModel]) -> None:
    """Cut after the impact but before the window around it has ended; the rest comes later, and nothing is judged twice."""
    watch, rows = models[1], phone_rows()
    (event,) = watch.bundle.predict(read_csv(WATCH, watch.manifest.inputs)).events
    source, end = LiveMotion(watch), event.raised_s + rows[0, 0]
    early, late = rows[rows[:, 0] < end - 0.2], rows[(rows[:, 0] >= end - 0.2) & (rows[:, 0] < end + 0.3)]
    assert early[-1, 0] > event.start_s + rows[0, 0]
    assert source.take(0.0, text(early))["line"]["events"] == []
    first = source.take(0.0, text(late))["line"]
    assert len(first["events"]) == 1
    assert source.take(0.0, b"")["line"]["curves"] == first["curves"]


def test_pictures_of_a_webcam_that_are_damaged_or_lie_about_their_size() -> None:
    """Pillow raised an error of its own for the second kind, and warned of the first on the server's terminal."""
    whole = jpeg(np.zeros((24, 32, 3), np.uint8))
    assert live._picture(whole).shape == (24, 32, 3)
    head = whole.index(b"\xff\xc0")
    huge = whole[: head + 5] + b"\xff\xff\xff\xff" + whole[head + 9 :]
    exif = whole[:2] + b"\xff\xe1\x00\x12Exif\0\0II*\0\xff\xff\xff\x7f\0\0" + whole[2:]
    for body, told in ((huge, "too large"), (whole[: len(whole) // 2], "no JPEG"), (b"\xff\xd8\xff", "no JPEG"), (b"", "no JPEG")):
        with pytest.raises(UserError, match=told):
            live._picture(body)
    assert live._picture(exif).shape == (24, 32, 3)
