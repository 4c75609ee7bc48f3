"""`featherfall app`: the app in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from featherfall.cli.options import DataFolder
from featherfall.core.console import say

HouseholdOption = Annotated[
    str | None,
    typer.Option(
        metavar="CONFIG|URL",
        help="A household that `featherfall watch` runs, for the page Live: its configuration, or http://HOST:PORT with its token in "
        "$FEATHERFALL_HOUSEHOLD_TOKEN.",
    ),
]
ProxyOption = Annotated[
    list[str] | None,
    typer.Option(metavar="ADDRESS|NET", help="A proxy in front of the app, whose X-Forwarded-For is believed; repeatable."),
]


def app_command(
    targets: Annotated[
        list[Path] | None, typer.Argument(metavar="[BUNDLE|RUN]...", help="Models on offer. Default: the embedded bundles.")
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address; 0.0.0.0: the whole network, with a token.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, metavar="N", help="Port to listen on.")] = 7860,
    token: Annotated[
        str | None,
        typer.Option(envvar="FEATHERFALL_APP_TOKEN", metavar="TEXT", help="Token that network clients must present. Default: generated."),
    ] = None,
    max_upload: Annotated[int, typer.Option(min=1, metavar="MB", help="Largest upload.")] = 200,
    max_disk: Annotated[int, typer.Option(min=1, metavar="MB", help="Uploads and results on disk, of all users together.")] = 2000,
    max_minutes: Annotated[float, typer.Option(min=0.1, metavar="MIN", help="Longest film that is analysed.")] = 15.0,
    data: DataFolder = None,
    runs: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the runs that are trained and reported.")] = Path("runs"),
    household: HouseholdOption = None,
    behind_proxy: ProxyOption = None,
) -> None:
    """Serve the app: analyse films and recordings, live households, train, read reports in a browser."""
    from importlib import import_module

    from featherfall.core.errors import UserError
    from featherfall.core.files import data_folder

    try:
        import_module("gradio")
    except ModuleNotFoundError:
        raise UserError("the app needs Gradio; install it: pip install 'featherfall[app]'") from None
    from featherfall.app.household import HouseholdLink
    from featherfall.app.models import open_models
    from featherfall.app.needs import limits
    from featherfall.app.peers import parse_networks
    from featherfall.app.server import framed_by, need_token, serve
    from featherfall.app.settings import ServerSettings

    if max_disk < max_upload:
        raise UserError(f"--max-disk {max_disk} is less than one upload of --max-upload {max_upload}; give at least that")
    proxies = parse_networks(behind_proxy or ())
    models = open_models(targets or ())
    secret = need_token(host, token, bool(proxies))
    settings = ServerSettings(
        host,
        port,
        secret,
        max_upload=max_upload * 1_000_000,
        max_disk=max_disk * 1_000_000,
        max_minutes=max_minutes,
        data=data_folder(data),
        runs=runs,
        framed=framed_by(),
        proxies=proxies,
        household=HouseholdLink.of(household) if household else None,
    )
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host
    say(f"featherfall app: http://{shown}:{port}")
    if secret is not None:
        say(f"token: {secret}")
    for line in limits([one.kind for one in models]):
        say(f"note: {line}")
    serve(models, settings)
