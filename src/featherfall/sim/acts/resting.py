"""Activities of daily living on chairs, beds and knees."""

from __future__ import annotations

import numpy as np

from ..puppet.postures import HALF_KNEEL, HANDS_AND_KNEES, KNEEL, LIE_BACK, LIE_FRONT, LIE_LEFT, LIE_RIGHT, SIT, BodyPosture, buttocks, sit
from ..puppet.puppet import Puppet
from ..world import furniture
from ..world.act import Act
from ..world.body import Body
from ..world.scene import Cuboid
from .going import age_speed_factor, finish_act, start_standing


def _chair(puppet: Puppet, seat: float, backrest: bool = True) -> tuple[Cuboid, ...]:
    """Return the chair on which the puppet sits now."""
    x, y = puppet.last.root[:2]
    return furniture.make_chair((float(x), float(y)), puppet.heading, seat, backrest)


def _seat(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.42, 0.48))


def start_seated(body: Body, rng: np.random.Generator, seat: float) -> Puppet:
    """Return a puppet that sits already."""
    heading = float(rng.uniform(-np.pi, np.pi))
    x, y = rng.uniform(-0.5, 0.5, 2)
    return Puppet(body, rng, (float(x), float(y)), heading, posture=sit(body, seat))


def fidget(puppet: Puppet, seconds: float) -> None:
    """Sit for `seconds`, now and then shifting the arms, the head or the trunk."""
    rng, until = puppet.rng, puppet.time + seconds
    posture = SIT.modified(height=(puppet.last.root[2] - puppet.last.ankles[:, 2].mean()) / puppet.body.person.height + 0.039)
    at = puppet.last.root[:2].copy()
    while until - puppet.time > 0.9:
        puppet.hold(min(rng.uniform(0.4, 2.0), until - puppet.time - 0.6))
        names = (
            "shoulder flexion",
            "shoulder rotation",
            "elbow flexion",
            "pronation",
            "neck turn",
            "neck flexion",
            "lumbar flexion",
            "thoracic bend",
        )
        spread = (0.15, 0.1, 0.25, 0.3, 0.3, 0.1, 0.06, 0.06)
        some = {
            key: posture.angles.get(name, 0.0) + rng.normal(0, width)
            for name, width in zip(names, spread, strict=True)
            if rng.random() < 0.5
            for key in ((f"right {name}", f"left {name}") if name.split()[0] in ("shoulder", "elbow", "pronation") else (name,))
        }
        stay = puppet.over_feet(puppet.last, posture)[:2] - at
        forth = np.array([np.cos(puppet.heading), np.sin(puppet.heading)])
        puppet.move(posture.modified(some), rng.uniform(0.6, 1.1), shift=(-float(stay @ forth), -float(stay @ [-forth[1], forth[0]])))
    puppet.hold(until - puppet.time)


def _sitting_down(body: Body, rng: np.random.Generator, heavy: bool) -> Act:
    seat = _seat(rng)
    puppet = start_standing(body, rng, back=0.2)
    puppet.hold(rng.uniform(0.3, 1.5))
    if rng.random() < 0.5:
        puppet.walk(rng.uniform(0.7, 1.1) * age_speed_factor(body), 2.0)
        puppet.turn(float(rng.choice([-1.0, 1.0])) * rng.uniform(1.4, 3.1))
    puppet.sit_down(seat, heavy=heavy)
    fidget(puppet, rng.uniform(1.5, 4.0))
    boxes = _chair(puppet, seat)
    if not heavy and rng.random() < 0.4:
        puppet.stand_up()
    return finish_act(puppet, boxes)


def sit_down(body: Body, rng: np.random.Generator) -> Act:
    """Sit down softly; some get up again."""
    return _sitting_down(body, rng, heavy=False)


def sit_down_heavily(body: Body, rng: np.random.Generator) -> Act:
    """Sit down, dropping the last part."""
    return _sitting_down(body, rng, heavy=True)


def stand_up(body: Body, rng: np.random.Generator) -> Act:
    """Stand up from a chair, and perhaps walk away."""
    seat = _seat(rng)
    puppet = start_seated(body, rng, seat)
    boxes = _chair(puppet, seat)
    fidget(puppet, rng.uniform(1.0, 3.5))
    puppet.stand_up()
    puppet.hold(rng.uniform(0.3, 1.5))
    if rng.random() < 0.5:
        puppet.walk(rng.uniform(0.7, 1.2) * age_speed_factor(body), 2.2)
    return finish_act(puppet, boxes)


def drop_into_chair(body: Body, rng: np.random.Generator) -> Act:
    """Try to rise from a chair and collapse back."""
    seat = _seat(rng)
    puppet = start_seated(body, rng, seat)
    boxes = _chair(puppet, seat)
    fidget(puppet, rng.uniform(1.0, 3.0))
    start = puppet.last.root[:2].copy()
    share, tall = float(rng.uniform(0.25, 0.6)), body.person.height
    low, back = (seat + buttocks(body)) / tall, SIT.forward
    rising = puppet.stand.modified(
        {"lumbar flexion": 0.45, "thoracic flexion": 0.25, "shoulder flexion": 0.45, "elbow flexion": 0.5, "neck flexion": -0.2},
        height=low + share * (0.5275 - low), forward=back * (0.65 - 0.45 * share), pitch=0.55 - 0.25 * share,
    )  # fmt: skip
    puppet.move(rising, rng.uniform(0.8, 1.3) * puppet.pace, lag=0.15, lean=0.15)
    puppet.hold(rng.uniform(0.0, 0.25))
    target = sit(body, seat).modified({"lumbar flexion": 0.3})
    fall = share * (0.5275 - low) * tall
    seconds = float(np.sqrt(2 * fall / 9.81) * rng.uniform(1.9, 2.6) + 0.2)
    puppet.move(
        target,
        seconds,
        shift=(_shift_to(puppet, start, target), 0.0),
        skew=1.4,
        lean=0.1,
        via={"shoulder flexion": rng.uniform(0.05, 0.45), "shoulder abduction": rng.uniform(0.0, 0.3)},
    )
    blow = float(rng.uniform(0.15, 0.4) * np.sqrt(2 * 9.81 * fall))
    puppet.strike("pelvis", (0.0, 0.0, blow), puppet.time - 0.12 * seconds)
    for hand in ("right hand", "left hand"):  # they fall onto the thighs
        puppet.strike(hand, (0.0, 0.0, float(rng.uniform(0.10, 0.50))), puppet.time - 0.05 * seconds + float(rng.uniform(0, 0.1)))
    fidget(puppet, rng.uniform(1.5, 4.0))
    return finish_act(puppet, boxes)


def _shift_to(puppet: Puppet, place: np.ndarray, posture: BodyPosture) -> float:
    """Return the metres forward that bring the pelvis of a planted posture over `place`."""
    gap = place - puppet.over_feet(puppet.last, posture)[:2]
    return float(gap @ [np.cos(puppet.heading), np.sin(puppet.heading)])


# ---- beds ----


def _bed(puppet: Puppet, surface: float) -> tuple[Cuboid, ...]:
    """Return the bed on which the puppet lies now on its back."""
    forth = np.array([np.cos(puppet.heading), np.sin(puppet.heading)])
    x, y = puppet.last.root[:2] + 0.02 * forth
    return furniture.make_bed((float(x), float(y)), puppet.heading, surface)


def lie_down(body: Body, rng: np.random.Generator) -> Act:
    """Sit on the edge of a bed, then lie on the back and perhaps turn to a side."""
    surface = float(rng.uniform(0.45, 0.55))
    puppet = start_standing(body, rng)
    puppet.hold(rng.uniform(0.3, 1.2))
    puppet.sit_down(surface)
    puppet.hold(rng.uniform(0.3, 1.5))
    puppet.lie_down(surface, "left" if rng.random() < 0.5 else "right")
    boxes = _bed(puppet, surface)
    puppet.hold(rng.uniform(1.0, 3.0))
    if rng.random() < 0.4:
        puppet.move(LIE_LEFT if rng.random() < 0.5 else LIE_RIGHT, rng.uniform(1.2, 2.2) * puppet.pace, surface=surface)
    return finish_act(puppet, boxes)


def start_in_bed(body: Body, rng: np.random.Generator) -> tuple[Puppet, float, tuple[Cuboid, ...]]:
    """Return a puppet on its back in bed, the height (m) of the mattress, and the bed."""
    surface, heading = float(rng.uniform(0.45, 0.55)), float(rng.uniform(-np.pi, np.pi))
    x, y = rng.uniform(-0.5, 0.5, 2)
    puppet = Puppet(body, rng, (float(x), float(y)), heading, posture=LIE_BACK, surface=surface)
    return puppet, surface, _bed(puppet, surface)


def get_up_from_bed(body: Body, rng: np.random.Generator) -> Act:
    """Rise from lying to sitting on the edge and standing, and perhaps walk away."""
    puppet, surface, boxes = start_in_bed(body, rng)
    puppet.hold(rng.uniform(1.0, 3.0))
    heading, left = puppet.heading, rng.random() < 0.5
    # The feet go over the side: the left of a person lying on the back is the heading (from head to feet) turned by -90 degrees.
    out = heading - np.pi / 2 if not left else heading + np.pi / 2
    edge = SIT.modified(
        {"hip flexion": 1.45, "knee flexion": 1.35, "ankle flexion": 0.0, "elbow flexion": 0.5, "shoulder abduction": 0.25},
        planted=False,
        sway=0.3,
    )
    puppet.move(
        edge, rng.uniform(2.2, 3.4) * puppet.pace, heading=out, surface=surface, shift=(0.22, 0.0),
        via={"hip flexion": 0.25, "lumbar flexion": 0.35, "elbow flexion": 0.4, "shoulder abduction": 0.2},
    )  # fmt: skip
    puppet.hold(rng.uniform(0.2, 0.6))
    seat = sit(body, surface)
    puppet.move(seat, 0.8, shift=(_shift_to_plant(puppet, seat), 0.0))
    puppet.hold(rng.uniform(0.3, 2.0))
    puppet.stand_up()
    puppet.hold(rng.uniform(0.3, 1.0))
    if rng.random() < 0.4:
        puppet.walk(0.8 * age_speed_factor(body), 1.8)
    return finish_act(puppet, boxes)


def _shift_to_plant(puppet: Puppet, posture: BodyPosture) -> float:
    """Return the metres forward that keep the pelvis in place while free feet are planted, as `_shift_to` does for planted ones."""
    ankles, soles = puppet.feet_below(puppet.now(), puppet.heading, None)
    root = puppet.over_feet(puppet.last._replace(ankles=ankles, soles=soles), posture)
    return float((puppet.last.root[:2] - root[:2]) @ [np.cos(puppet.heading), np.sin(puppet.heading)])


def turn_over_in_bed(body: Body, rng: np.random.Generator) -> Act:
    """Turn from the back to a side, then back again or on to the front."""
    puppet, surface, boxes = start_in_bed(body, rng)
    puppet.hold(rng.uniform(0.8, 2.0))
    side, across = (LIE_LEFT, 0.12) if rng.random() < 0.5 else (LIE_RIGHT, -0.12)
    puppet.move(side, rng.uniform(1.1, 2.2) * puppet.pace, surface=surface, shift=(0.0, across), via={"hip flexion": 0.3})
    puppet.hold(rng.uniform(1.0, 3.0))
    if rng.random() < 0.3:
        puppet.move(LIE_FRONT, rng.uniform(1.2, 2.2) * puppet.pace, surface=surface, heading=puppet.heading + np.pi)
    else:
        puppet.move(LIE_BACK, rng.uniform(1.1, 2.0) * puppet.pace, surface=surface, shift=(0.0, -across))
    return finish_act(puppet, boxes)


def kneel(body: Body, rng: np.random.Generator) -> Act:
    """Kneel down, wipe the floor with one hand, and rise again."""
    puppet = start_standing(body, rng)
    pace = puppet.pace
    puppet.hold(rng.uniform(0.3, 1.0))
    # one foot stays in front of the pelvis, which goes back and down
    puppet.move(HALF_KNEEL, rng.uniform(1.3, 1.9) * pace, shift=(-0.22 * body.person.height, 0.0), lean=0.15)
    if rng.random() < 0.6:
        puppet.move(KNEEL, rng.uniform(0.8, 1.2) * pace)
    puppet.move(HANDS_AND_KNEES, rng.uniform(0.9, 1.4) * pace)
    hand = "right" if rng.random() < 0.5 else "left"
    puppet.swing(
        {f"{hand} shoulder flexion": 0.14, f"{hand} elbow flexion": 0.12, f"{hand} shoulder abduction": 0.10, "thoracic turn": 0.04},
        rng.uniform(0.8, 1.6),
        rng.uniform(2.0, 4.0),
    )
    puppet.move(HALF_KNEEL, rng.uniform(1.2, 1.8) * pace)
    place = puppet.beside_left_foot()
    puppet.move(puppet.stand, rng.uniform(1.2, 1.7) * pace, lean=0.3, feet=place, via={"lumbar flexion": 0.3})
    return finish_act(puppet, boxes=())
