from __future__ import annotations

from featherfall.clips.boxes import unique_people
from featherfall.core.class_names import ClassNames
from featherfall.core.recording import Box

NAMES = ClassNames(fall=["fall"], not_fall=["patient", "person", "stand"], ignore=["bed"])


def test_two_boxes_of_one_person_are_one_and_a_fall_wins() -> None:
    shown = [
        Box("bed", 0.0, 0.5, 1.0, 1.0),
        Box("patient", 0.1, 0.1, 0.5, 0.5),
        Box("fall", 0.1, 0.1, 0.5, 0.49),
        Box("person", 0.6, 0.1, 0.8, 0.9),
        Box("stand", 0.6, 0.1, 0.8, 0.91),
    ]
    assert [(number, box.name) for number, box in unique_people(shown, NAMES, fall=1, other=0)] == [(1, "fall"), (0, "person")]
