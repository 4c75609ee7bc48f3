"""`featherfall watch`: people, their sensors and their alarms, live; or one recording as if it were."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from featherfall.household.process import Household
    from featherfall.runtime.alarm import AlarmMessage

_REFRESH = 2.0  # times a second that the terminal is drawn


def watch_command(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="CONFIG | BUNDLE SOURCE", help="A configuration (YAML); or a bundle and one source, e.g. a file or a URL."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="End when every source has ended, e.g. recordings.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of the live view of a terminal.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the configuration's JSON schema.")] = False,
    init: Annotated[bool, typer.Option("--init", help="Ask a few questions and write CONFIG.")] = False,
    unit: Annotated[bool, typer.Option("--systemd", help="Print a systemd unit for CONFIG.")] = False,
) -> None:
    """Watch people by worn sensors and cameras; alarms count down, latch, and clear when somebody gets up."""
    from featherfall.core.console import say, say_json
    from featherfall.core.errors import UserError

    if schema:
        from featherfall.household.config import HouseholdConfig

        return say_json(HouseholdConfig.model_json_schema())
    if not what:
        raise UserError("watch: name a configuration; `featherfall watch --init home.yaml` writes one")
    if len(what) > 2:
        raise UserError("watch: give a configuration, or a bundle and one source")
    if len(what) == 2:
        return _watch_one(*what)
    if init or unit:
        from featherfall.household.first import unit_text, write_first

        if unit:
            return say(*unit_text(Path(what[0])).splitlines())
        write_first(Path(what[0]), lambda question, default: typer.prompt(question, default=default))
        return say(f"written: {what[0]}; start it with: featherfall watch {what[0]}")
    _watch_household(Path(what[0]), once, plain or not sys.stdout.isatty())


def _watch_household(path: Path, once: bool, plain: bool) -> None:
    from featherfall.household.config import load_config
    from featherfall.household.process import Household
    from featherfall.household.serve import serve_status

    config = load_config(path)
    if not plain:
        return _watch_live(Household, config, once)
    told = any(sink.kind == "console" for sink in config.sinks)  # it prints the messages itself
    household = Household(config, (lambda _: None) if told else _say_message)
    _stop_by_signal(household)
    with serve_status(household):
        household.run(until_ended=once)


def _watch_live(make: type[Household], config: object, once: bool) -> None:
    """Watch with the terminal's live view."""
    import threading

    from rich.live import Live

    from featherfall.core.rich_console import SafeConsole
    from featherfall.household.config import HouseholdConfig
    from featherfall.household.serve import serve_status
    from featherfall.household.view import HouseholdView

    assert isinstance(config, HouseholdConfig)
    view = HouseholdView()
    quiet = config.model_copy(update={"sinks": [one for one in config.sinks if one.kind != "console"]})  # the view shows its lines
    household = make(quiet, view.hear)
    _stop_by_signal(household)
    with serve_status(household), Live(console=SafeConsole(), refresh_per_second=_REFRESH, get_renderable=lambda: view.render(household)):
        thread = threading.Thread(target=household.run, kwargs={"until_ended": once})
        thread.start()
        thread.join()


def _stop_by_signal(household: Household) -> None:
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: household.stopping.set())


def _say_message(message: AlarmMessage) -> None:
    from featherfall.core.console import say

    say(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(message.time))}  {message.text}")


def _watch_one(bundle: str, source: str) -> None:
    """Print the notices of one source."""
    from featherfall.api.watch import watch

    for _ in watch(bundle, source, sinks=["console"]):
        pass
