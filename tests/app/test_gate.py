from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from tests.app.conftest import TOKEN, WATCH, Served

from featherfall.app import gate
from featherfall.app.login import Login
from featherfall.app.server import framed_by, need_token
from featherfall.core.backoff import FREE_TRIES, Backoff
from featherfall.core.errors import UserError


@pytest.fixture(scope="module")
def http(app: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app.url) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../../../etc/passwd",
        "/gradio_api/file=%2e%2e/%2e%2e/etc/passwd",
        "/gradio_api/file=pyproject.toml",
        "/gradio_api/file=http://127.0.0.1:1/secret",
        "/gradio_api/file=http%3A%2F%2F127.0.0.1:1/secret",
        "/gradio_api/proxy=http://127.0.0.1:1/secret",
        "/file=/etc/passwd",
        "/media/x/y",
        "/media/../../etc/passwd",
        "/media/..%2f..%2fetc/passwd",
        "/report/../../secret.txt",
        "/report/..%2f..%2fsecret.txt",
        "/report/%2e%2e%2f%2e%2e%2fsecret.txt",
        "/report/first/../../../secret.txt",
        "/static-app/../server.py",
        "/static-app/..%2fserver.py",
        "/static-app/%2e%2e/server.py",
        "/docs",
    ],
)
def test_nothing_is_served_from_elsewhere(app: Served, path: str) -> None:
    status, body = raw(app, path)
    assert status in (403, 404), path
    assert b"root:" not in body and b"secret" not in body.replace(path.encode(), b"") and b"import" not in body


def raw(app: Served, path: str) -> tuple[int, bytes]:
    """A path as it is written; clients tidy it up."""
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", app.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_files_of_the_runs_folder_and_secrets_by_their_paths(app: Served, home: Path) -> None:
    for path in (home / "secret.txt", home / "runs" / "first" / "metrics.json", app.temporary):
        assert raw(app, f"/gradio_api/file={path}")[0] in (403, 404)


def test_events_refuse_files_that_were_not_dropped_here(http: httpx.Client, home: Path) -> None:
    for file in (
        {"path": str(home / "secret.txt")},
        {"path": "http://127.0.0.1:1/x.csv"},
        {"path": "x", "url": "http://127.0.0.1:1/x.csv"},
    ):
        said = ask(http, 0, [{**file, "meta": {"_type": "gradio.FileData"}}, "Choose for me", "No second model", False])
        assert "process_completed" in said and '"success":false' in said.replace(" ", "") and "secret" not in said.replace("secret.txt", "")


def ask(http: httpx.Client, number: int, data: list[Any]) -> str:
    """What an event of the page answers."""
    http.post("/gradio_api/queue/join", json={"data": data, "fn_index": number, "session_hash": "tests", "trigger_id": None})
    with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": "tests"}, timeout=20) as stream:
        lines = []
        for line in stream.iter_lines():
            lines.append(line)
            if "process_completed" in line:
                break
    return "\n".join(lines)


def test_reports_are_shown_as_they_are_and_may_do_nothing(http: httpx.Client) -> None:
    answer = http.get("/report/first")
    assert answer.status_code == 200 and "report of first" in answer.text
    rules = answer.headers["content-security-policy"]
    assert "default-src 'none'" in rules and rules.endswith("sandbox") and "script" not in rules
    assert http.get("/report/absent").status_code == 404


def test_pages_load_nothing_from_elsewhere(http: httpx.Client) -> None:
    rules = dict(rule.split(" ", 1) for rule in http.get("/").headers["content-security-policy"].split("; "))
    assert all("http" not in sources and "*" not in sources for sources in rules.values())
    assert rules["default-src"] == rules["frame-ancestors"] == "'self'" and rules["object-src"] == "'none'"
    assert "microphone=()" in http.get("/").headers["permissions-policy"]


def test_other_sites_pages_can_do_nothing(http: httpx.Client) -> None:
    for path in ("/live/camera/start?model=camera", "/gradio_api/upload", "/gradio_api/queue/join"):
        assert http.post(path, headers={"origin": "http://evil.example"}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:7860", "LocalHost", "LOCALHOST:7860", "localhost.:7860", "127.0.0.1", "[::1]:7860", "[::1]"])
def test_names_of_this_machine(http: httpx.Client, host: str) -> None:
    assert http.get("/config", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example:7860", "evil.example:7860", "localhost@evil.example", "127.0.0.1.evil.example", "", "["],
)
def test_names_of_others(http: httpx.Client, host: str) -> None:
    assert http.get("/config", headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:{port}", 200),
        ("http://LOCALHOST:{port}", 200),
        ("http://localhost.:{port}", 200),
        ("http://127.0.0.1:{port}", 403),
        ("http://localhost", 403),
        ("http://localhost:1", 403),
        ("http://evil.example", 403),
        ("http://localhost:{port}.evil.example", 403),
        ("http://localhost.evil.example:{port}", 403),
        ("http://evil.example@localhost:{port}", 403),
        ("null", 403),
        ("", 403),
        ("file://", 403),
    ],
)
def test_only_its_own_pages_may_read_what_it_answers(http: httpx.Client, app: Served, origin: str, status: int) -> None:
    headers = {"host": f"localhost:{app.port}", "origin": origin.format(port=app.port)}
    preflight = headers | {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    for answer in (http.get("/config", headers=headers), http.options("/gradio_api/queue/join", headers=preflight)):
        assert answer.status_code in (status, 404 if status == 200 else status)
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_network_address_allows_no_other_origin(guarded: Served) -> None:
    """Gradio's own rule allows any origin, with cookies, where the host is not a name of this machine."""
    answer = httpx.get(
        f"{guarded.url}/config",
        headers={"host": "192.0.2.7:7860", "origin": "http://192.0.2.7:7860", "authorization": f"Bearer {TOKEN}"},
    )
    assert answer.status_code == 200 and not [name for name in answer.headers if name.startswith("access-control-")]
    answer = httpx.get(
        f"{guarded.url}/config", headers={"host": "192.0.2.7", "origin": "http://evil.example", "authorization": f"Bearer {TOKEN}"}
    )
    assert answer.status_code == 403 and not [name for name in answer.headers if name.startswith("access-control-")]


def test_a_proxy_may_change_scheme_and_host() -> None:
    same = gate.is_same_origin
    assert same("https://falls.example", ["falls.example"]) and same("https://falls.example", ["falls.example:443"])
    assert same("https://falls.example", ["127.0.0.1:7860", "falls.example"])
    assert not same("https://falls.example", ["127.0.0.1:7860", ""]) and not same("http://falls.example", ["falls.example:443"])


@pytest.mark.parametrize("origin", ["http://localhost:{port}", "http://evil.example"])
def test_there_are_no_websockets(app: Served, origin: str) -> None:
    lines = [
        "GET /gradio_api/queue/join HTTP/1.1",
        f"Host: localhost:{app.port}",
        f"Origin: {origin.format(port=app.port)}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    with socket.create_connection(("127.0.0.1", app.port), timeout=10) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        assert client.recv(1000).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/component_server", "/gradio_api/process_recording", "/gradio_api/run/predict", "/gradio_api/vibe-edit", "/upload"],
)
def test_what_the_pages_do_not_use_is_closed(http: httpx.Client, path: str) -> None:
    assert http.post(path, files={"files": ("a.csv", b"1")}).status_code == 404


def test_browsers_tell_where_forms_come_from(http: httpx.Client) -> None:
    assert http.get("/").headers["referrer-policy"] == "same-origin"  # with no-referrer, the login form's origin would be "null"


def test_uploads_end_at_the_limit(http: httpx.Client, app: Served) -> None:
    large = b"0" * (app.most + 200_000)
    answer = http.post("/gradio_api/upload", files={"files": ("big.mp4", large)})
    assert (answer.status_code, answer.text) == (413, "The file is too large: at most 2 MB.")

    async def unstated() -> httpx.Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="big.mp4"\r\n\r\n'
            for _ in range(60):
                yield b"0" * 50_000

        async with httpx.AsyncClient(base_url=app.url) as client:
            return await client.post("/gradio_api/upload", content=parts(), headers={"content-type": "multipart/form-data; boundary=x"})

    answer = asyncio.run(unstated())
    assert (answer.status_code, answer.text) == (413, "The file is too large: at most 2 MB.")
    assert http.post("/live/x/take", content=b"0" * (gate.MAX_BODY + 1)).status_code == 413
    assert http.get("/").status_code == 200


def test_names_of_uploads_are_only_names(http: httpx.Client, app: Served) -> None:
    files = {"files": ("../../../evil<b>.csv", WATCH.read_bytes())}
    (path,) = http.post("/gradio_api/upload", files=files).json()
    assert Path(path).is_relative_to(app.temporary) and ".." not in path and "<" not in Path(path).name


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """A whole app: it says the path."""
    await PlainTextResponse(scope["path"])(scope, receive, send)


def through(door: gate.Gate, *requests: tuple[Any, ...], **how: Any) -> list[httpx.Response]:
    """Answers to requests of one client, in order: (method, path, keywords)."""

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://192.0.2.7:7860", **how) as client:
            return [await client.request(method, path, **(rest[0] if rest else {})) for method, path, *rest in requests]

    return asyncio.run(ask())


def test_a_token_is_demanded() -> None:
    door = gate.Gate(echo, 1000, Login(TOKEN))
    for path in ("/", "/config", "/gradio_api/info", "/report/first", "/static-app/view.js", "/media/x/y"):
        assert through(door, ("GET", path))[0].status_code == 401
    assert through(door, ("POST", "/gradio_api/upload", {"content": b"1"}))[0].status_code == 401
    page, form, wrong, guess, bearer = through(
        door,
        ("GET", "/", {"headers": {"accept": "text/html"}}),
        ("GET", "/login"),
        ("POST", "/login", {"data": {"token": "wrong"}}),
        ("GET", "/config", {"headers": {"cookie": "featherfall=guess"}}),
        ("GET", "/config", {"headers": {"authorization": f"Bearer {TOKEN}"}}),
    )
    assert page.status_code == 303 and page.headers["location"] == "/login"
    assert "Token" in form.text and (wrong.status_code, guess.status_code, bearer.status_code) == (401, 401, 200)
    assert "This is not the token" in wrong.text and "set-cookie" not in wrong.headers
    right, known = through(door, ("POST", "/login", {"data": {"token": TOKEN}}), ("GET", "/config"))
    cookie = right.headers["set-cookie"]
    assert right.status_code == 303 and "HttpOnly" in cookie and "SameSite=strict" in cookie and TOKEN not in cookie
    assert known.text == "/config"


def asked(door: gate.Gate, address: str, *requests: tuple[Any, ...]) -> list[httpx.Response]:
    """Answers to requests that come from an address."""

    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(door, client=(address, 1)), base_url="http://192.0.2.7:7860") as client:
            return [await client.request(method, path, **rest) for method, path, rest in requests]

    return asyncio.run(ask())


WRONG = ("POST", "/login", {"data": {"token": "wrong"}})
RIGHT = ("POST", "/login", {"data": {"token": TOKEN}})
WRONG_BEARER = ("GET", "/", {"headers": {"authorization": "Bearer wrong"}})
RIGHT_BEARER = ("GET", "/", {"headers": {"authorization": f"Bearer {TOKEN}"}})


def test_guessing_is_slow_and_ends_nobody_elses_log_in() -> None:
    now = [0.0]
    door = gate.Gate(echo, 1000, Login(TOKEN, backoff=Backoff(lambda: now[0])))
    said = asked(door, "198.51.100.1", *[WRONG] * FREE_TRIES, WRONG, RIGHT, RIGHT_BEARER, WRONG_BEARER)
    assert [one.status_code for one in said] == [401] * FREE_TRIES + [429] * 4
    assert said[-1].headers["retry-after"] == "1" and "Wait 1 second, then try again" in said[FREE_TRIES].text
    for number in range(2, 60):  # however many fail: a right token from elsewhere is accepted at once
        assert {one.status_code for one in asked(door, f"198.51.100.{number}", *[WRONG] * FREE_TRIES)} == {401}
    assert [one.status_code for one in asked(door, "203.0.113.1", RIGHT, RIGHT_BEARER)] == [303, 200]
    assert [one.status_code for one in asked(door, "203.0.113.2", WRONG_BEARER, WRONG, RIGHT_BEARER)] == [401, 401, 200]
    now[0] += 1.0  # and from the failing address, when its wait is over
    assert asked(door, "198.51.100.1", RIGHT)[0].status_code == 303 and asked(door, "198.51.100.1", WRONG)[0].status_code == 401


def test_a_log_in_lasts_while_its_address_waits() -> None:
    door = gate.Gate(echo, 1000, Login(TOKEN))
    (right,) = asked(door, "198.51.100.1", RIGHT)
    cookie = {"headers": {"cookie": right.headers["set-cookie"].partition(";")[0]}}
    *_, late, known = asked(door, "198.51.100.1", *[WRONG] * FREE_TRIES, RIGHT, ("GET", "/config", cookie))
    assert (late.status_code, known.status_code) == (429, 200)
    (again,) = asked(door, "198.51.100.1", ("GET", "/login", cookie))
    assert (again.status_code, again.headers["location"]) == (303, "/")


def test_addresses_of_one_network_wait_together() -> None:
    door = gate.Gate(echo, 1000, Login(TOKEN))
    for number in range(FREE_TRIES):
        assert asked(door, f"2001:db8:1:2::{number}", WRONG)[0].status_code == 401
    assert asked(door, "2001:db8:1:2:ffff::1", RIGHT)[0].status_code == 429
    assert asked(door, "2001:db8:1:3::1", RIGHT)[0].status_code == 303


def test_guesses_at_the_same_time_are_counted() -> None:
    door = gate.Gate(echo, 1000, Login(TOKEN))

    async def ask() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(door, client=("198.51.100.1", 1)), base_url="http://app") as client:
            guesses = [client.post("/login", data={"token": f"guess {number}"}) for number in range(200)]
            return [one.status_code for one in await asyncio.gather(*guesses)]

    assert sorted(asyncio.run(ask())) == [401] * FREE_TRIES + [429] * (200 - FREE_TRIES)


def test_who_may_show_it_in_a_frame() -> None:
    door = gate.Gate(echo, 1000, Login(TOKEN, framed=True), framed="https://huggingface.co")
    answer, right = through(door, ("GET", "/login"), ("POST", "/login", {"data": {"token": TOKEN}}))
    assert "frame-ancestors 'self' https://huggingface.co" in answer.headers["content-security-policy"]
    cookie = right.headers["set-cookie"]
    assert "SameSite=none" in cookie and "Secure" in cookie and "HttpOnly" in cookie


def test_a_space_is_shown_in_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPACE_ID", "FEATHERFALL_APP_FRAMED_BY"):
        monkeypatch.delenv(name, raising=False)
    assert framed_by() == ""
    monkeypatch.setenv("SPACE_ID", "me/falls")
    assert framed_by().startswith("https://huggingface.co")
    monkeypatch.setenv("FEATHERFALL_APP_FRAMED_BY", "https://example.org")
    assert framed_by() == "https://example.org"


def test_which_address_needs_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEATHERFALL_APP_TOKEN", raising=False)
    assert need_token("127.0.0.1", None) is None
    made = need_token("0.0.0.0", None)
    assert made is not None and len(made) >= 20 and made != need_token("0.0.0.0", None)
    assert need_token("127.0.0.1", TOKEN) == TOKEN
    monkeypatch.setenv("FEATHERFALL_APP_TOKEN", "from the environment")
    assert need_token("0.0.0.0", None) == "from the environment"
    with pytest.raises(UserError, match="at least 12"):
        need_token("0.0.0.0", "short")


def test_the_command_line_and_openapi_tell_nothing_of_the_server(http: httpx.Client, home: Path) -> None:
    assert str(home) not in json.dumps(http.get("/gradio_api/info").json())
