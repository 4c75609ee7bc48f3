"""`featherfall app`: the page in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def app(
    targets: Annotated[
        list[Path] | None, typer.Argument(metavar="[BUNDLE|RUN]...", help="Models to look with. Default: those that ship with the package.")
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="0.0.0.0: the whole network, with a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="N", help="Where it listens.")] = 7860,
    token: Annotated[
        str | None,
        typer.Option(envvar="FEATHERFALL_APP_TOKEN", metavar="TEXT", help="Who comes over the network must show it. Default: made."),
    ] = None,
    max_upload: Annotated[int, typer.Option(min=1, metavar="MB", help="Largest file that is taken.")] = 200,
    max_minutes: Annotated[float, typer.Option(min=0.1, metavar="MIN", help="Longest film that is looked at.")] = 15.0,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Datasets to train on lie below it. Default: $FEATHERFALL_REAL_DATA.")
    ] = None,
    runs: Annotated[Path, typer.Option(metavar="DIR", help="Trainings are written below it, and reports shown from it.")] = Path("runs"),
) -> None:
    """Open the app in a browser: look at films and recordings, train, read reports."""
    from importlib import import_module

    from featherfall.core.errors import UserError
    from featherfall.core.files import data_folder

    try:
        import_module("gradio")
    except ModuleNotFoundError:
        raise UserError("the app needs Gradio; install it: pip install 'featherfall[app]'") from None
    from featherfall.app.models import open_models
    from featherfall.app.server import Settings, framed_by, need_token, serve

    models = open_models(targets or ())
    secret = need_token(host, token)
    settings = Settings(host, port, secret, max_upload * 1_000_000, max_minutes, data_folder(data), runs, framed_by())
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host
    typer.echo(f"featherfall app: http://{shown}:{port}")
    if secret is not None:
        typer.echo(f"token: {secret}")
    serve(models, settings)
