from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.alarms.servers import Postgres, postgres

from featherfall.alarms.machine import AlarmMachine
from featherfall.alarms.settings import AlarmSettings
from featherfall.runtime.alarm import AlarmSubject

ANNA = AlarmSubject("anna", "Anna", "bedroom", ("watch", "camera"))


@pytest.fixture
def machine() -> AlarmMachine:
    return AlarmMachine(AlarmSettings(confirm_s=2, timezone="Europe/Berlin"), ANNA)


@pytest.fixture(scope="session")
def database() -> Iterator[Postgres]:
    with postgres() as server:
        yield server
