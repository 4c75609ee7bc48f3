"""`featherfall watch`: people, their sensors and their alarms, live."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from featherfall.runtime.devices import DeviceNotice


def watch_command(
    config: Annotated[Path | None, typer.Argument(metavar="CONFIG", help="Configuration, YAML.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the configuration's JSON schema, and exit.")] = False,
    once: Annotated[bool, typer.Option("--once", help="End when every source has ended, e.g. recordings.")] = False,
) -> None:
    """Watch people by their worn sensors and cameras, and raise alarms that count down, latch, and clear."""
    from featherfall.core.console import say_json
    from featherfall.core.errors import UserError
    from featherfall.household.config import HouseholdConfig, load_config

    if schema:
        return say_json(HouseholdConfig.model_json_schema())
    if config is None:
        raise UserError("watch: no configuration; name a file, or write one with --init")

    from featherfall.household.process import Household

    household = Household(load_config(config), _tell)
    signal.signal(signal.SIGTERM, lambda *_: household.stopping.set())
    signal.signal(signal.SIGINT, lambda *_: household.stopping.set())
    household.run(until_ended=once)


def _tell(notices: Sequence[DeviceNotice]) -> None:
    from featherfall.core.console import say

    for one in notices:
        what = one.kind if one.is_on else f"no longer {one.kind}"
        say(f"{one.device}: {what}{f' ({one.confidence:.2f})' if one.confidence else ''}{f': {one.reason}' if one.reason else ''}")
    sys.stdout.flush()
