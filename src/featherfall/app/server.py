"""The app's server: Gradio's pages, the files that they show, the door around all of it."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles

from featherfall.app.media import Shelf
from featherfall.app.models import Model
from featherfall.app.trainings import Trainings
from featherfall.core.errors import UserError

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
TOKEN, FRAMED = "FEATHERFALL_APP_TOKEN", "FEATHERFALL_APP_FRAMED_BY"


@dataclass(frozen=True)
class Settings:
    """How the app was started.

    Attributes:
        host, port: where it listens.
        token: None asks for none; only on loopback.
        most: bytes of an upload.
        minutes: of film that are looked at.
        data: datasets may be taken from below this folder.
        runs: trainings are written below this folder, and reports are shown from it.
        framed: who may show the app in a frame.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    token: str | None = None
    most: int = 200_000_000
    minutes: float = 15.0
    data: Path = Path("data")
    runs: Path = Path("runs")
    framed: str = ""


def need_token(host: str, stated: str | None) -> str | None:
    """The token that an address demands: the stated one, else $FEATHERFALL_APP_TOKEN, else a new one; none on loopback unless stated.

    Raises: `UserError` for one that could be guessed.
    """
    given = stated or os.environ.get(TOKEN) or None
    if given is not None and len(given) < 12:
        raise UserError(f"the token has {len(given)} characters; give at least 12, or leave it out and one is made")
    if given is None and host not in LOOPBACK:
        return secrets.token_urlsafe(18)
    return given


def framed_by() -> str:
    """Sites that may show the app in a frame: $FEATHERFALL_APP_FRAMED_BY; in a Hugging Face Space, its page."""
    return os.environ.get(FRAMED) or ("https://huggingface.co https://*.hf.space" if os.environ.get("SPACE_ID") else "")


def make_app(models: list[Model], settings: Settings, shelf: Shelf, trainings: Trainings) -> Any:
    """The ASGI app. shelf, trainings: closed by their owner at the end."""
    os.environ["GRADIO_TEMP_DIR"] = str(shelf.place())
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["FEATHERFALL_APP_MINUTES"] = str(settings.minutes)
    import gradio as gr

    from featherfall.app.gate import FORM, Gate
    from featherfall.app.live import Live
    from featherfall.app.pages.main import blocks
    from featherfall.app.reports import report
    from featherfall.app.theme import STATIC, css, head, theme

    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    outer.mount("/static-app", StaticFiles(directory=STATIC))

    @outer.get("/media/{key}/{name}")
    def media(key: str, name: str) -> Response:
        file = shelf.find(key, name)
        return FileResponse(file, headers={"cache-control": "private, no-store"}) if file else PlainTextResponse("Not found.", 404)

    @outer.get("/report/{name:path}")
    def page(name: str) -> Response:
        text = report(settings.runs, name)
        rules = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
        return HTMLResponse(text, headers={"content-security-policy": rules}) if text else PlainTextResponse("Not found.", 404)

    live = Live(models)

    @outer.post("/live/{kind}/start")
    def start(kind: str, model: str) -> dict[str, str]:
        return _told(lambda: {"key": live.start(kind, model)})

    @outer.post("/live/{key}/take")
    async def take(key: str, request: Request, t: float = 0.0) -> dict[str, Any]:
        body = await request.body()
        return await run_in_threadpool(_told, lambda: live.take(key, t, body))

    @outer.post("/live/{key}/stop")
    def stop(key: str) -> dict[str, str]:
        live.stop(key)
        return {}

    gr.mount_gradio_app(
        outer,
        blocks(models, settings, shelf, trainings),
        path="",
        server_name=settings.host,
        server_port=settings.port,
        allowed_paths=[],
        max_file_size=settings.most + FORM,  # the gate is first
        show_error=True,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        footer_links=[],
        theme=theme(),
        css=css(),
        head=head(),
    )
    return Gate(outer, settings.most, settings.token, settings.framed)


def _told(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer, or the one line that says why there is none."""
    try:
        return ask()
    except UserError as error:
        return {"error": str(error)}


def serve(models: list[Model], settings: Settings) -> None:
    """Listen until interrupted or ended; nothing of a session is left behind, and what is being trained is stopped."""
    import uvicorn

    signal.signal(signal.SIGTERM, _leave)  # else the server, once closed, would end the process before it has tidied up
    shelf, trainings = Shelf(), Trainings(settings.runs, settings.data)
    try:
        app = make_app(models, settings, shelf, trainings)
        uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", server_header=False, timeout_graceful_shutdown=2)
    except KeyboardInterrupt:
        pass
    finally:
        trainings.close()
        shelf.close()


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)
