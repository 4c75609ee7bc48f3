"""Exercise: squats, lunges, and what else people do on the spot. It looks like falling for a moment, and is none.

A squat goes down to where the hips are as high as the knees, or lower (Escamilla, Med. Sci. Sports Exerc. 33(1), 2001); the trunk leans
forward as the pelvis goes back, so that the body stays over the feet.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..puppet.postures import BEND, HALF_KNEEL, HANDS_AND_KNEES, STAND, BodyPosture
from ..puppet.puppet import Puppet
from ..world.act import Act
from ..world.body import Body
from .going import age_speed_factor, finish_act, start_standing

_LONGEST = 13.0  # s: no further repetition begins after it
# Where the arms are while the legs work; hinge -> rad.
_ARMS: Mapping[str, Mapping[str, float]] = {
    "forward": {"shoulder flexion": 1.5, "shoulder abduction": 0.05, "elbow flexion": 0.15, "shoulder rotation": 0.1},
    "at the hips": {
        "shoulder flexion": -0.35, "shoulder abduction": 0.75, "shoulder rotation": 0.6, "elbow flexion": 1.75, "pronation": 0.6,
    },
    "before the chest": {"shoulder flexion": 0.75, "shoulder abduction": 0.3, "shoulder rotation": 0.95, "elbow flexion": 2.1},
    "behind the head": {"shoulder flexion": 0.9, "shoulder abduction": 1.9, "shoulder rotation": -0.6, "elbow flexion": 2.3},
    "hanging": {},
}  # fmt: skip
_DEEP, _SHALLOW = 0.21, 0.42  # height of the pelvis over the floor at the bottom of a squat, fraction of stature


def squats(body: Body, rng: np.random.Generator) -> Act:
    """Do two to seven squats, shallow or deep, slow or fast; some rest at the bottom of one."""
    puppet = _start(body, rng, widest=2.4)
    frail = 1 - age_speed_factor(body)  # 0 to 0.3
    deepest = float(rng.uniform(_DEEP + 0.3 * frail, _SHALLOW))
    down, up = rng.uniform(0.45, 1.5, 2) * puppet.pace
    resting = puppet.stand.modified(_arms(rng))
    moving = resting.modified(_arms(rng)) if rng.random() < 0.7 else resting
    _take_up(puppet, resting)
    for _ in range(int(rng.integers(2, 8))):
        bottom = _squat(moving, float(np.clip(deepest + rng.normal(0, 0.015), _DEEP, _SHALLOW)), rng)
        puppet.move(bottom, float(down * rng.uniform(0.85, 1.15)), skew=rng.uniform(0.9, 1.15))
        puppet.hold(rng.uniform(0.0, 0.25) if rng.random() < 0.8 else rng.uniform(0.5, 2.0))
        puppet.move(resting, float(up * rng.uniform(0.85, 1.15)))
        puppet.hold(rng.uniform(0.0, 0.5))
        if puppet.time > _LONGEST - down - up:
            break
    return _stop(puppet)


def lunges(body: Body, rng: np.random.Generator) -> Act:
    """Step forward with one leg, bend both until the other knee is near the floor, and step back; the legs take turns."""
    puppet = _start(body, rng)
    arms = _arms(rng)
    standing = puppet.stand.modified(arms)
    _take_up(puppet, standing)
    down, up = rng.uniform(0.8, 1.5, 2) * puppet.pace
    front = "left" if rng.random() < 0.5 else "right"
    for _ in range(int(rng.integers(2, 6))):
        upright = {"lumbar flexion": rng.uniform(0.0, 0.15), "thoracic flexion": 0.0, "shoulder flexion": 0.0, "elbow flexion": 0.2}
        low = _mirrored(HALF_KNEEL, front == "right").modified({**upright, "neck flexion": 0.0, **arms}, pitch=rng.uniform(0.0, 0.15))
        back = puppet.ahead(0.0)
        puppet.move(low, float(down * rng.uniform(0.9, 1.1)), shift=(0.17 * body.person.height, 0.0))
        puppet.hold(rng.uniform(0.0, 0.4))
        puppet.move(standing, float(up * rng.uniform(0.9, 1.1)), feet=back, lean=0.1)
        puppet.hold(rng.uniform(0.1, 0.6))
        front = "left" if front == "right" else "right"
        if puppet.time > _LONGEST - down - up:
            break
    return _stop(puppet)


def exercise(body: Body, rng: np.random.Generator) -> Act:
    """Do jumping jacks, toe touches or, up to 65 years of age, push-ups."""
    puppet = _start(body, rng)
    kinds = (_toe_touches, _jumping_jacks) if body.person.elder else (_toe_touches, _jumping_jacks, _push_ups)
    kinds[int(rng.integers(len(kinds)))](puppet)
    return _stop(puppet)


def _toe_touches(puppet: Puppet) -> None:
    """Reach up, then down to the toes, several times; the knees stay nearly straight."""
    rng = puppet.rng
    high = puppet.stand.modified({"shoulder flexion": rng.uniform(2.3, 2.8), "elbow flexion": 0.1, "neck flexion": -0.15})
    up = high if rng.random() < 0.6 else puppet.stand
    seconds = rng.uniform(0.8, 1.5) * puppet.pace
    for _ in range(int(rng.integers(2, 6))):
        puppet.move(up, float(seconds * rng.uniform(0.9, 1.1)))
        down = BEND.modified(
            {"shoulder flexion": rng.uniform(1.4, 1.8)}, height=rng.uniform(0.46, 0.5), pitch=rng.uniform(0.9, 1.15), forward=-0.1
        )
        puppet.move(down, float(seconds * rng.uniform(0.9, 1.1)))
        puppet.hold(rng.uniform(0.0, 0.6))
        if puppet.time > _LONGEST - 3 * seconds:
            break


def _jumping_jacks(puppet: Puppet) -> None:
    """Hop with legs and arms apart and together again."""
    rng = puppet.rng
    beat = float(rng.uniform(0.45, 0.7)) * puppet.pace
    free = puppet.stand.modified(planted=False, sway=0.5)
    apart = free.modified(
        {"hip abduction": rng.uniform(0.25, 0.45), "shoulder abduction": rng.uniform(1.6, 2.5), "elbow flexion": 0.3, "pronation": 0.5}
    )
    landing = {"knee flexion": 0.35, "hip flexion": 0.2, "ankle flexion": 0.15}
    force = rng.uniform(0.1, 0.3) * age_speed_factor(puppet.body) ** 3
    for _ in range(int(rng.integers(3, 8))):
        for posture in (apart, free):
            puppet.move(posture, beat, via=landing, habit=0.5)
            for foot in ("right foot", "left foot"):
                puppet.strike(foot, (0.0, 0.0, float(force * rng.uniform(0.7, 1.3))), puppet.time - 0.15 * beat)
        if puppet.time > _LONGEST - 3 * beat:
            break


def _push_ups(puppet: Puppet) -> None:
    """Go down to hands and knees, then onto hands and toes, bend and stretch the arms several times, and get up again."""
    rng, pace, height = puppet.rng, puppet.pace, puppet.body.person.height
    puppet.move(HALF_KNEEL, rng.uniform(0.9, 1.4) * pace, shift=(-0.22 * height, 0.0), lean=0.15)
    puppet.move(_DOWN, rng.uniform(0.8, 1.2) * pace)
    puppet.move(_PLANK, rng.uniform(0.7, 1.1) * pace)
    seconds = rng.uniform(0.6, 1.1)
    for _ in range(int(rng.integers(1, 4))):
        puppet.move(_PLANK_LOW, seconds)
        puppet.move(_PLANK, seconds)
    puppet.move(_DOWN, rng.uniform(0.7, 1.1) * pace)
    puppet.move(HALF_KNEEL, rng.uniform(1.0, 1.5) * pace)
    puppet.move(puppet.stand, rng.uniform(1.1, 1.5) * pace, lean=0.3, feet=puppet.beside_left_foot(), via={"lumbar flexion": 0.3})


_DOWN = HANDS_AND_KNEES.modified({"wrist flexion": -0.85}, sway=0.3)
# On hands and toes: the arms (a third of the stature) at one end, the toes at the other, so that the body slopes by some 17 degrees.
_PLANK = BodyPosture(
    {
        "shoulder flexion": 1.3, "elbow flexion": 0.05, "wrist flexion": -0.85, "shoulder abduction": 0.1, "ankle flexion": 0.3,
        "neck flexion": -0.25,
    },
    pitch=1.27, planted=False, sway=0.15,
)  # fmt: skip
_PLANK_LOW = _PLANK.modified(
    {"shoulder flexion": 0.35, "elbow flexion": 1.5, "wrist flexion": -0.85, "shoulder abduction": 0.35}, pitch=1.47
)


def _start(body: Body, rng: np.random.Generator, widest: float = 1.0) -> Puppet:
    """Return a standing puppet, its feet up to `widest` times as far apart as in standing."""
    puppet = start_standing(body, rng, base=float(rng.uniform(1.0, widest)))
    puppet.hold(rng.uniform(0.1, 1.0))
    return puppet


def _stop(puppet: Puppet) -> Act:
    puppet.move(puppet.stand, float(puppet.rng.uniform(0.7, 1.1) * puppet.pace))
    return finish_act(puppet)


def _take_up(puppet: Puppet, posture: BodyPosture) -> None:
    """Bring the arms to where an exercise has them."""
    puppet.move(posture, float(puppet.rng.uniform(0.7, 1.1)))


def _arms(rng: np.random.Generator) -> dict[str, float]:
    """Draw where the arms are held, each time a little differently."""
    held = _ARMS[str(rng.choice(list(_ARMS)))]
    return {name: angle + float(rng.normal(0, 0.08)) for name, angle in held.items()}


def _squat(standing: BodyPosture, height: float, rng: np.random.Generator) -> BodyPosture:
    """Return the bottom of a squat: `height` of the pelvis as a fraction of the stature, arms and head as in `standing`."""
    depth = (STAND.height - height) / (STAND.height - _DEEP)  # 0 to 1
    lean = float(rng.uniform(0.25, 0.5)) * depth  # rad, of the pelvis; the trunk leans 1.9 times as far
    angles = {**standing.angles, "lumbar flexion": 0.6 * lean, "thoracic flexion": 0.3 * lean, "neck flexion": -0.5 * lean}
    hangs = "shoulder flexion" not in angles or abs(angles["shoulder flexion"]) < 0.15
    # Shoulders are hinged to the trunk: arms that are held out stay level, and arms that hang swing clear of the floor.
    if hangs or angles["shoulder flexion"] > 1.2:
        angles["shoulder flexion"] = angles.get("shoulder flexion", 0.0) + 1.8 * lean + (0.8 * depth if hangs else 0.0)
    return standing.modified(angles, height=height, forward=-0.135 * depth, pitch=lean)


def _mirrored(posture: BodyPosture, swap: bool) -> BodyPosture:
    """Return a posture with left and right changed, where `swap`."""
    if not swap:
        return posture
    names = {"left": "right", "right": "left"}
    turned = {" ".join([names.get(name.split()[0], name.split()[0]), *name.split()[1:]]): angle for name, angle in posture.angles.items()}
    return BodyPosture(turned, posture.height, posture.forward, posture.pitch, -posture.twist, posture.planted, posture.sway)
