"""Lines over a pseudo-terminal."""

from __future__ import annotations

import os

import pytest
from tests.runtime.sources.test_mqtt import wait

from featherfall.runtime.sources.packets import Inbox
from featherfall.runtime.sources.serial import SerialOptions, SerialSource

pytest.importorskip("serial")
pty = pytest.importorskip("pty")


def test_lines_come_from_the_second_on() -> None:
    ours, theirs = pty.openpty()
    source, inbox = SerialSource(os.ttyname(theirs), SerialOptions()), Inbox()
    source.start(inbox)
    wait(lambda: source.health.state == "ok")
    os.write(ours, b".5,9,9\r\n0.02,0,0,1\r\nboot\r\n0.04,0,0,1.5\r\n")
    wait(lambda: source.health.packets == 1)
    os.write(ours, b"x" * 5000)
    wait(lambda: "without an end" in source.health.refusal)
    source.stop()
    os.close(ours)
    os.close(theirs)
    (packet,) = inbox.take(0)
    assert packet.readings[0].values.tolist() == [[0, 0, 1], [0, 0, 1.5]]


def test_a_port_that_is_not_there_is_a_state() -> None:
    source = SerialSource("/dev/ttyNONE", SerialOptions())
    source.start(Inbox())
    wait(lambda: source.health.state == "reconnecting")
    source.stop()
    assert source.health.reconnects == 1
