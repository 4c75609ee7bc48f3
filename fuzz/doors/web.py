"""Forms of the app."""

from __future__ import annotations

from pathlib import Path


def form(root: Path, file: Path) -> object:
    """The form of the app's log-in, and the address and headers of a request."""
    import asyncio

    from featherfall.app.gate import Gate
    from featherfall.app.login import Login

    lines = file.read_bytes().split(b"\n")
    lines += [b""] * (5 - len(lines))
    headers = [(b"host", b"localhost:7860"), (b"content-type", b"application/x-www-form-urlencoded")]
    headers += [tuple(line.lower().split(b": ", 1)) for line in lines[2:20] if b": " in line]
    scope = {
        "type": "http",
        "method": "POST" if lines[0] == b"POST" else "GET",
        "path": lines[1].decode("latin-1"),
        "raw_path": lines[1],
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 7860),
        "scheme": "http",
    }

    async def app(*_: object) -> None:
        return

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": lines[-1], "more_body": False}

    async def send(message: object) -> None:
        return

    return asyncio.run(Gate(app, 1000, Login("token"))(scope, receive, send))  # type: ignore[arg-type]


def multipart(root: Path, file: Path) -> object:
    """The form of an upload: its content type in the first line, then its body, in pieces."""
    from python_multipart.multipart import parse_options_header

    from featherfall.app.uploads import BadForm, FormFile

    kind, _, body = file.read_bytes().partition(b"\n")
    options = parse_options_header(kind)[1]
    if b"boundary" not in options:
        raise BadForm
    form = FormFile(options[b"boundary"])
    for start in range(0, len(body), 700):
        form.write(body[start : start + 700])
    return form.name
