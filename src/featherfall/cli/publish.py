"""`featherfall publish space | hub`: publish a bundle."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from featherfall.core.console import say

publish_app = typer.Typer(help="Publish a bundle: a Hugging Face Space, or a model repository with its card.", no_args_is_help=True)

Target = Annotated[
    str, typer.Argument(metavar="BUNDLE|RUN", help="A bundle's folder, a run, or an embedded bundle: wrist, camera, picture.")
]
Licence = Annotated[
    str | None,
    typer.Option(metavar="ID", help="Licence of the bundle, e.g. cc-by-nc-4.0. Default: apache-2.0 if all people are simulated."),
]
Private = Annotated[bool, typer.Option("--private", help="Make the repository private.")]
Update = Annotated[bool, typer.Option("--update", help="Overwrite an existing repository.")]
Token = Annotated[str | None, typer.Option(metavar="TOKEN", help="Access token. Prefer HF_TOKEN, which stays out of the shell's history.")]
Endpoint = Annotated[str | None, typer.Option(metavar="URL", help="Another hub. Default: HF_ENDPOINT, else huggingface.co.")]
Credit = Annotated[
    list[str] | None,
    typer.Option("--credit", metavar="TEXT", help="Attribution that the licences of data and weights require; may be repeated."),
]


@publish_app.command("space")
def space_command(
    target: Target,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the Space's files, new or empty.")],
    push: Annotated[str | None, typer.Option("--push", metavar="OWNER/NAME", help="Also push them to this Space.")] = None,
    licence: Licence = None,
    private: Private = False,
    update: Update = False,
    token: Token = None,
    endpoint: Endpoint = None,
) -> None:
    """Write the files of a Space that shows the app with this bundle, and optionally push them."""
    from featherfall.publish import hub
    from featherfall.publish.offer import licence_of, read_offer
    from featherfall.publish.space import write_space

    _check_empty(out)
    offer = read_offer(target)
    _print_files(out, write_space(offer, licence_of(offer, licence), out))
    if push is not None:
        say(f"pushed   {hub.push(out, push, 'space', token=token, private=private, update=update, endpoint=endpoint)}")


@publish_app.command("hub")
def hub_command(
    target: Target,
    repo: Annotated[str | None, typer.Option("--repo", metavar="OWNER/NAME", help="Repository to push to.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Only write what would be pushed: a new or empty folder.")
    ] = None,
    licence: Licence = None,
    credit: Credit = None,
    private: Private = False,
    update: Update = False,
    token: Token = None,
    endpoint: Endpoint = None,
) -> None:
    """Push a bundle and its model card, in one commit."""
    from featherfall.core.errors import UserError
    from featherfall.publish import hub
    from featherfall.publish.offer import licence_of, read_offer

    if (repo is None) == (out is None):
        raise UserError("give either --repo OWNER/NAME, to push, or --out DIR, to see what would be pushed")
    offer = read_offer(target)
    stated = licence_of(offer, licence)
    if out is not None:
        _check_empty(out)
        return _print_files(out, hub.write_model(offer, stated, out, repo or "OWNER/NAME", credit or ()))
    assert repo is not None
    with tempfile.TemporaryDirectory() as folder:
        hub.write_model(offer, stated, Path(folder) / "model", repo, credit or ())
        url = hub.push(Path(folder) / "model", repo, "model", token=token, private=private, update=update, endpoint=endpoint)
    say(f"pushed   {url}")


def _check_empty(out: Path) -> None:
    """Raise `UserError` where `out` is not a new or empty folder."""
    from featherfall.core.errors import UserError

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out {out}: not an empty folder; give another")


def _print_files(out: Path, files: list[Path]) -> None:
    size = sum((out / file).stat().st_size for file in files)
    say(f"wrote    {out}, {len(files)} files, {size / 1e3:,.0f} kB")
    for file in files:
        say(f"         {file}")
