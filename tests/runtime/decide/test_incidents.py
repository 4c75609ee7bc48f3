from __future__ import annotations

from tests.runtime.people import person

from featherfall.runtime.decide.evidence import Past
from featherfall.runtime.decide.incidents import Incident
from featherfall.runtime.observation import Fall, TrackedPerson
from featherfall.runtime.perceive.pose import Pose


def test_state_and_json() -> None:
    fall = Fall(3, 1.23456, 2.5, 1.4, 0.875)
    assert fall.state == "possible fall"
    assert fall.to_json() == {
        "track": 3, "start_s": 1.235, "raised_s": 2.5, "peak_s": 1.4, "confidence": 0.875, "still_down_s": None, "up_s": None,
        "state": "possible fall",
    }  # fmt: skip
    fall.still_down_s = 9.5
    assert fall.state == "still down"
    fall.up_s = 12.0
    assert fall.state == "got up"


def tracked(number: int, sighting: Pose) -> TrackedPerson:
    return TrackedPerson(number, sighting, None, True, 0.0, sighting.middle, sighting.size)


def test_which_signs_belong_to_an_incident() -> None:
    """Within `merge_s` of the last one; while the person is still down, whenever; of the same person, or in the same place."""
    people = [tracked(k, person(right, 300)) for k, right in enumerate((200, 290, 600))]
    past = Past()
    past.add(0.0, people[0])
    incident = Incident.begin(Fall(0, 0.0, 1.0, 0.0, 0.9), past, 1.0)
    assert [incident.is_of(one) for one in people] == [True, True, False]  # .47 sizes away, 2.1
    assert incident.goes_on(6.0, merge_s=5.0) and not incident.goes_on(6.1, merge_s=5.0)
    incident.fall.still_down_s = 8.0
    assert incident.goes_on(20.0, merge_s=5.0)
    incident.fall.up_s = 21.0
    assert not incident.goes_on(22.0, merge_s=5.0)
