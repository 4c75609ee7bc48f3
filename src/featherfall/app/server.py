"""The app's server: Gradio's pages, the files that they show, and the access control around them."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from fastapi.staticfiles import StaticFiles

from featherfall.app.household import HouseholdAnswer, HouseholdLink
from featherfall.app.media import MediaStore
from featherfall.app.models import OfferedModel
from featherfall.app.settings import ServerSettings
from featherfall.app.training_runs import TrainingRuns
from featherfall.core.errors import UserError

HOUSEHOLD_DATA = "household"  # folder of the data folder
_PASSED_ON = {"application/json", "image/jpeg"}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
TOKEN, FRAMED = "FEATHERFALL_APP_TOKEN", "FEATHERFALL_APP_FRAMED_BY"


def need_token(host: str, stated: str | None, behind_proxy: bool = False) -> str | None:
    """Return the token: the stated one, else $FEATHERFALL_APP_TOKEN, else a new one; None on loopback unless stated.

    Arguments:
        behind_proxy: others reach the app through a proxy, although it listens on loopback only.
    Raises: `UserError` for one of fewer than 12 characters, which could be guessed.
    """
    given = stated or os.environ.get(TOKEN) or None
    if given is not None and len(given) < 12:
        raise UserError(f"the token has {len(given)} characters; give at least 12, or leave it out and one is generated")
    if given is None and (behind_proxy or host not in LOOPBACK):
        return secrets.token_urlsafe(18)
    return given


def framed_by() -> str:
    """Return other sites that may show the app in a frame: $FEATHERFALL_APP_FRAMED_BY; in a Hugging Face Space, its page."""
    return os.environ.get(FRAMED) or ("https://huggingface.co https://*.hf.space" if os.environ.get("SPACE_ID") else "")


def make_app(models: list[OfferedModel], settings: ServerSettings, store: MediaStore, runs: TrainingRuns) -> Any:
    """Return the ASGI app. store, runs: closed by the caller at the end."""
    os.environ["GRADIO_TEMP_DIR"] = str(store.uploads)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["FEATHERFALL_APP_MINUTES"] = str(settings.max_minutes)
    import gradio as gr

    from featherfall.app.gate import FORM_BYTES, Gate
    from featherfall.app.login import Login
    from featherfall.app.pages.main import blocks
    from featherfall.app.pages.upload_field import keep_gradio_from_writing
    from featherfall.app.peers import Peers
    from featherfall.app.theme import STATIC, css, head, theme
    from featherfall.app.uploads import add_uploads

    keep_gradio_from_writing()
    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    outer.mount("/static-app", StaticFiles(directory=STATIC))
    _add_files(outer, store, settings.runs)
    _add_live(outer, models)
    if settings.household is not None:
        _add_household(outer, settings.household, settings.data / HOUSEHOLD_DATA)
    add_uploads(outer, store)  # before Gradio's routes, whose place it takes
    gr.mount_gradio_app(
        outer,
        blocks(models, settings, store, runs),
        path="",
        server_name=settings.host,
        server_port=settings.port,
        allowed_paths=[],
        max_file_size=settings.max_upload + FORM_BYTES,  # the gate's own limit applies first
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
    login = None if settings.token is None else Login(settings.token, bool(settings.framed))
    return Peers(Gate(outer, settings.max_upload, login, settings.framed), settings.proxies)


def _add_files(outer: FastAPI, store: MediaStore, runs: Path) -> None:
    """Add the routes of the files that pages show."""
    from featherfall.app.reports import read_report

    @outer.get("/media/{key}/{name}")
    def media(key: str, name: str) -> Response:
        file = store.find(key, name)
        return FileResponse(file, headers={"cache-control": "private, no-store"}) if file else PlainTextResponse("Not found.", 404)

    @outer.get("/report/{name:path}")
    def page(name: str) -> Response:
        text = read_report(runs, name)
        rules = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
        return HTMLResponse(text, headers={"content-security-policy": rules}) if text else PlainTextResponse("Not found.", 404)


def _add_live(outer: FastAPI, models: list[OfferedModel]) -> None:
    """Add the routes of live sources: start, take data, stop."""
    from featherfall.app.live import LiveSessions

    live = LiveSessions(models)

    @outer.post("/live/{kind}/start")
    def start(kind: str, model: str) -> dict[str, str]:
        return _result_or_error(lambda: {"key": live.start(kind, model)})

    @outer.post("/live/{key}/take")
    async def take(key: str, request: Request, t: float = 0.0) -> dict[str, Any]:
        body = await request.body()
        return await run_in_threadpool(_result_or_error, lambda: live.take(key, t, body))

    @outer.post("/live/{key}/stop")
    def stop(key: str) -> dict[str, str]:
        live.stop(key)
        return {}


def _add_household(outer: FastAPI, link: HouseholdLink, data: Path) -> None:
    """Add the routes of the page Live: what it asks, what people order, and a dataset of what they have reviewed."""

    def passed_on(ask: Callable[[], HouseholdAnswer]) -> Response:
        try:
            answer = ask()
        except UserError as error:
            return PlainTextResponse(str(error), 502)
        kind = answer.kind if answer.kind in _PASSED_ON else "text/plain; charset=utf-8"
        return Response(answer.body, answer.status, {"cache-control": "no-store"}, kind)

    @outer.get("/household/ask/{path:path}")
    def ask(path: str) -> Response:
        return passed_on(lambda: link.ask(*path.split("/")[:4]))

    @outer.post("/household/order/{name}")
    async def order(name: str, request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(passed_on, lambda: link.order(name, body))

    @outer.post("/household/dataset")
    def dataset() -> dict[str, Any]:
        return _result_or_error(lambda: {"count": link.save_reviewed(data), "name": data.name})


def _result_or_error(ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the result, or the user's error as plain values."""
    try:
        return ask()
    except UserError as error:
        return {"error": str(error)}


def serve(models: list[OfferedModel], settings: ServerSettings) -> None:
    """Serve until interrupted; then stop trainings and remove the sessions' files."""
    import uvicorn

    signal.signal(signal.SIGTERM, _exit)  # otherwise uvicorn would raise the signal again, before the files are removed
    from featherfall.app.connections import Pace, paced

    store = MediaStore(settings.max_disk, max(settings.max_disk // 4, min(2 * settings.max_upload, settings.max_disk)))
    runs = TrainingRuns(settings.runs, settings.data)
    try:
        uvicorn.run(
            make_app(models, settings, store, runs),
            host=settings.host,
            port=settings.port,
            http=paced(Pace(proxies=settings.proxies)),
            ws="none",
            proxy_headers=False,  # `Peers` takes them from configured proxies only
            log_level="warning",
            server_header=False,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=2,
        )
    except KeyboardInterrupt:
        pass
    finally:
        runs.close()
        store.close()


def _exit(*_: object) -> NoReturn:
    raise SystemExit(0)
