from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.alarms.servers import Broker, Postgres, Receiver, postgres, start_broker

from featherfall.alarms.machine import AlarmMachine
from featherfall.alarms.settings import AlarmSettings
from featherfall.runtime.alarm import AlarmSubject

ANNA = AlarmSubject("anna", "Anna", "bedroom", ("watch", "camera"))


@pytest.fixture
def machine() -> AlarmMachine:
    return AlarmMachine(AlarmSettings(confirm_s=2, timezone="Europe/Berlin"), ANNA)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = start_broker(tmp_path)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def database() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver()
    yield running
    running.close()
