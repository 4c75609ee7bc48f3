"""The app as it is served: small models, simulated people, a browser where there is one."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tests.household.test_process import write_csv
from tests.runtime.drop import write_camera_bundle
from tests.runtime.tiny import write_bundle

pytest.importorskip("gradio", reason="the app needs Gradio: pip install 'featherfall[app]'")

from featherfall.app.models import OfferedModel, open_models
from featherfall.core.errors import UserError
from featherfall.core.files import write_json
from featherfall.core.recording import Video
from featherfall.runtime.perceive.weights import find_weights
from featherfall.runtime.sinks.film import film_writer
from featherfall.signals.video import read_frames

SAMPLES = Path(__file__).parents[2] / "src" / "featherfall" / "app" / "samples"
FILM, WATCH = SAMPLES / "simulated-fall.mp4", SAMPLES / "simulated-watch.csv"
TOKEN = "a token for tests only"
METRICS = {
    "recipe": "tiny",
    "dataset": "folder",
    "protocol": "2 folds by subject",
    "seeds": [0],
    "positive": "fall",
    "simulated": True,
    "roles": {"int8": {"sensitivity": {"mean": 0.95, "ci95": [0.9, 1.0], "per_seed": [0.95]}}},
    "sizes": {"int8": {"parameters": 1000, "bytes": 4000}},
    "counts": {
        "int8": [
            {
                "falls": 20,
                "hours": 2.0,
                "operating_points": [
                    {"threshold": 0.1, "sensitivity": 1.0, "false_alarms": 9},
                    {"threshold": 0.5, "sensitivity": 0.95, "false_alarms": 3},
                    {"threshold": 0.9, "sensitivity": 0.8, "false_alarms": 0},
                ],
            }
        ]
    },
}


@pytest.fixture(scope="session")
def eyes() -> None:
    """Skips where poses cannot be found."""
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("av")
    try:
        find_weights("movenet_lightning_int8")
    except UserError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def film(eyes: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated fall, five seconds of the sample."""
    path = tmp_path_factory.mktemp("film") / "fall.mp4"
    with film_writer(path) as add:
        for frame in read_frames(Video(FILM), rate=15, between=(1.0, 6.0)):
            add(frame.time, frame.image)
    return path


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A camera's bundle and a run with a watch's, whose figures are known."""
    home = tmp_path_factory.mktemp("models")
    camera = write_camera_bundle(home / "camera", name="camera")
    run = home / "run"
    write_bundle(run / "bundle", name="watch", provenance={"recipe": {"name": "tiny"}})
    write_json(run / "run.json", {"recipe": {"name": "tiny"}, "data": "data"})
    write_json(run / "metrics.json", METRICS)
    return camera, run


@pytest.fixture(scope="session")
def models(bundles: tuple[Path, Path]) -> list[OfferedModel]:
    """Both, opened."""
    return open_models(bundles)


class Served:
    """An app in a process of its own, begun by the command line.

    Attributes:
        url: where it listens.
        temporary: where it keeps what is dropped.
        most: bytes of an upload.
    """

    most = 2_000_000

    def __init__(self, bundles: tuple[Path, Path], home: Path, temporary: Path, *words: str) -> None:
        self.temporary = temporary
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        options = ["--data", str(home / "data"), "--runs", str(home / "runs"), "--max-upload", "2", "--max-minutes", "0.5"]
        command = [sys.executable, "-m", "featherfall.cli", "app", *map(str, bundles), "--port", str(self.port), *options, *words]
        environment = os.environ | {"TMPDIR": str(temporary), "PYTHONWARNINGS": "", "XDG_CACHE_HOME": str(temporary / "cache")}
        self.log = open(temporary / "log.txt", "wb")  # noqa: SIM115 (closed in `close`)
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=subprocess.STDOUT)

    def ready(self) -> Served:
        """Waits until it answers."""
        while True:
            assert self.process.poll() is None, self.said()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self
            time.sleep(0.1)

    def said(self) -> str:
        """What it has printed."""
        return (self.temporary / "log.txt").read_text()

    def close(self, sign: signal.Signals = signal.SIGINT) -> None:
        """As Ctrl-C does; nothing that was dropped stays."""
        self.process.send_signal(sign)
        assert self.process.wait(30) == 0, self.said()
        self.log.close()
        assert not list(self.temporary.glob("featherfall-app-*"))


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, bundles: tuple[Path, Path], tiny: Path) -> Path:
    """A folder with runs (two of them finished) and data."""
    home = tmp_path_factory.mktemp("home")
    for name in ("first", "second"):
        shutil.copytree(bundles[1], home / "runs" / name)
        (home / "runs" / name / "report.html").write_text(f"<!doctype html><h1>report of {name}</h1><script>top.hacked = 1</script>")
    shutil.copytree(tiny, home / "data" / "tiny")
    (home / "secret.txt").write_text("secret")
    return home


@pytest.fixture(scope="session")
def household(film: Path, bundles: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a household with a watch that falls and a camera, which is not running."""
    folder = tmp_path_factory.mktemp("household")
    (folder / "token").write_text(TOKEN)
    write_csv(folder / "fall.csv")
    values = {
        "people": [{"name": "anna", "title": "Anna"}],
        "sources": [
            {"name": "file", "kind": "replay", "path": str(folder / "fall.csv"), "speed": 0},
            {"name": "hall", "kind": "camera", "url": str(film), "person": "anna", "bundle": str(bundles[0]), "threshold": 1.0},
        ],
        "devices": [{"name": "watch", "person": "anna", "source": "file", "bundle": str(bundles[1] / "bundle")}],
        "alarms": {"countdown_s": 600},
        "store": str(folder / "alarms.db"),
        "status": {"port": free_port(), "token": {"file": str(folder / "token")}, "pictures": True},
    }
    write_json(folder / "home.yaml", values)  # JSON is YAML
    return folder / "home.yaml"


@pytest.fixture(scope="session")
def app(bundles: tuple[Path, Path], home: Path, household: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app on loopback."""
    served = Served(bundles, home, tmp_path_factory.mktemp("app"), "--household", str(household))
    yield served.ready()
    served.close()


@pytest.fixture(scope="session")
def guarded(bundles: tuple[Path, Path], home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app with a token."""
    served = Served(bundles, home, tmp_path_factory.mktemp("guarded"), "--token", TOKEN)
    yield served.ready()
    served.close(signal.SIGTERM)


def webcam(path: Path) -> Path:
    """The sample as a browser takes it for a webcam's pictures."""
    import av

    with av.open(str(path), "w", format="yuv4mpegpipe") as out:
        stream = out.add_stream("rawvideo", rate=15)
        stream.width = stream.height = 320
        stream.pix_fmt = "yuv420p"
        for frame in read_frames(Video(FILM), (320, 320), rate=15):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame.image, format="rgb24")))
        out.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium, whose webcam shows a simulated fall again and again.

    Skips where there is none, unless $FEATHERFALL_REQUIRE_BROWSER says that there must be. Closed with its module: its event loop is in
    the way of others'.
    """
    must = os.environ.get("FEATHERFALL_REQUIRE_BROWSER") == "1"
    found = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        found = None
    if found is None:
        (pytest.fail if must else pytest.skip)("no chromium with Playwright here: apt-get install chromium; pip install playwright")
    flags = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--disable-dev-shm-usage"]
    if find_spec("av") is not None:
        flags.append(f"--use-file-for-fake-video-capture={webcam(tmp_path_factory.mktemp('webcam') / 'fall.y4m')}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=flags)
        yield chromium
        chromium.close()
