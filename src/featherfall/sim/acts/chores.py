"""Activities of daily living with the hands."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..puppet import gestures
from ..puppet.postures import BEND, CROUCH, BodyPosture
from ..puppet.puppet import Puppet
from ..world import furniture
from ..world.act import Act
from ..world.body import HINGE_INDEX, Body
from ..world.scene import Cuboid
from .going import age_speed_factor, finish_act, start_standing
from .resting import fidget, start_seated


def _hand(rng: np.random.Generator) -> str:
    """Draw a hand: right-handed people, too, often use the hand that is free or near."""
    return "right" if rng.random() < 0.5 else "left"


def _arm(side: str, **angles: float) -> dict[str, float]:
    """Return the angles of one arm: `flexion`, `abduction`, `rotation` of the shoulder, `elbow`, `pronation`, `wrist`."""
    names = {
        "flexion": "shoulder flexion", "abduction": "shoulder abduction", "rotation": "shoulder rotation", "elbow": "elbow flexion",
        "pronation": "pronation", "wrist": "wrist flexion",
    }  # fmt: skip
    return {f"{side} {names[name]}": value for name, value in angles.items()}


def _now(puppet: Puppet, planted: BodyPosture, angles: Mapping[str, float]) -> BodyPosture:
    """Return `planted` with the arms as they are now, except for `angles`."""
    kept = {
        name: float(puppet.last.angles[index])
        for name, index in HINGE_INDEX.items()
        if "hip" not in name and "knee" not in name and "ankle" not in name
    }
    return planted.modified({**kept, **angles})


def _hands(rng: np.random.Generator, both: float) -> tuple[str, ...]:
    """Draw both hands with probability `both`, else either."""
    return gestures.SIDES if rng.random() < both else (_hand(rng),)


def pick_up(body: Body, rng: np.random.Generator) -> Act:
    """Pick up something small from the floor, bending the hips or the knees, once or twice."""
    puppet = start_standing(body, rng)
    puppet.hold(rng.uniform(0.5, 1.5))
    if rng.random() < 0.4:
        puppet.walk(0.9 * age_speed_factor(body), 1.8)
    hand = _hand(rng)
    other = "left" if hand == "right" else "right"
    for _ in range(int(rng.integers(1, 3))):
        down = BEND if rng.random() < 0.6 else CROUCH
        rest = _arm(other, flexion=0.9, elbow=0.5) if down is BEND else _arm(other, flexion=0.6, elbow=1.0)
        puppet.move(down.modified(rest), rng.uniform(1.0, 1.6) * puppet.pace)
        puppet.hold(rng.uniform(0.05, 0.4))
        puppet.move(puppet.stand.modified(_arm(hand, flexion=0.3, elbow=rng.uniform(0.6, 1.4))), rng.uniform(1.0, 1.6) * puppet.pace)
        puppet.hold(rng.uniform(0.4, 1.2))
        puppet.move(puppet.stand, rng.uniform(0.6, 1.0))
    return finish_act(puppet)


def reach(body: Body, rng: np.random.Generator) -> Act:
    """Reach for something high or far in front."""
    puppet = start_standing(body, rng)
    puppet.hold(rng.uniform(0.4, 1.5))
    hand = _hand(rng)
    for _ in range(int(rng.integers(1, 4))):
        if rng.random() < 0.6:
            target = puppet.stand.modified(
                {
                    **_arm(hand, flexion=rng.uniform(2.1, 2.7), abduction=0.1, elbow=rng.uniform(0.1, 0.5)),
                    "neck flexion": -0.3,
                    "thoracic flexion": -0.05,
                    "thoracic bend": 0.12 if hand == "right" else -0.12,
                }
            )
        else:
            target = puppet.stand.modified(
                {
                    **_arm(hand, flexion=rng.uniform(1.4, 1.8), elbow=0.15),
                    "lumbar flexion": 0.3,
                    "thoracic turn": 0.3 if hand == "right" else -0.3,
                },
                pitch=0.2,
                forward=-0.03,
            )
        puppet.move(target, rng.uniform(1.1, 1.9) * puppet.pace)
        puppet.hold(rng.uniform(0.2, 1.2))
        puppet.move(puppet.stand, rng.uniform(1.1, 1.8) * puppet.pace)
        puppet.hold(rng.uniform(0.3, 1.0))
    return finish_act(puppet)


# rad, how far hands at a shoe wander.
_BUSY = {
    "shoulder flexion": 0.08, "shoulder rotation": 0.17, "elbow flexion": 0.17, "pronation": 0.52, "wrist flexion": 0.25,
    "shoulder abduction": 0.08,
}  # fmt: skip


def tie_shoes(body: Body, rng: np.random.Generator) -> Act:
    """Crouch, tie a shoe with small pulls, and rise again."""
    puppet = start_standing(body, rng)
    puppet.hold(rng.uniform(0.4, 1.2))
    puppet.move(CROUCH, rng.uniform(1.0, 1.6) * puppet.pace)
    until = puppet.time + rng.uniform(2.5, 6.0)
    while puppet.time < until:
        pull = float(rng.random() < 0.35)
        change = {
            f"{side} {name}": CROUCH.angles.get(name, 0.0) + rng.normal(0, width) * (1 + pull)
            for side in ("right", "left")
            for name, width in _BUSY.items()
        }
        puppet.move(CROUCH.modified(change), rng.uniform(0.18, 0.48) * puppet.pace, habit=0.3)
        if pull:  # the lace goes taut
            puppet.strike(f"{rng.choice(['right', 'left'])} hand", rng.normal(0, 0.40, 3))
    puppet.move(puppet.stand, rng.uniform(1.0, 1.6) * puppet.pace)
    return finish_act(puppet)


def clap(body: Body, rng: np.random.Generator) -> Act:
    """Applaud."""
    puppet = start_standing(body, rng)
    puppet.hold(rng.uniform(0.4, 1.2))
    seconds, rate = rng.uniform(3.0, 8.0), rng.uniform(2.2, 4.0) / (1 + 0.25 * (puppet.pace - 1))
    width = min(rng.uniform(0.06, 0.14), 0.50 / rate**1.2)
    front = puppet.stand.modified(
        {
            "shoulder flexion": rng.uniform(0.25, 0.7),
            "elbow flexion": rng.uniform(1.3, 1.7),
            "shoulder rotation": 0.56 - width,
            "shoulder abduction": 0.15,
            "pronation": 0.0,
            "wrist flexion": 0.0,
        }
    )
    puppet.move(front, rng.uniform(0.6, 1.0), habit=0.4)
    start, turn = puppet.time, rng.uniform(0.3, 1.2)
    leading = _hand(rng)
    other = "left" if leading == "right" else "right"
    hands = puppet.swing(
        {
            f"{side} {name}": width * size * share
            for side, share in ((leading, 1.0), (other, rng.uniform(0.4, 1.0)))
            for name, size in (("shoulder rotation", 1.0), ("pronation", 1.5 * turn), ("elbow flexion", 0.2))
        },
        rate,
        seconds,
        sharp=0.5,
    )
    forth = np.array([-np.sin(puppet.heading), np.cos(puppet.heading), 0.0])  # to the left
    force = rng.uniform(0.7, 1.6)
    for time in hands:
        blow = force * min(2 * np.pi * rate * width * 0.3, 1.2) * rng.uniform(0.7, 1.3)
        if start < time < puppet.time:
            puppet.strike("right hand", -blow * forth, float(time))
            puppet.strike("left hand", blow * forth, float(time))
    puppet.move(puppet.stand, rng.uniform(0.7, 1.1))
    return finish_act(puppet)


def hit_table(body: Body, rng: np.random.Generator) -> Act:
    """Hit a table with one flat hand, or both, one to three times."""
    puppet = start_standing(body, rng)
    hands, lean = _hands(rng, 0.4), rng.uniform(0.15, 0.3)

    def arms(**angles: float) -> dict[str, float]:
        return {name: value for hand in hands for name, value in _arm(hand, **angles).items()}

    down = puppet.stand.modified(
        {
            **arms(flexion=0.75, elbow=0.55, rotation=0.1, abduction=0.1, pronation=0.8),
            "lumbar flexion": lean,
            "thoracic flexion": 0.1,
        },
        pitch=lean,
        forward=-0.03,
    )
    puppet.hold(rng.uniform(0.4, 1.5))
    boxes: tuple[Cuboid, ...] = ()
    for index in range(int(rng.integers(1, 4))):
        up = down.modified(
            {
                **arms(
                    flexion=rng.uniform(0.75, 1.15),
                    elbow=rng.uniform(0.8, 1.5),
                    rotation=0.1,
                    abduction=0.2,
                    pronation=rng.uniform(-1.0, 0.2),
                ),
                "lumbar flexion": lean * 0.5,
            },
            pitch=lean * 0.5,
        )
        puppet.move(up, rng.uniform(0.9, 1.4) * puppet.pace)
        puppet.hold(rng.uniform(0.0, 0.3))
        seconds = rng.uniform(0.30, 0.47) * puppet.pace**0.5
        puppet.move(down, seconds, skew=1.3, habit=0.2)
        for hand in hands:
            blow = float(np.clip(np.exp(rng.normal(np.log(0.70), 0.40)), 0.25, 1.2))
            puppet.strike(f"{hand} hand", (*rng.normal(0, 0.2 * blow, 2), blow), puppet.time - 0.1 * seconds + float(rng.normal(0, 0.006)))
        if index == 0:
            palm = puppet.where(f"{hands[0]} hand", (0.0, 0.0, -0.06 * body.person.height))
            forth = np.array([np.cos(puppet.heading), np.sin(puppet.heading)])
            x, y = palm[:2] + 0.25 * forth
            boxes = furniture.make_table((float(x), float(y)), puppet.heading, float(palm[2]) - 0.02)
        puppet.hold(rng.uniform(0.2, 0.8))
    puppet.move(puppet.stand, rng.uniform(0.7, 1.2))
    return finish_act(puppet, boxes)


def open_a_door(body: Body, rng: np.random.Generator) -> Act:
    """Walk to a door, turn the handle, pull or push it, and close it again."""
    puppet = start_standing(body, rng, back=0.8)
    puppet.hold(rng.uniform(0.2, 0.8))
    if rng.random() < 0.6:
        puppet.walk(rng.uniform(0.7, 1.0) * age_speed_factor(body), 1.8)
    hand = _hand(rng)
    forth, side = puppet.heading, -1.0 if hand == "right" else 1.0
    grasp = puppet.stand.modified(_arm(hand, flexion=0.75, elbow=0.75, rotation=0.05, abduction=0.15, pronation=0.2), forward=0.01)
    free = puppet.time
    puppet.move(grasp, rng.uniform(0.8, 1.3) * puppet.pace**0.6)
    c, s = float(np.cos(forth)), float(np.sin(forth))
    x, y = puppet.where(f"{hand} hand")[:2] + 0.17 * np.array([c, s]) - 0.35 * side * np.array([-s, c])
    door = Cuboid("door", (float(x), float(y), 1.0), (0.05, 0.9, 2.0), forth, solid=False)
    for index in range(2):
        turned = _now(puppet, puppet.stand, _arm(hand, pronation=rng.uniform(0.8, 1.3), flexion=0.65))
        puppet.move(turned, rng.uniform(0.25, 0.45), habit=0.2)
        puppet.strike(f"{hand} hand", rng.normal(0, 0.20, 3))  # the latch
        pulled = puppet.stand.modified(
            {
                **_arm(
                    hand,
                    flexion=rng.uniform(-0.3, 0.1),
                    elbow=rng.uniform(1.3, 1.8),
                    rotation=-0.25,
                    abduction=rng.uniform(0.3, 0.7),
                    pronation=rng.uniform(-0.2, 0.6),
                ),
                "thoracic turn": side * 0.25,
            },
            forward=-0.03,
        )
        puppet.move(pulled, rng.uniform(0.9, 1.5) * puppet.pace**0.6, skew=1.1)
        puppet.hold(rng.uniform(0.2, 1.0))
        puppet.move(grasp, rng.uniform(0.9, 1.4) * puppet.pace**0.6, skew=1.3)
        # the door falls into its lock
        blow = rng.uniform(0.15, 0.80)
        puppet.strike(f"{hand} hand", (-blow * c, -blow * s, 0.0), puppet.time - 0.05)
        puppet.hold(rng.uniform(0.3, 1.0))
        if index == 0 and rng.random() < 0.5:
            break
    # the other hand does something of its own, or helps
    other = "left" if hand == "right" else "right"
    if rng.random() < 0.5:
        help_ = gestures.Gesture({"shoulder flexion": 0.8, "elbow flexion": 0.9, "pronation": 0.3, "shoulder rotation": 0.3},
        {"shoulder flexion": 0.25, "elbow flexion": -0.3, "pronation": 0.5}, 0.5, (0, 0))  # fmt: skip
        gestures.add_gesture(puppet, help_, other, free, puppet.time - free, (0.8, 0.9))
    puppet.move(puppet.stand, rng.uniform(0.6, 1.0) * puppet.pace)
    return finish_act(puppet, (door,))


def wave(body: Body, rng: np.random.Generator) -> Act:
    """Wave a hand."""
    puppet = start_standing(body, rng)
    puppet.hold(rng.uniform(0.4, 1.5))
    hand = _hand(rng)
    puppet.move(
        puppet.stand.modified(
            _arm(
                hand,
                flexion=rng.uniform(0.6, 1.4),
                abduction=rng.uniform(0.3, 0.9),
                elbow=rng.uniform(1.5, 2.0),
                rotation=-0.3,
                pronation=0.4,
            )
        ),
        rng.uniform(0.8, 1.3) * puppet.pace,
    )
    puppet.swing(_arm(hand, rotation=rng.uniform(0.2, 0.4), abduction=0.08), rng.uniform(1.2, 2.6), rng.uniform(1.5, 4.0))
    puppet.move(puppet.stand, rng.uniform(0.6, 1.1) * puppet.pace)
    return finish_act(puppet)


def drink(body: Body, rng: np.random.Generator) -> Act:
    """Drink one to three sips from a cup, sitting on a chair or standing."""
    sits = rng.random() < 0.6
    boxes: tuple[Cuboid, ...] = ()
    if sits:
        seat = float(rng.uniform(0.42, 0.48))
        puppet = start_seated(body, rng, seat)
        x, y = puppet.last.root[:2]
        boxes = furniture.make_chair((float(x), float(y)), puppet.heading, seat)
        fidget(puppet, rng.uniform(0.5, 1.5))
    else:
        puppet = start_standing(body, rng)
        puppet.hold(rng.uniform(0.5, 1.5))
    hand = _hand(rng)

    def arm(seconds: float, **angles: float) -> None:
        nod = angles.pop("nod", 0.0)
        posture = _now(
            puppet,
            BodyPosture(),
            {**_arm(hand, **angles), "head nod": -nod, "neck flexion": float(puppet.last.angles[HINGE_INDEX["neck flexion"]])},
        )
        puppet.move_upper_body(posture, seconds)

    arm(rng.uniform(0.6, 1.0) * puppet.pace, flexion=0.75, elbow=0.9, rotation=0.2, pronation=0.0)
    puppet.hold(rng.uniform(0.1, 0.5))
    for _ in range(int(rng.integers(1, 4))):
        arm(rng.uniform(0.8, 1.3) * puppet.pace, flexion=0.8, elbow=2.25, rotation=0.95, pronation=0.1, nod=0.12)
        puppet.hold(rng.uniform(0.5, 1.4))
        arm(rng.uniform(0.8, 1.3) * puppet.pace, flexion=0.6, elbow=1.2, rotation=0.3, pronation=0.0)
        puppet.hold(rng.uniform(0.3, 1.2))
    arm(
        rng.uniform(0.6, 1.0) * puppet.pace,
        flexion=0.3 if sits else 0.0,
        elbow=1.0 if sits else 0.2,
        rotation=0.3 if sits else 0.1,
        pronation=0.3,
    )
    return finish_act(puppet, boxes)


def stand(body: Body, rng: np.random.Generator) -> Act:
    """Stand and shift the weight."""
    puppet = start_standing(body, rng)
    until = rng.uniform(5.0, 12.0)
    while puppet.time < until:
        puppet.hold(rng.uniform(0.8, 3.0))
        arms = {
            f"{side} {name}": puppet.stand.angles[f"{side} {name}"] + abs(rng.normal(0, width))
            for side in ("right", "left")
            for name, width in (("elbow flexion", 0.2), ("shoulder rotation", 0.1))
        }
        look = {"neck turn": rng.normal(0, 0.25), "thoracic turn": rng.normal(0, 0.08)}
        puppet.move(
            puppet.stand.modified({**arms, **look}),
            rng.uniform(0.8, 1.6),
            shift=(rng.normal(0, 0.01), float(np.clip(rng.normal(0, 0.025), -0.05, 0.05))),
        )
    gestures.add_idle_gestures(puppet, 0.05, puppet.time - 0.05, 0.4)
    return finish_act(puppet)
