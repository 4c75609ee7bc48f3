"""The command line. Functions named `<verb>_command` import their work when they are called, so that --help stays quick."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
from typing import Annotated, NoReturn, TextIO

import typer

from featherfall.cli import runs
from featherfall.cli.app import app_command
from featherfall.cli.bench import bench_command
from featherfall.cli.camera_check import camera_check_command
from featherfall.cli.compare import compare_command
from featherfall.cli.data import data_app
from featherfall.cli.demo import demo_command
from featherfall.cli.list import list_command
from featherfall.cli.predict import predict_command
from featherfall.cli.publish import publish_app
from featherfall.cli.replay import replay_command
from featherfall.cli.sim import sim_command
from featherfall.cli.teach import teach_command
from featherfall.cli.watch import watch_command
from featherfall.core.console import say

# Packages that an optional extra installs, and that are imported only by the commands that need them.
_TRAIN_EXTRA = {"lightning_fabric", "matplotlib", "onnx", "onnxscript", "openpyxl", "pyarrow", "scipy", "tensorboard", "torch"}
_SIM_EXTRA = {"av", "mujoco", "PIL"}

_CLOSED = 1  # exit code when the reader of the output has gone, e.g. `| head`; typer's own
_RESUMABLE = {"demo", "distill", "sim", "train"}  # commands that have --resume
_TERMINATED = 128 + signal.SIGTERM

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
app.command("camera-check")(camera_check_command)
app.command("compare")(compare_command)
app.command("report")(runs.report_command)
app.command("replay")(replay_command)
app.command("sim")(sim_command)
app.command("teach")(teach_command)
app.command("app")(app_command)
app.command("watch")(watch_command)
app.add_typer(publish_app, name="publish")


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False) -> None:
    if version:
        from importlib.metadata import version as version_of

        say(version_of("featherfall"))
        raise typer.Exit


def main() -> None:
    """Run the command line: a user's error is one line on stderr and exit code 2; anything else is a bug (1).

    Interrupted it exits with 130, terminated with 143 (128 + the signal's number), and removes what is half-written.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal of ASCII, e.g. under LANG=C
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(_finish(_run()))


def _run() -> int:
    """Run the command; return the exit code."""
    from featherfall.core.errors import UserError

    try:
        app()
    except UserError as error:
        _complain(str(error))
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in _TRAIN_EXTRA | _SIM_EXTRA:
            raise
        extra = "sim" if name in _SIM_EXTRA else "train"
        _complain(f"this needs {error.name}, which running bundles does not; pip install 'featherfall[{extra}]'")
    except BrokenPipeError:
        return _CLOSED
    except OSError as error:
        _complain(f"{_reason(error)}")
    except MemoryError:
        _complain("not enough memory; give smaller files, or close other programs")
    except SystemExit as leaving:
        notes = {130: "interrupted", _TERMINATED: "terminated"}  # 130: typer's code for Ctrl-C
        if leaving.code in notes:
            _complain(f"{notes[leaving.code]}{_to_go_on()}")
        return leaving.code if isinstance(leaving.code, int) else 1 if leaving.code else 0
    return 2


def _complain(text: str) -> None:
    """Print one line on standard error, unless that cannot be written either."""
    from featherfall.core.console import say

    with contextlib.suppress(OSError, ValueError):
        say(f"featherfall: {text}", error=True)


def _to_go_on() -> str:
    """Return how to go on with a command that resumes; "" for another."""
    return "; run the same command with --resume to go on" if _RESUMABLE & set(sys.argv[1:2]) else ""


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"the disk is full; free some space{_to_go_on()}"
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or type(error).__name__}; correct the path, or look after the disk"


def _finish(code: int) -> int:
    """Write what is left in the buffers, which the interpreter would do with a traceback of its own; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except BrokenPipeError:
            _silence(stream)
        except OSError as error:
            _silence(stream)
            code = 2
            if stream is sys.stdout:
                print(f"featherfall: the output cannot be written ({error.strerror})", file=sys.stderr)
    return code


def _silence(stream: TextIO) -> None:
    """Send what is still in the buffer nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _terminate(*_: object) -> NoReturn:
    raise SystemExit(_TERMINATED)
