"""Uploads by HTTP to the running app: whatever is sent, nothing stays that is not needed, and the disk is not filled."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.app.conftest import WATCH, Served

MB = 1_000_000
MAX_DISK, SHARE = 6 * MB, 4 * MB  # `--max-disk 6` with `--max-upload 2`: an address may have two uploads


@pytest.fixture(scope="module")
def small(bundles: tuple[Path, Path], home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app with little space."""
    served = Served(bundles, home, tmp_path_factory.mktemp("small"), "--max-disk", "6", "--behind-proxy", "127.0.0.1", "--token", "t" * 12)
    yield served.ready()
    served.close()


@pytest.fixture
def http(small: Served) -> Iterator[httpx.Client]:
    with client(small) as http:
        yield http


def client(served: Served, address: str = "192.0.2.1") -> httpx.Client:
    headers = {"x-forwarded-for": address, "authorization": "Bearer " + "t" * 12}
    return httpx.Client(base_url=served.url, headers=headers, timeout=30)


def kept(served: Served) -> list[Path]:
    """Files of users on disk, whole or in part, wherever they were put."""
    while True:
        with contextlib.suppress(FileNotFoundError):  # a folder went while it was being listed
            return [path for path in served.temporary.glob("featherfall-app-*/**/*") if path.is_file() and "samples" not in path.parts]


def size(served: Served) -> int:
    """Bytes of users on disk; a refused upload may go between being listed and being measured."""
    found = 0
    for path in kept(served):
        with contextlib.suppress(FileNotFoundError):
            found += path.stat().st_size
    return found


def wait_for(what: Callable[[], Any], seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def send(http: httpx.Client, name: str, content: bytes) -> httpx.Response:
    return http.post("/gradio_api/upload", files={"files": (name, content)})


def analyse(http: httpx.Client, path: str, session: str) -> str:
    """Start the analysis of an uploaded file, as the page does; return what it answers."""
    config = http.get("/config").json()
    fns = config["dependencies"]
    number = next(one["id"] for one in fns if any(target[1] == "upload" for target in one["targets"]))
    inputs = next(one for one in fns if one["id"] == number)["inputs"]
    file = {"path": path, "orig_name": Path(path).name, "meta": {"_type": "gradio.FileData"}}
    shown = {one["id"]: one for one in config["components"]}
    data = [file if shown[k]["type"] == "file" else shown[k]["props"].get("value") for k in inputs]
    http.post("/gradio_api/queue/join", json={"data": data, "fn_index": number, "session_hash": session, "trigger_id": None})
    lines = []
    with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as stream:
        for line in stream.iter_lines():
            lines.append(line)
            if "process_completed" in line:
                break
    return "\n".join(lines)


def test_an_accepted_upload_goes_with_its_analysis(http: httpx.Client, small: Served) -> None:
    (path,) = send(http, "mine.csv", WATCH.read_bytes()).json()
    assert Path(path).read_bytes() == WATCH.read_bytes()
    assert "One possible fall" in analyse(http, path, "accepted")
    assert wait_for(lambda: not Path(path).parent.exists())
    assert sorted(one.name for one in kept(small)) == ["mine-events.csv", "mine-events.json"]
    assert "is not here any more; choose it again" in analyse(http, path, "accepted again")
    with http.stream("GET", "/gradio_api/heartbeat/accepted") as page:  # closing the page ends the session
        next(page.iter_lines())
    assert wait_for(lambda: not kept(small)), kept(small)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("bad.csv", b"a,b\n1,2\n", "bad.csv"),
        ("bad.mp4", b"no film\n" * 99, "not a film"),
        ("bad.exe", b"MZ", "neither a film"),
        ("empty.csv", b"", "empty.csv"),
    ],
)
def test_a_refused_upload_goes_at_once(http: httpx.Client, small: Served, name: str, content: bytes, why: str) -> None:
    (path,) = send(http, name, content).json()
    assert why in analyse(http, path, f"refused {name}")
    assert wait_for(lambda: not kept(small)), kept(small)


def test_an_interrupted_upload_goes_at_once(small: Served) -> None:
    head = (
        "POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.9\r\n"
        f"Authorization: Bearer {'t' * 12}\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 1900000\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="half.mp4"\r\n\r\n'
    )
    for _ in range(8):  # more than the space of the address, if one stayed
        with socket.create_connection(("127.0.0.1", small.port)) as connection:
            connection.sendall(head.encode() + bytes(900_000))
            assert wait_for(lambda: size(small) > 500_000)
        assert wait_for(lambda: not kept(small)), kept(small)


def test_many_small_ones(http: httpx.Client, small: Served) -> None:
    answers = [send(http, f"{number}.csv", b"1") for number in range(12)]
    codes = [one.status_code for one in answers]
    assert codes == [200] * 4 + [507] * 8 and "files of your address already use the 4 MB" in answers[-1].text
    with client(small, "2001:db8::1") as other:  # somebody else still has space, an address of the same network counts with it
        assert send(other, "x.csv", b"1").status_code == 200
        with client(small, "2001:db8::2") as same:
            assert [send(same, "x.csv", b"1").status_code for _ in range(2)] == [200, 507]
        for answer in answers[:4]:
            assert "empty" in analyse(http, answer.json()[0], "small") or wait_for(lambda: True)
        assert wait_for(lambda: len(kept(small)) == 2), kept(small)
        remove(small, other)


def remove(served: Served, http: httpx.Client) -> None:
    """Let the app remove what was uploaded, by looking at it."""
    for path in kept(served):
        analyse(http, str(path), f"end of {path.parent.name}")
    assert wait_for(lambda: not kept(served)), kept(served)


def test_many_at_once_stay_below_the_limits(small: Served) -> None:
    most = 0

    def one(number: int) -> int:
        with client(small, f"198.51.100.{number % 4}") as http:
            return send(http, f"{number}.mp4", bytes(1_900_000)).status_code

    with ThreadPoolExecutor(16) as pool:
        waiting = [pool.submit(one, number) for number in range(16)]
        while not all(task.done() for task in waiting):
            most = max(most, size(small))
            time.sleep(0.02)
    codes = [task.result() for task in waiting]
    assert set(codes) == {200, 507} and 1 <= codes.count(200) <= 3
    assert most <= MAX_DISK and size(small) == 1_900_000 * codes.count(200)
    with client(small) as http:
        remove(small, http)
        assert send(http, "x.mp4", bytes(1_900_000)).status_code == 200
        remove(small, http)


def test_a_huge_one(http: httpx.Client, small: Served) -> None:
    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="big.mp4"\r\n\r\n'
        for _ in range(400):
            yield bytes(100_000)

    answer = http.post("/gradio_api/upload", content=body(), headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 413 and answer.text == "The file is too large: at most 2 MB."
    assert wait_for(lambda: not kept(small)), kept(small)


FORM = {"content-type": "multipart/form-data; boundary=x"}
PART = b'--x\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n%s\r\n'


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b"1"),
        ({"content-type": "multipart/form-data"}, PART % (b"a.csv", b"1") + b"--x--\r\n"),
        (FORM, b""),
        (FORM, b"no form at all"),
        (FORM, PART % (b"a.csv", b"1")),
        (FORM, PART % (b"a.csv", b"1") + PART % (b"b.csv", b"2") + b"--x--\r\n"),
        (FORM, b'--x\r\nContent-Disposition: form-data; name="files"\r\n\r\n1\r\n--x--\r\n'),
        (FORM, b"--x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n1\r\n--x--\r\n"),
    ],
)
def test_what_is_no_form_with_one_file(http: httpx.Client, small: Served, headers: dict[str, str], body: bytes) -> None:
    answer = http.post("/gradio_api/upload", content=body, headers=headers)
    assert answer.status_code == 400 and "Send one file" in answer.text
    assert wait_for(lambda: not kept(small)), kept(small)


@pytest.mark.parametrize(
    "name", ["../../../evil.csv", "..\\..\\evil.csv", "/etc/evil.csv", "a\x00b.csv", "..", ".", "x" * 500 + ".csv", "ü<b>.csv", " "]
)
def test_names_are_only_names(http: httpx.Client, small: Served, name: str) -> None:
    answer = http.post("/gradio_api/upload", content=PART % (name.encode(), b"1") + b"--x--\r\n", headers=FORM)
    path = Path(answer.json()[0])
    assert path.parent.parent.name == "uploads" and path.is_relative_to(small.temporary) and path.read_text() == "1"
    assert len(path.name.encode()) < 256 and not set(path.name) & set("/\\<>\0")
    remove(small, http)


def test_equal_files_of_two_users_are_two(http: httpx.Client, small: Served) -> None:
    first, second = (Path(send(http, "mine.csv", WATCH.read_bytes()).json()[0]) for _ in range(2))
    assert "One possible fall" in analyse(http, str(first), "first")
    assert wait_for(lambda: not first.exists()) and second.read_bytes() == WATCH.read_bytes()
    assert "One possible fall" in analyse(http, str(second), "second")
    for session in ("first", "second"):
        with http.stream("GET", f"/gradio_api/heartbeat/{session}") as page:
            next(page.iter_lines())
    assert wait_for(lambda: not kept(small)), kept(small)


def test_the_page_is_told_how_much_has_arrived(http: httpx.Client, small: Served) -> None:
    def body() -> Iterator[bytes]:
        yield (PART % (b"slow.csv", b"1" * 1000)).removesuffix(b"\r\n")
        time.sleep(1.5)
        yield b"2" * 500 + b"\r\n--x--\r\n"

    with ThreadPoolExecutor(1) as pool, client(small) as other:
        sent = pool.submit(lambda: other.post("/gradio_api/upload?upload_id=mine", content=body(), headers=FORM))
        with http.stream("GET", "/gradio_api/upload_progress", params={"upload_id": "mine"}) as stream:
            news = [json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line]
        assert sent.result().status_code == 200
    assert news[0] == {"msg": "update", "orig_name": "slow.csv", "chunk_size": 1000} and news[-1] == {"msg": "done"}
    remove(small, http)


def test_gradio_fetches_nothing_for_clients(http: httpx.Client, small: Served) -> None:
    assert '"success":false' in analyse(http, "https://example.com/", "fetch").replace(" ", "") or not kept(small)
    assert not kept(small)
