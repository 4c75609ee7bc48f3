"""Sensors of one person: agreement, and denial that holds an alarm back for a stated time and never for good."""

from __future__ import annotations

from featherfall.alarms import AlarmEvent, AlarmMachine, AlarmSettings, Trigger
from featherfall.household.fusion import Fusion, witnesses_of
from featherfall.runtime.alarm import AlarmMessage, AlarmSubject

START = 1.7e9  # s since 1970
SETTINGS = AlarmSettings(countdown_s=20.0, deny_s=10.0, hold_most_s=30.0)


class Camera:
    """Sees its person upright for a time, s."""

    name = "hall"

    def __init__(self, since: float, until: float) -> None:
        self.since, self.until = START + since, START + until

    def denies(self, since: float, now: float) -> bool:
        return self.since <= since and now <= self.until


def messages(*signs: tuple[float, str, Trigger], camera: Camera | None = None, seconds: int = 120) -> list[tuple[str, float]]:
    """What is told of signs (s, device, trigger), and when, s."""
    fusion = Fusion(witnesses_of(["anna"], [] if camera is None else [("anna", camera)]), {"anna": SETTINGS})
    machine = AlarmMachine(SETTINGS, AlarmSubject("anna", "Anna"))
    told: list[AlarmMessage] = []

    def tell(person: str, event: AlarmEvent) -> None:
        told.extend(machine.handle(event))

    for second in range(seconds):
        for time, device, trigger in signs:
            if second <= time < second + 1:
                tell("anna", fusion.seen("anna", AlarmEvent(trigger, START + time, device)))
        fusion.tick(START + second, tell)
        told.extend(machine.tick(START + second))
    return [(one.kind, round(one.time - START)) for one in told if one.kind in ("alarm", "cleared")]


def test_without_another_sensor_the_alarm_comes_after_the_countdown() -> None:
    assert messages((10, "watch", Trigger.fall)) == [("alarm", 30)]


def test_a_camera_that_sees_the_person_up_holds_it_back_but_not_for_good() -> None:
    assert messages((10, "watch", Trigger.fall), camera=Camera(0, 1000)) == [("alarm", 60)]
    assert messages((10, "watch", Trigger.fall), camera=Camera(0, 25)) == [("alarm", 35)]  # deny_s after the last denial


def test_a_camera_that_saw_nobody_before_the_fall_denies_nothing() -> None:
    assert messages((10, "watch", Trigger.fall), camera=Camera(6, 1000)) == [("alarm", 30)]


def test_who_has_got_up_is_asked_about_no_more() -> None:
    camera = Camera(0, 1000)
    assert messages((10, "watch", Trigger.fall), (14, "hall", Trigger.got_up), camera=camera) == [("cleared", 14)]


def test_a_sensor_does_not_deny_its_own_fall() -> None:
    assert messages((10, "hall", Trigger.fall), camera=Camera(0, 1000)) == [("alarm", 30)]


def test_the_second_sensor_of_a_fall_agrees() -> None:
    fusion = Fusion({"anna": ()}, {"anna": SETTINGS})
    fall, later = AlarmEvent(Trigger.fall, START, "hall"), AlarmEvent(Trigger.fall, START + 4, "watch")
    assert fusion.seen("anna", fall) is fall
    assert fusion.seen("anna", later) == AlarmEvent(Trigger.agreed, START + 4, "watch")
    again = AlarmEvent(Trigger.fall, START + 5, "hall")
    assert fusion.seen("anna", again) is again  # its own next window
    next_one = AlarmEvent(Trigger.fall, START + 40, "watch")
    assert fusion.seen("anna", next_one) is next_one
