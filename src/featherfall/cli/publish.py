"""`featherfall publish space | hub`: a bundle for others."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Give a bundle to others: a Hugging Face Space, or a model repository with its card.", no_args_is_help=True)

Target = Annotated[str, typer.Argument(metavar="BUNDLE|RUN", help="A bundle's folder, a run, or one that comes along: wrist, camera.")]
Licence = Annotated[
    str | None,
    typer.Option(metavar="ID", help="Licence it goes out under, e.g. cc-by-nc-4.0. Default: apache-2.0 if all people are simulated."),
]
Private = Annotated[bool, typer.Option("--private", help="Nobody else sees the repository.")]
Update = Annotated[bool, typer.Option("--update", help="Write over a repository that exists.")]
Token = Annotated[str | None, typer.Option(metavar="TOKEN", help="Better: set HF_TOKEN, which no history keeps.")]
Endpoint = Annotated[str | None, typer.Option(metavar="URL", help="Another hub. Default: HF_ENDPOINT, else huggingface.co.")]


Credit = Annotated[
    list[str] | None,
    typer.Option("--credit", metavar="TEXT", help="Whom the card names, as data's and weights' licences want it; several times."),
]


@app.command()
def space(
    target: Target,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the Space's files go: a new or empty folder.")],
    push: Annotated[str | None, typer.Option("--push", metavar="OWNER/NAME", help="Also push them there.")] = None,
    licence: Licence = None,
    private: Private = False,
    update: Update = False,
    token: Token = None,
    endpoint: Endpoint = None,
) -> None:
    """Write the files of a Space that shows the app with this bundle; read them, then push them."""
    from featherfall.publish import hub
    from featherfall.publish.offer import licence_of, read_offer
    from featherfall.publish.space import write_space

    _new(out)
    offer = read_offer(target)
    _tell(out, write_space(offer, licence_of(offer, licence), out))
    if push is not None:
        typer.echo(f"pushed   {hub.push(out, push, 'space', token=token, private=private, update=update, endpoint=endpoint)}")


@app.command(name="hub")
def model(
    target: Target,
    repo: Annotated[str | None, typer.Option("--repo", metavar="OWNER/NAME", help="Where to push.")] = None,
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
        _new(out)
        return _tell(out, hub.write_model(offer, stated, out, repo or "OWNER/NAME", credit or ()))
    assert repo is not None
    with tempfile.TemporaryDirectory() as folder:
        hub.write_model(offer, stated, Path(folder) / "model", repo, credit or ())
        url = hub.push(Path(folder) / "model", repo, "model", token=token, private=private, update=update, endpoint=endpoint)
    typer.echo(f"pushed   {url}")


def _new(out: Path) -> None:
    """Nothing of anybody's is written over."""
    from featherfall.core.errors import UserError

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out {out}: not an empty folder; give another")


def _tell(out: Path, files: list[Path]) -> None:
    size = sum((out / file).stat().st_size for file in files)
    typer.echo(f"wrote    {out}, {len(files)} files, {size / 1e3:,.0f} kB")
    for file in files:
        typer.echo(f"         {file}")
