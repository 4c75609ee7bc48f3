from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from tests.app.conftest import TOKEN, WATCH, Served

from featherfall.app import gate
from featherfall.app.server import framed_by, need_token
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
    assert http.get("/", headers={"host": "evil.example"}).status_code == 403
    assert http.get("/", headers={"host": "localhost.evil.example:7860"}).status_code == 403
    assert http.get("/", headers={"host": "localhost:7860"}).status_code == 200
    for path in ("/live/camera/start?model=camera", "/gradio_api/upload", "/gradio_api/queue/join"):
        assert http.post(path, headers={"origin": "http://evil.example"}).status_code == 403


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
    door = gate.Gate(echo, 1000, TOKEN)
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


def test_guessing_is_slow() -> None:
    door = gate.Gate(echo, 1000, TOKEN)
    guesses = [("POST", "/login", {"data": {"token": f"guess {k}"}}) for k in range(gate.MAX_WRONG_TOKENS + 1)]
    *said, late, bearer = through(
        door, *guesses, ("POST", "/login", {"data": {"token": TOKEN}}), ("GET", "/", {"headers": {"authorization": f"Bearer {TOKEN}"}})
    )
    assert [one.status_code for one in said] == [401] * gate.MAX_WRONG_TOKENS + [429] and bearer.status_code == 401
    assert late.status_code == 429 and late.headers["retry-after"] == "60" and "Wait a minute" in late.text


def test_who_may_show_it_in_a_frame() -> None:
    door = gate.Gate(echo, 1000, TOKEN, framed="https://huggingface.co")
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


def test_guessing_from_many_addresses_is_slow() -> None:
    """Five addresses' wrong tokens are too many together, whoever asks next and however."""
    door = gate.Gate(echo, 1000, TOKEN)

    def asked(address: str, *requests: tuple[Any, ...]) -> list[int]:
        async def ask() -> list[int]:
            transport = httpx.ASGITransport(door, client=(address, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://192.0.2.7:7860") as client:
                return [(await client.request(method, path, **rest)).status_code for method, path, rest in requests]

        return asyncio.run(ask())

    wrong = ("POST", "/login", {"data": {"token": "wrong"}})
    right = ("GET", "/", {"headers": {"authorization": f"Bearer {TOKEN}"}})
    for number in range(5):
        last = number == 4
        assert asked(f"198.51.100.{number}", *[wrong] * (gate.MAX_WRONG_TOKENS - last)) == [401] * (gate.MAX_WRONG_TOKENS - last)
    assert asked("203.0.113.1", right) == [200]  # one less than too many
    assert asked("203.0.113.2", wrong, right, wrong) == [401, 401, 429]
