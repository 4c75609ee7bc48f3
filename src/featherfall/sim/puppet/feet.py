"""Stepping feet: each rolls over heel and ball while it stands and swings on a quintic between two footfalls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..world.motion import SIM_RATE
from ..world.rotation import from_axis_angle, multiply, rotate
from .kinematics import ANKLE_HEIGHT, bump, ease, quintic

if TYPE_CHECKING:
    from .gait import GaitStyle
    from .puppet import Puppet

_Z = (0.0, 0.0, 1.0)
# Centres of the ball and the heel on which a foot rolls, (ahead of the ankle, above the floor), fractions of stature, as in its solid.
_BALL, _HEEL = (0.094, 0.019), (-0.025, 0.022)

# A foot leaves the floor before its roll is over: share of the roll done, and its value, rate and change there.
_ROLL_AT_LIFT = 0.65
_EASED_AT_LIFT = float(ease(np.array(_ROLL_AT_LIFT)))
_RATE_AT_LIFT = 30 * _ROLL_AT_LIFT**2 * (1 - _ROLL_AT_LIFT) ** 2 * _ROLL_AT_LIFT / _EASED_AT_LIFT
_ACCELERATION_AT_LIFT = 60 * _ROLL_AT_LIFT * (1 - _ROLL_AT_LIFT) * (1 - 2 * _ROLL_AT_LIFT) * _ROLL_AT_LIFT**2 / _EASED_AT_LIFT


class Feet:
    """Both feet over a stretch of time, step by step."""

    def __init__(self, puppet: Puppet, t: np.ndarray, style: GaitStyle) -> None:
        self.t, self.style, self.puppet = t, style, puppet
        self.height = puppet.body.person.height
        self.ankles = np.repeat(puppet.last.ankles[None], len(t), axis=0)
        self.soles = np.repeat(puppet.last.soles[None], len(t), axis=0)
        self.flat = [0.0, 0.0]  # since when each foot has been flat on the floor

    def step(self, foot: int, lift: float, land: float, where: np.ndarray, ground: float, heading: float) -> None:
        """Lift a foot at one time (s) and land it at another, set around `where` on a floor at height `ground` (m)."""
        t, style, height = self.t, self.style, self.height
        land += (0.04 if style.flight else 0.12) * (land - lift)  # the heel touches the floor just before the foot has come to rest
        sign = 1.0 if foot else -1.0
        narrow = 0.75 if style.heel_strike > 0.12 or style.flight else 1.0
        spread = sign * narrow * self.puppet.half_base
        new = np.array([*(where + spread * np.array([-np.sin(heading), np.cos(heading)])), ground + ANKLE_HEIGHT * height])
        sole_new = from_axis_angle(_Z, heading + sign * self.puppet.splay)
        now = min(int(lift * SIM_RATE), len(t) - 1)
        old, sole_old = self.ankles[now, foot].copy(), self.soles[now, foot].copy()
        first = self.flat == [0.0, 0.0]
        stance = lift - self.flat[foot]
        off = min((0.8 if style.flight or new[2] < old[2] - 0.05 else 0.6) * stance, 0.6)
        tip = style.toe_off * (0.5 if first else 1.0)
        landing = style.heel_strike
        going = new - old
        far = float(np.hypot(going[0], going[1]))
        tip, landing = tip * min(far / (0.3 * height), 1.0), landing * min(far / (0.3 * height), 1.0)
        if going[2] < -0.05:
            landing = -0.35  # down a stair one lands on the ball
        # rolling off over the ball until `lift`
        settle = (0.13 if style.flight else 0.3) * (land - lift)
        rise, leave, arrive, still = (int(i) for i in np.searchsorted(t, (lift - off, lift, land, land + settle), side="right"))
        rolling, flying, settling = slice(rise, leave), slice(leave, arrive), slice(arrive, still)
        u = (t[rolling] - lift + off) / off
        alpha = -tip * ease(_ROLL_AT_LIFT * u) / _EASED_AT_LIFT
        self.ankles[rolling, foot] = self.roll(old, sole_old, alpha)
        self.soles[rolling, foot] = multiply(sole_old, from_axis_angle((0.0, -1.0, 0.0), alpha))
        # the swing
        u = (t[flying] - lift) / (land - lift)
        rate, change = -tip * _RATE_AT_LIFT / off, -tip * _ACCELERATION_AT_LIFT / off**2
        spot, velocity, acceleration = self._roll_motion(old, sole_old, -tip, rate, change)
        end = self.roll(new, sole_new, np.array([landing]))[0]
        zero = np.zeros(3)
        curve = quintic(u, np.stack([spot, velocity, acceleration]), np.stack([end, zero, zero]), land - lift)
        lifted = max(style.clear, 0.03 if far < 0.1 else 0.0)
        curve[:, 2] += lifted * (_skewed(u, 3, 4) if style.flight else bump(u))
        if going[2] > 0.05:
            curve[:, 2] += (0.05 + 0.35 * going[2]) * _skewed(u, 3, 6)
        elif going[2] < -0.05:
            curve[:, 2] += (0.04 - 0.25 * going[2]) * _skewed(u, 3, 5)
        self.ankles[flying, foot] = curve
        tilt = quintic(u, np.array([-tip, rate, change]), np.array([landing, 0.0, 0.0]), land - lift)
        angle = _yaw(sole_new) - _yaw(sole_old)
        yaw = _yaw(sole_old) + ((angle + np.pi) % (2 * np.pi) - np.pi) * ease(u)
        self.soles[flying, foot] = multiply(from_axis_angle(_Z, yaw), from_axis_angle((0.0, -1.0, 0.0), tilt))
        # and down to flat
        alpha = landing * (1 - ease((t[settling] - land) / settle))
        self.ankles[settling, foot] = self.roll(new, sole_new, alpha)
        self.soles[settling, foot] = multiply(sole_new, from_axis_angle((0.0, -1.0, 0.0), alpha))
        self.ankles[still:, foot], self.soles[still:, foot] = new, sole_new
        self.flat[foot] = land + settle

    def roll(self, ankle: np.ndarray, sole: np.ndarray, alpha: np.ndarray) -> np.ndarray:
        """Return positions (N, 3) of the ankle of a foot standing flat at `ankle` that tilts by `alpha` (toes up) over heel or ball."""
        toes = alpha < 0
        x = -np.where(toes, _BALL[0], _HEEL[0]) * self.height
        z = (ANKLE_HEIGHT - np.where(toes, _BALL[1], _HEEL[1])) * self.height
        c, s = np.cos(alpha), np.sin(alpha)
        local = np.stack([x * c - z * s - x, np.zeros_like(alpha), x * s + z * c - z], axis=-1)
        return np.asarray(ankle + rotate(sole, local))

    def _roll_motion(
        self, ankle: np.ndarray, sole: np.ndarray, alpha: float, rate: float, change: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return position, velocity and acceleration of the ankle as the foot tilts over its ball at `rate` rad/s, `change` rad/s2."""
        x, z = -_BALL[0] * self.height, (ANKLE_HEIGHT - _BALL[1]) * self.height
        c, s = np.cos(alpha), np.sin(alpha)
        spot = self.roll(ankle, sole, np.array([alpha]))[0]
        arm = np.array([x * c - z * s, 0.0, x * s + z * c])
        across = np.array([-arm[2], 0.0, arm[0]])
        return spot, rotate(sole, rate * across), rotate(sole, change * across - rate**2 * arm)


def _yaw(q: np.ndarray) -> float:
    return float(2 * np.arctan2(q[3], q[0]))


def _skewed(u: np.ndarray, a: int, b: int) -> np.ndarray:
    """Return a smooth bump of height 1 whose peak is at a / (a + b)."""
    peak = a / (a + b)
    found: np.ndarray = u**a * (1 - u) ** b / (peak**a * (1 - peak) ** b)
    return found
