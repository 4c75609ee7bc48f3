"""Where a sensor is worn: free text ("left wrist", "watch", "belt") as one of a few places that models tell apart."""

from __future__ import annotations

import re

from featherfall.core.errors import UserError

# place -> words for it. A watch turns with the hand and a pocket with the thigh, so that a model for one does not hold for the other;
# left and right, or a belt's buckle and its back, differ less than people do.
_WORDS = {
    "wrist": ("wrist", "watch", "smartwatch", "wristband", "bracelet", "forearm"),
    "upper arm": ("upper arm", "upperarm", "arm", "armband", "biceps"),
    "waist": ("waist", "belt", "hip", "pelvis", "low back", "lower back", "lumbar", "trunk"),
    "chest": ("chest", "sternum", "breast", "torso", "shirt", "upper back"),
    "neck": ("neck", "pendant", "necklace"),
    "head": ("head", "ear", "glasses", "helmet"),
    "thigh": ("thigh", "pocket", "trousers", "upper leg", "upperleg"),
    "ankle": ("ankle", "shin", "lower leg", "lowerleg", "shank", "calf"),
    "foot": ("foot", "shoe", "insole"),
}
_SIDES = {"left", "right", "dominant", "non", "nondominant", "l", "r", "front", "side", "of", "the", "at", "on", "my"}


def place_of(placement: str) -> str:
    """Return the place that a placement names, e.g. "wrist" of "left wrist" or "Watch"; "" of an empty one.

    Sides are left out. A placement that names no known place is its own, in lower case without sides.
    """
    words = [word for word in re.split(r"[^a-z0-9]+", placement.lower()) if word and word not in _SIDES]
    text = " ".join(words)
    for length in (2, 1):  # "upper arm" before "arm"
        found = {
            place
            for place, names in _WORDS.items()
            for name in names
            if len(name.split()) == length and re.search(rf"\b{re.escape(name)}\b", text)
        }
        if len(found) == 1:
            return found.pop()
    return text


def same_place(first: str, second: str) -> bool | None:
    """Return whether two placements name the same place; None where one of them says nothing."""
    places = place_of(first), place_of(second)
    return places[0] == places[1] if all(places) else None


def refuse_elsewhere(where: str, wanted: str, found: str) -> None:
    """Raise `UserError` where a sensor was worn elsewhere than those that a model was trained on.

    Arguments:
        where: start of the message. wanted, found: placements; "" for unknown ones, which are no reason.
    """
    if same_place(wanted, found) is False:
        raise UserError(
            f"{where}: worn at the {found}, the model was trained for the {wanted} and its figures hold for no other place; "
            f"choose a model for the {place_of(found)}; to take it all the same, add --placement-ok"
        )
