"""The command line. Functions named `<verb>_command` import their work when they are called, so that --help stays quick."""

from __future__ import annotations

import errno
import sys
from typing import Annotated

import typer

from featherfall.cli import runs
from featherfall.cli.app import app_command
from featherfall.cli.bench import bench_command
from featherfall.cli.data import data_app
from featherfall.cli.demo import demo_command
from featherfall.cli.list import list_command
from featherfall.cli.predict import predict_command
from featherfall.cli.publish import publish_app
from featherfall.cli.sim import sim_command

# Packages that an optional extra installs, and that are imported only by the commands that need them.
_TRAIN_EXTRA = {"lightning_fabric", "matplotlib", "onnx", "onnxscript", "pyarrow", "scipy", "tensorboard", "torch"}
_SIM_EXTRA = {"av", "mujoco", "PIL"}

app = typer.Typer(
    name="featherfall",
    help="Heavy teachers, feather-light students: fall detection and activity recognition small enough for a watch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo_command)
app.add_typer(data_app, name="data")
app.command("list")(list_command)
app.command("distill")(runs.distill_command)
app.command("train")(runs.train_command)
app.command("evaluate")(runs.evaluate_command)
app.command("export")(runs.export_command)
app.command("predict")(predict_command)
app.command("bench")(bench_command)
app.command("compare")(runs.compare_command)
app.command("report")(runs.report_command)
app.command("sim")(sim_command)
app.command("app")(app_command)
app.add_typer(publish_app, name="publish")


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    if version:
        from importlib.metadata import version as version_of

        typer.echo(version_of("featherfall"))
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
        if name not in _TRAIN_EXTRA | _SIM_EXTRA:
            raise
        extra = "sim" if name in _SIM_EXTRA else "train"
        print(f"featherfall: this needs {error.name}, which running bundles does not; pip install 'featherfall[{extra}]'", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print("featherfall: the disk is full; free some space and run the same command with --resume", file=sys.stderr)
        sys.exit(2)
    except SystemExit as leaving:
        if leaving.code == 130:  # typer's code for Ctrl-C
            print("featherfall: interrupted; run the same command with --resume to go on", file=sys.stderr)
        raise
