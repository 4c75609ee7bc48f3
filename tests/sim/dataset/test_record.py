from dataclasses import replace

import numpy as np
import pytest
from tests.sim.motions import move

from featherfall.core.errors import UserError
from featherfall.core.recording import FallTimes
from featherfall.core.skeletons import AZURE_32, KINECT_20, channel_names
from featherfall.sim.dataset.generate import Item, Plan, make_subjects
from featherfall.sim.dataset.record import SensorKit, make_sensor_kit, record

MOTION = replace(move(3.0, angles={"left elbow flexion": 0.5}), fall=FallTimes(1.0, 1.5, 2.0))


def item(index: int = 0) -> Item:
    return make_subjects(Plan(1, 60.0, 0, ("walk",), (), 0.0))[0].item(index)


def test_a_watch_and_a_kinect() -> None:
    made = record(item(), MOTION, SensorKit())
    assert list(made.streams) == ["accelerometer", "gyroscope", "skeleton"]
    assert [stream.unit for stream in made.streams.values()] == ["g", "deg/s", "m"]
    assert [stream.placement for stream in made.streams.values()] == ["wrist", "wrist", ""]
    assert made.streams["skeleton"].channels == channel_names(KINECT_20)
    assert made.streams["skeleton"].rate == 30
    assert made.id == "P001/walk/1"
    assert made.fall == MOTION.fall
    # Nobody moves: the watch measures gravity alone, up to its own faults.
    assert np.linalg.norm(made.streams["accelerometer"].values, axis=1) == pytest.approx(1.0, abs=0.15)


def test_several_sites_have_names_of_their_own() -> None:
    made = record(item(), MOTION, make_sensor_kit(["right wrist", "pelvis"], "mocap", True, "azure"))
    kinds = ("accelerometer", "gyroscope", "magnetometer")
    assert list(made.streams) == [*(f"right_wrist_{kind}" for kind in kinds), *(f"pelvis_{kind}" for kind in kinds), "skeleton"]
    assert made.streams["pelvis_magnetometer"].placement == "pelvis"
    assert made.streams["pelvis_magnetometer"].unit == "uT"
    assert made.streams["skeleton"].channels == channel_names(AZURE_32)
    assert list(record(item(), MOTION, make_sensor_kit(["pelvis"], skeleton="none")).streams) == ["accelerometer", "gyroscope"]


def test_a_person_straps_the_watch_on_once() -> None:
    """Gravity's direction in the sensor's axes is that of the strap: alike in one person's recordings, other in the next person's."""
    people = make_subjects(Plan(12, 60.0, 0, ("walk",), (), 0.0))

    def down(one: Item) -> np.ndarray:
        kit = SensorKit(("left wrist",), skeleton="none")
        mean = record(one, MOTION, kit).streams["accelerometer"].values.mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean))

    first = np.stack([down(one.item(0)) for one in people])
    second = np.stack([down(one.item(1)) for one in people])
    own, other = np.einsum("pk,pk->p", first, second), np.einsum("pk,pk->p", first, np.roll(second, 1, axis=0))
    assert own.min() > 0.99
    assert np.median(other) < np.median(own)


def test_the_watch_is_at_the_persons_own_wrist() -> None:
    left = replace(item(), hand="left wrist")
    alone = record(left, MOTION, SensorKit(("left wrist",), skeleton="none")).streams["accelerometer"]
    np.testing.assert_array_equal(record(left, MOTION, SensorKit(skeleton="none")).streams["accelerometer"].values, alone.values)


def test_sensors_do_not_disturb_the_skeleton() -> None:
    many = record(item(), MOTION, SensorKit(("pelvis", "head")))
    np.testing.assert_array_equal(many.streams["skeleton"].values, record(item(), MOTION, SensorKit()).streams["skeleton"].values)
    assert not np.array_equal(many.streams["skeleton"].values, record(item(1), MOTION, SensorKit()).streams["skeleton"].values)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"sites": ["rihgt wrist"]}, "unknown site 'rihgt wrist'; did you mean 'right wrist'?"),
        ({"sites": ["pelvis", "pelvis"]}, "each once"),
        ({"sites": []}, "at least one site"),
        ({"part": "wach"}, "unknown part 'wach'; did you mean 'watch'?"),
        ({"skeleton": "kinetc"}, "unknown skeleton 'kinetc'; did you mean 'kinect'?"),
    ],
)
def test_unknown_names_are_refused(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(UserError) as caught:
        make_sensor_kit(**wrong)  # type: ignore[arg-type]
    assert said in str(caught.value)
