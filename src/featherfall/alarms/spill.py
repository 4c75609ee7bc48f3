"""What a store that is away has not taken, in a file of this machine: it survives a crash meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from featherfall.alarms.memory import AlarmMemory
from featherfall.core.documents import as_written, read_json
from featherfall.core.files import atomic_write
from featherfall.core.text import json_text
from featherfall.runtime.alarm import AlarmMessage


@dataclass
class Spilled:
    """What is not stored yet.

    Attributes:
        unsaved: by subject, its memory and the messages that the store has not taken.
        waiting: by sink, keys of those that it has not got.
    """

    unsaved: dict[str, tuple[AlarmMemory, list[AlarmMessage]]] = field(default_factory=dict)
    waiting: dict[str, list[str]] = field(default_factory=dict)


def write_spill(
    path: Path, unsaved: Mapping[str, tuple[AlarmMemory, Sequence[AlarmMessage]]], waiting: Mapping[str, Sequence[AlarmMessage]]
) -> None:
    """Write the file whole; raises `UserError` where the disk is full or the folder cannot be written."""
    subjects = {
        name: {"memory": memory.model_dump(mode="json"), "messages": [one.to_json() for one in messages]}
        for name, (memory, messages) in unsaved.items()
    }
    keys = {name: [one.key for one in messages] for name, messages in waiting.items()}
    with atomic_write(path, "w") as file:
        file.write(json_text({"subjects": subjects, "waiting": keys}))
    path.chmod(0o600)


def read_spill(path: Path) -> Spilled:
    """Return what a file holds; raises `UserError` for a damaged one."""
    values, spilled = read_json(path), Spilled()
    with as_written(path, "what was not stored"):
        for name, one in values["subjects"].items():
            messages = [AlarmMessage.from_json(message, str(path)) for message in one["messages"]]
            spilled.unsaved[str(name)] = AlarmMemory.read(one["memory"], str(path)), messages
        spilled.waiting = {str(sink): [str(key) for key in keys] for sink, keys in values["waiting"].items()}
        return spilled
