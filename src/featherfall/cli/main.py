"""featherfall's command line. Each verb's work is imported when it is called, so that --help stays quick."""

from __future__ import annotations

import errno
import sys
from typing import Annotated

import typer

from featherfall.cli import bench, data, demo, predict, publish, runs, sim
from featherfall.cli.app import app as browser
from featherfall.cli.list import list_

TRAIN_EXTRA = {"lightning_fabric", "matplotlib", "onnx", "onnxscript", "pyarrow", "scipy", "tensorboard", "torch"}
SIM_EXTRA = {"av", "mujoco", "PIL"}

app = typer.Typer(
    name="featherfall",
    help="Heavy teachers, feather-light students: fall detection and activity recognition small enough for a watch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(demo.demo)
app.add_typer(data.app, name="data")
app.command("list")(list_)
app.command()(runs.distill)
app.command()(runs.train)
app.command()(runs.evaluate)
app.command()(runs.export)
app.command()(predict.predict)
app.command()(bench.bench)
app.command()(runs.compare)
app.command()(runs.report)
app.command()(sim.sim)
app.command("app")(browser)
app.add_typer(publish.app, name="publish")


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Show the version and leave.")] = False) -> None:
    if version:
        from importlib.metadata import version as of

        typer.echo(of("featherfall"))
        raise typer.Exit


def main() -> None:
    """Run the command line: a user's error is one line on stderr and exit code 2; anything else is a bug (1)."""
    from featherfall.core.errors import UserError

    try:
        app()
    except UserError as error:
        print(f"featherfall: {error}", file=sys.stderr)
        sys.exit(2)
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in TRAIN_EXTRA | SIM_EXTRA:
            raise
        extra = "sim" if name in SIM_EXTRA else "train"
        print(f"featherfall: this needs {error.name}, which running bundles does not; pip install 'featherfall[{extra}]'", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print("featherfall: the disk is full; free some space and run the same command with --resume", file=sys.stderr)
        sys.exit(2)
    except SystemExit as leaving:
        if leaving.code == 130:  # what typer makes of Ctrl-C
            print("featherfall: interrupted; run the same command with --resume to go on", file=sys.stderr)
        raise
