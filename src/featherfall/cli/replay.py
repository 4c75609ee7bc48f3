"""`featherfall replay`: what a household would have had with another model or threshold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from featherfall.cli.options import JsonFlag


def replay_command(
    store: Annotated[
        str,
        typer.Argument(
            metavar="STORE|CONFIG",
            help="File of the household's alarms, postgresql://USER@HOST/NAME, or the household's configuration (YAML), whose store and "
            "settings of alarms are taken.",
        ),
    ],
    bundle: Annotated[str, typer.Option(metavar="BUNDLE", help="The other model: a bundle's folder, a run, or an embedded one.")] = "wrist",
    threshold: Annotated[float | None, typer.Option(min=0.0, max=1.0, help="The other threshold. Default: the bundle's own.")] = None,
    days: Annotated[float, typer.Option(min=0.001, max=3650.0, help="Only the last days.")] = 30.0,
    dataset: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Instead: write the reviewed snippets there, as a dataset to train with.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Say what a household's kept signal would have led to with another model or threshold."""
    import time

    from featherfall.alarms import AlarmSettings
    from featherfall.alarms.database import StoreError
    from featherfall.alarms.replay import replay_alarms
    from featherfall.alarms.snippets import write_dataset
    from featherfall.alarms.store import AlarmStore
    from featherfall.core.console import say, say_json
    from featherfall.core.errors import UserError
    from featherfall.runtime.bundle import load_bundle

    if "://" not in store and not Path(store).is_file():
        raise UserError(f"{store}: no such file; give the store of the household's alarms")
    settings: dict[str, AlarmSettings] = {}
    if Path(store).suffix in (".yaml", ".yml"):
        from featherfall.household.build import settings_of, store_of
        from featherfall.household.config import load_config

        config = load_config(Path(store))
        kept, settings = store_of(config), settings_of(config)
        if kept is None:
            raise UserError(f"{store}: it names no store, so nothing was kept; add store: alarms.db")
        store = kept
    try:
        opened = AlarmStore(store)
        try:
            since = time.time() - days * 86_400
            if dataset is not None:
                count = write_dataset(opened.snippets(since), opened.reviews(), dataset)
                say(f"{count} recordings in {dataset}")
                return
            model = load_bundle(bundle)
            outcome = replay_alarms(opened, model if threshold is None else model.at(threshold), settings, since=since)
        finally:
            opened.close()
    except StoreError as error:
        raise UserError(str(error)) from None
    if json:
        say_json(outcome.to_json())
        return
    say(*_lines(outcome.to_json()))


def _lines(facts: dict[str, object]) -> list[str]:
    before, after = facts["before"], facts["after"]
    assert isinstance(before, dict) and isinstance(after, dict)
    head = f"{'':16}{'possible falls':>16}{'alarms':>10}{'of them no fall':>18}"
    rows = [
        f"{name:16}{one['possible']:>16}{one['alarms']:>10}{one['no fall']:>18}" for name, one in (("before", before), ("would be", after))
    ]
    return [head, *rows, "", str(facts["summary"])]
