"""Body-worn inertial sensors: their sites, how they are worn, and the measurements of an ideal one.

From the motion to the sensor: the rigid kinematics of the site and the transients of strikes (`Strike`) travel through the body and are
filtered by soft tissue and strap. Errors of the electronics are added in `parts`.

Strikes. A strike makes the velocity of the struck segment deviate by a damped sine whose first peak is the strike's velocity change; then
it swings back to zero, because the motion's smooth curves already hold the net change. The gyroscope does not feel it. Away from the
struck segment it comes later, lower and slower. The numbers are round ones chosen to agree with running: the impact lies at 12-20 Hz at the
shank, what is above 15 Hz is lost most on the way to the head (Shorten & Winslow, Int. J. Sport Biomech. 8, 1992), some 70 % of the peak in
all, more or less with the posture of the leg (Lafortune, Lake & Hennig, J. Biomech. 29(12), 1996).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from featherfall.core.errors import UserError

from ..world.body import PARENTS, SEGMENT_NAMES, Body
from ..world.motion import SIM_RATE, Motion, Strike
from ..world.rotation import angular_velocity, conjugate, from_axis_angle, multiply, rotate

GRAVITY = 9.80665  # m/s2 in a g

# Strikes, where they hit and on their way.
_STRIKE_FREQUENCY, _STRIKE_DECAY = 20.0, 0.025  # Hz, and s in which the swing falls to 1/e, at the struck segment: over after some 40 ms
_AMPLITUDE_LENGTH, _FREQUENCY_LENGTH = (
    1.6,
    3.2,
)  # m in which the velocity (the frequency) falls to 1/e; at the head .4 and .6 of the foot's are left
_STRIKE_SPEED = 100.0  # m/s; heel to head takes 10-20 ms
_STRIKE_DURATION = 0.25  # s after which a strike is over
# Phase of the first peak; the decay slows with the frequency, so it is the same everywhere.
_PEAK_PHASE = float(np.arctan(2 * np.pi * _STRIKE_FREQUENCY * _STRIKE_DECAY))
_AMPLITUDE = float(np.exp(_PEAK_PHASE / (2 * np.pi * _STRIKE_FREQUENCY * _STRIKE_DECAY)) / np.sin(_PEAK_PHASE))


@dataclass(frozen=True)
class Site:
    """A place on the body where a sensor is worn.

    Attributes:
        name: e.g. "right forearm".
        segment: the segment that carries it.
        along: how far along the segment, 0 at its origin and 1 at its end.
        off: (3,) how far off the segment's axis, in its frame, as a share of the body's height.
        mounting: unit quaternion that turns the sensor's axes into the segment's.
        frequency, damping: Hz and 1; tissue and strap are a spring and a damper: a low-pass of second order. 0 Hz: screwed to the bone.
    """

    name: str
    segment: str
    along: float
    off: tuple[float, float, float]
    mounting: tuple[float, float, float, float]
    frequency: float = 35.0
    damping: float = 0.7

    def position(self, body: Body) -> np.ndarray:
        """Return the site's position (3,) m in the segment's frame."""
        place: np.ndarray = self.along * body.ends[SEGMENT_NAMES.index(self.segment)] + body.person.height * np.asarray(self.off)
        return place


@dataclass(frozen=True, eq=False)
class Imu:
    """The measurements of an ideal sensor, in its own axes, at `SIM_RATE`.

    Attributes:
        times: (N,) s of the motion.
        acceleration: (N, 3) g, specific force: at rest 1 g along the axis that points up.
        angular_velocity: (N, 3) deg/s.
        magnetic_field: (N, 3) uT.
    """

    times: np.ndarray
    acceleration: np.ndarray
    angular_velocity: np.ndarray
    magnetic_field: np.ndarray


def _axes(x: tuple[int, int, int], z: tuple[int, int, int]) -> tuple[float, float, float, float]:
    """Return the mounting whose x and z point along two axes of the segment."""
    # First the shortest turn from (0, 0, 1) to z, then about z.
    lift = np.array([1.0 + z[2], -z[1], z[0], 0.0]) if z[2] > -1 else np.array([0.0, 1.0, 0.0, 0.0])
    lift /= np.linalg.norm(lift)
    now = rotate(lift, np.array([1.0, 0.0, 0.0]))
    return _quaternion(multiply(from_axis_angle(z, np.arctan2(np.cross(now, x) @ z, now @ x)), lift))


def _quaternion(q: np.ndarray) -> tuple[float, float, float, float]:
    w, x, y, z = map(float, q)
    return (w, x, y, z)


_UP, _FRONT, _BACK = (0, 0, 1), (1, 0, 0), (-1, 0, 0)


def _sites() -> Iterable[Site]:
    # Straps of a motion capture suit: x up along the segment, z out of the skin.
    yield Site("head", "head", 0.6, (0.050, 0, 0), _axes(_UP, _FRONT))  # forehead
    yield Site("pelvis", "pelvis", 0.5, (-0.065, 0, 0), _axes(_UP, _BACK))  # sacrum
    for side, out in (("right", (0, -1, 0)), ("left", (0, 1, 0))):
        s = out[1]
        yield Site(f"{side} shoulder", "chest", 0.85, (-0.045, s * 0.065, 0), _axes(_UP, _BACK))  # shoulder blade
        yield Site(f"{side} upper arm", f"{side} upper arm", 0.5, (0, s * 0.028, 0), _axes(_UP, out))
        # A watch: z out of the dial on the back of the wrist, x to the dial's right: to the left hand, or to the right elbow.
        yield Site(f"{side} forearm", f"{side} forearm", 0.92, (0, s * 0.017, 0), _axes((0, 0, -s), out))
        yield Site(f"{side} thigh", f"{side} thigh", 0.5, (0, s * 0.042, 0), _axes(_UP, out))
        yield Site(f"{side} lower leg", f"{side} shank", 0.35, (0.030, 0, 0), _axes(_UP, _FRONT))  # shin
    # A phone, upright with its glass to the leg. It lies loose: it swings at some 9 Hz and is slow to calm down.
    yield Site("right pocket", "right thigh", 0.2, (0.050, -0.015, 0), _axes((0, -1, 0), _BACK), frequency=9.0, damping=0.35)


SITES: dict[str, Site] = {site.name: site for site in _sites()}
ALIASES = {"right wrist": "right forearm", "left wrist": "left forearm"}


def find_site(name: str) -> Site:
    """Return the site of this name or alias; raises `UserError` for an unknown one."""
    name = ALIASES.get(name, name)
    if name not in SITES:
        raise UserError(f"unknown body site {name!r}; known are {', '.join((*SITES, *ALIASES))}")
    return SITES[name]


def randomize_mounting(site: Site, rng: np.random.Generator) -> Site:
    """Return the site as one person wears it on one day.

    It has slid around the limb (15 deg; trunk and head 6), is tilted in the strap (6 deg), sits a little higher or lower, tighter or
    looser. 1 in 25 sits the other way round (the watch's crown to the elbow), a wrist 1 in 25 on the inside. A phone lies in its pocket
    any of four ways.
    """
    pocket, forearm = site.name.endswith("pocket"), site.segment.endswith("forearm")
    trunk = site.segment in ("pelvis", "chest", "head")
    slide, tilt = rng.normal(0, np.radians(6 if trunk else 15)), rng.normal(0, np.radians(12 if pocket else 6), 3)
    shift, around, inside, flipped, grip = rng.normal(0, 0.03), *rng.random(4)
    turned = around < (0.5 if pocket else 0.04)
    if forearm and inside < 0.04:
        slide += np.pi
    round_limb = from_axis_angle((0, 0, 1), slide)
    mounting = np.asarray(site.mounting)
    if turned:
        mounting = multiply(mounting, from_axis_angle((0, 0, 1), np.pi))  # upside down, the same side out
    if pocket and flipped < 0.5:
        mounting = multiply(mounting, from_axis_angle((0, 1, 0), np.pi))  # the other side out
    for axis, angle in zip(((1, 0, 0), (0, 1, 0), (0, 0, 1)), tilt, strict=True):
        mounting = multiply(mounting, from_axis_angle(axis, angle))
    x, y, z = map(float, rotate(round_limb, np.asarray(site.off)))
    tightness = float(np.exp(0.15 * (2 * grip - 1)))
    return replace(
        site,
        along=float(np.clip(site.along + shift, 0.0, 1.0)),
        off=(x, y, z),
        mounting=_quaternion(multiply(round_limb, mounting)),
        frequency=site.frequency * tightness,
    )


def earth_field(heading: float = 0.0, horizontal: float = 20.0, down: float = 44.0) -> np.ndarray:
    """Return the Earth's magnetic field in the world's axes, (3,) uT.

    Arguments:
        heading: rad from x to magnetic north, towards y.
        horizontal, down: uT; the defaults are those of Central Europe (IGRF-13, rounded).
    """
    return np.array([horizontal * np.cos(heading), horizontal * np.sin(heading), -down])


def measure_site(motion: Motion, site: Site, field: np.ndarray | None = None) -> Imu:
    """Return the measurements of an ideal sensor at one site; see `measure_sites`."""
    return measure_sites(motion, [site], field)[0]


def measure_sites(motion: Motion, sites: Iterable[Site], field: np.ndarray | None = None) -> list[Imu]:
    """Return the measurements of ideal sensors at several sites; sites on one segment share work.

    Arguments:
        motion: of at least 3 poses.
        field: (3,) uT in the world's axes; default `earth()`.
    """
    field = earth_field() if field is None else np.asarray(field, dtype=np.float64)
    times, apart = motion.times, _segment_distances(motion.body)
    hit = np.array([strike.segment for strike in motion.strikes], dtype=np.int64)
    turns: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    measured = []
    for site in sites:
        segment = SEGMENT_NAMES.index(site.segment)
        if segment not in turns:
            rotations = motion.rotations[:, segment]
            turns[segment] = _matrices(rotations.T.copy()), np.degrees(angular_velocity(rotations, SIM_RATE)).T
        matrix, turn = turns[segment]
        place = site.position(motion.body)
        force = _acceleration(motion.positions[:, segment].T + np.einsum("ijn,j->in", matrix, place))
        if motion.strikes:
            _add_strikes(force, motion.strikes, _distances(motion.body, apart, segment, place)[hit])
        force[2] += GRAVITY
        mounting = rotate(conjugate(np.asarray(site.mounting)), np.eye(3)).T  # segment -> sensor
        force = _filter_by_mount(mounting @ np.einsum("ijn,in->jn", matrix, force / GRAVITY), site)
        north = mounting @ np.einsum("ijn,i->jn", matrix, field)
        measured.append(Imu(times, force.T, _filter_by_mount(mounting @ turn, site).T, north.T))
    return measured


def _matrices(q: np.ndarray) -> np.ndarray:
    """Return rotation matrices (3, 3, N) of quaternions (4, N); time is last, so that operations run over long rows."""
    w, x, y, z = q
    xx, yy, zz, xy, xz, yz, wx, wy, wz = x * x, y * y, z * z, x * y, x * z, y * z, w * x, w * y, w * z
    matrix = np.empty((3, 3, q.shape[1]))
    matrix[0, 0], matrix[0, 1], matrix[0, 2] = 1 - 2 * (yy + zz), 2 * (xy - wz), 2 * (xz + wy)
    matrix[1, 0], matrix[1, 1], matrix[1, 2] = 2 * (xy + wz), 1 - 2 * (xx + zz), 2 * (yz - wx)
    matrix[2, 0], matrix[2, 1], matrix[2, 2] = 2 * (xz - wy), 2 * (yz + wx), 1 - 2 * (xx + yy)
    return matrix


def _acceleration(places: np.ndarray) -> np.ndarray:
    """Return second differences of (3, N) m at `SIM_RATE`, m/s2; the ends repeat their neighbours."""
    out = np.empty_like(places)
    out[:, 1:-1] = (places[:, 2:] - 2 * places[:, 1:-1] + places[:, :-2]) * SIM_RATE**2
    out[:, 0], out[:, -1] = out[:, 1], out[:, -2]
    return out


def _filter_by_mount(rows: np.ndarray, site: Site) -> np.ndarray:
    """Filter (3, N) as tissue and strap do, starting at rest."""
    if not site.frequency:
        return rows
    taps = _mount_taps(site.frequency, site.damping)
    held = np.concatenate([np.repeat(rows[:, :1], len(taps) - 1, axis=1), rows], axis=1)
    return np.stack([np.convolve(row, taps, mode="valid") for row in held])


def _mount_taps(frequency: float, damping: float) -> np.ndarray:
    """Return the pulse response of w^2 / (s^2 + 2 d w s + w^2), d < 1, at `SIM_RATE` until it has decayed to 1/400; sums to 1."""
    w = 2 * np.pi * frequency
    own, lag = w * np.sqrt(1 - damping**2), damping / np.sqrt(1 - damping**2)
    t = np.maximum(np.arange(int(np.ceil(6 / (damping * w) * SIM_RATE)) + 3) - 0.5, 0.0) / SIM_RATE
    taps = np.diff(1 - np.exp(-damping * w * t) * (np.cos(own * t) + lag * np.sin(own * t)))  # the answer to a step
    return np.asarray(taps / taps.sum())


# [i, k]: whether segment k is i or carries it.
_CARRIES = np.eye(len(SEGMENT_NAMES), dtype=bool)
for _segment, _parent in enumerate(PARENTS):
    _CARRIES[_segment] |= _CARRIES[_parent]


def _segment_distances(body: Body) -> np.ndarray:
    """Return the distances (17, 17) m along the skeleton between the origins of any two segments."""
    apart: np.ndarray = (_CARRIES[:, None] ^ _CARRIES) @ np.linalg.norm(body.offsets, axis=1)
    return apart


def _distances(body: Body, apart: np.ndarray, segment: int, place: np.ndarray) -> np.ndarray:
    """Return distances (17,) m along the skeleton from each segment's origin to a place (3,) on `segment`; 0 for that one."""
    distances: np.ndarray = apart[:, segment] + np.linalg.norm(place)
    for child, parent in enumerate(PARENTS):
        if parent == segment != child:  # what comes from beyond a joint enters there
            beyond = _CARRIES[:, child]
            distances[beyond] = apart[beyond, child] + np.linalg.norm(body.offsets[child] - place)
    distances[segment] = 0.0
    return distances


def _add_strikes(force: np.ndarray, strikes: Sequence[Strike], distances: np.ndarray) -> None:
    """Add transients to accelerations (3, N) in m/s2, given how far (m) each strike is away."""
    count, length = force.shape[1], int(_STRIKE_DURATION * SIM_RATE)
    times = np.array([strike.time for strike in strikes]) + distances / _STRIKE_SPEED
    first = np.floor(times * SIM_RATE).astype(np.int64)
    edges = (first[:, None] + np.arange(length + 1) - 0.5) / SIM_RATE - times[:, None]
    # Differences of the velocity, so that nothing of it is left in the end wherever the samples fall.
    swings = np.diff(transient(edges, distances[:, None])) * SIM_RATE
    for strike, start, swing in zip(strikes, first, swings, strict=True):
        begin, end = max(start, 0), min(start + length, count)
        if begin < end:
            force[:, begin:end] += np.multiply.outer(strike.velocity, swing[begin - start : end - start])


def transient(times: np.ndarray, distance: np.ndarray | float = 0.0) -> np.ndarray:
    """Return the deviation of velocity (m/s) after a strike of 1 m/s: a damped sine with a first peak of exp(-distance / 1.6 m).

    Arguments:
        times: s after its arrival; 0 before.
        distance: m from the struck segment; broadcasts with `times`.
    """
    slow = np.exp(-np.asarray(distance) / _FREQUENCY_LENGTH)
    since = np.maximum(times, 0.0) * slow
    swing: np.ndarray = np.exp(-since / _STRIKE_DECAY - np.asarray(distance) / _AMPLITUDE_LENGTH) * np.sin(
        2 * np.pi * _STRIKE_FREQUENCY * since
    )
    return _AMPLITUDE * swing
