"""Error model of a pose estimator: MoveNet's scores, jitter, lost and misplaced joints, depending on the view.

The numbers are MoveNet Lightning's on rendered films of simulated people, and on published facts of real ones (mean score of 17 joints
.4-.5 standing, .1-.35 lying); see docs/explanation/camera-student.md. Shapes: T frames, 17 joints of `COCO_17`; places in picture heights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featherfall.core.skeletons import COCO_17

_NAMES = list(COCO_17)
_FACE = slice(0, 5)
KNEES_AND_ANKLES = [_NAMES.index(f"{side} {joint}") for joint in ("knee", "ankle") for side in ("left", "right")]
HIPS, SHOULDERS = [11, 12], [5, 6]
_SWAPPED = [_NAMES.index(name.replace("left", "?").replace("right", "left").replace("?", "right")) for name in _NAMES]
# Scores of single joints against their mean, for people who stand.
_JOINT_CONFIDENCE = np.array([1.0, 1.05, 1.05, 1.0, 1.0, 1.2, 1.2, 0.92, 0.92, 0.75, 0.75, 1.25, 1.25, 1.0, 1.0, 0.92, 0.92])
_JOINT_JITTER = np.array([0.9] * 5 + [0.8, 0.8, 1.3, 1.3, 1.4, 1.4, 1.1, 1.1, 0.9, 0.9, 1.0, 1.0])  # jitter, likewise
_SEEN = 0.1  # a mean score below this is no person


@dataclass(frozen=True, eq=False)
class PersonView:
    """A person as seen by a camera.

    Attributes:
        joints: (T, 17, 2) true places.
        size: (T,) the standing person's height there.
        upright: (T,) 0 (lying) .. 1 (standing), of the trunk.
        away: (T,) 0 (faces the camera) .. 1 (turned away).
        width: the picture's.
        rate: Hz.
    """

    joints: np.ndarray
    size: np.ndarray
    upright: np.ndarray
    away: np.ndarray
    width: float
    rate: float


def estimate(view: PersonView, rng: np.random.Generator) -> np.ndarray:
    """Return (T, 17, 3) right, down, score as an estimator does: every joint is there, but a frame without a person is NaN, NaN, 0."""
    scores = _scores(view, rng)
    fine, coarse = rng.uniform(0.01, 0.018), rng.uniform(0.04, 0.13)
    spread = (fine + coarse * (1 - scores) ** 3) * _JOINT_JITTER * view.size[:, None]
    joints = view.joints + spread[..., None] * correlated_noise((*scores.shape, 2), 0.6, view.rate, rng, new=0.15)
    joints, scores = _misplace_joints(view, joints, scores, rng)
    joints = _swap_sides(view, joints, rng)
    joints, scores = _clip_to_picture(view, joints, scores, rng)
    joints, scores = _corrupt_poses(view, joints, scores, rng)
    return drop_unseen_frames(np.concatenate([joints, scores[..., None]], axis=-1), rng)


def drop_unseen_frames(keypoints: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mark frames as without a person where the mean score is too low."""
    out = keypoints.copy()
    nobody = out[..., 2].mean(axis=1) < _SEEN
    out[nobody] = (np.nan, np.nan, 0.0)
    return out


def correlated_noise(shape: tuple[int, ...], linger_s: float, rate: float, rng: np.random.Generator, new: float = 0.5) -> np.ndarray:
    """Return (T, ...) normal noise of variance 1: a share `new` of it is white, the rest first-order autoregressive."""
    keep = np.exp(-1 / (linger_s * rate))
    fresh = rng.normal(size=(2, *shape))
    slow = fresh[0]
    for frame in range(1, shape[0]):
        slow[frame] = keep * slow[frame - 1] + np.sqrt(1 - keep**2) * slow[frame]
    return np.asarray(np.sqrt(1 - new) * slow + np.sqrt(new) * fresh[1])


def random_intervals(starts: np.ndarray, mean_s: float, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Return (T, ...) bool: intervals that start with the given probability at each frame and last `mean_s` on average."""
    count = len(starts)
    begun = np.nonzero(rng.random(starts.shape) < starts)
    last = begun[0] + rng.geometric(min(1 / max(mean_s * rate, 1.0), 1.0), len(begun[0]))
    edges = np.zeros((count + 1, *starts.shape[1:]), dtype=np.int64)
    np.add.at(edges, begun, 1)
    np.add.at(edges, (np.minimum(last, count), *begun[1:]), -1)
    return np.asarray(edges.cumsum(axis=0)[:-1] > 0)


def _scores(view: PersonView, rng: np.random.Generator) -> np.ndarray:
    """Return scores (T, 17): lower for lying, fast or small people, and for the faces of people turned away."""
    standing = rng.uniform(0.35, 0.75)
    lying = standing * rng.uniform(0.3, 0.9)
    level = lying + (standing - lying) * np.clip(1.3 * view.upright - 0.1, 0, 1)
    step = np.linalg.norm(np.diff(view.joints.mean(axis=1), axis=0, prepend=view.joints[:1].mean(axis=1)), axis=-1) * view.rate
    blur = 1 / (1 + rng.uniform(0, 0.25) * step / view.size)
    small = np.clip(view.size / 0.3, 0.5, 1)
    level = level * blur * small * (1 - 0.15 * view.away)
    sure = np.tile(_JOINT_CONFIDENCE * np.exp(rng.normal(0, 0.15, 17)), (len(level), 1))
    sure[:, _FACE] *= (1 - 0.6 * view.away)[:, None]
    logit = np.log(np.clip(level[:, None] * sure, 0.03, 0.93))
    logit = logit - np.log1p(-np.exp(logit))
    each = correlated_noise((len(level), 17), 0.4, view.rate, rng) * rng.uniform(0.3, 0.8)
    whole = correlated_noise((len(level), 1), 0.6, view.rate, rng) * rng.uniform(0.1, 0.5)
    return np.asarray(1 / (1 + np.exp(-(logit + each + whole))))


def _misplace_joints(view: PersonView, joints: np.ndarray, scores: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Put joints on another joint, or anywhere about the body, for a while; more often at low scores."""
    much = rng.uniform(0.2, 1.0)
    wrong = random_intervals(much * 1.2 * (1 - scores) ** 4 / view.rate, 0.5, view.rate, rng)
    other = joints[:, rng.integers(17, size=17)]
    about = joints.mean(axis=1, keepdims=True) + view.size[:, None, None] * rng.normal(0, 0.2, (1, 17, 2))
    place = np.where(rng.random((1, 17, 1)) < 0.6, other, about)
    near = place + view.size[:, None, None] * 0.03 * rng.normal(size=joints.shape)
    return np.where(wrong[..., None], near, joints), np.where(wrong, scores * rng.uniform(0.3, 0.9), scores)


def _swap_sides(view: PersonView, joints: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Swap left and right for a while, of the whole body or the legs only; more often for people lying or turned away."""
    chance = (0.02 + 0.15 * (1 - view.upright) + 0.1 * view.away) / view.rate
    whole, legs = (random_intervals(chance, 0.6, view.rate, rng) for _ in range(2))
    mirrored = joints[:, _SWAPPED]
    out = np.where(whole[:, None, None], mirrored, joints)
    out[:, 11:] = np.where(legs[:, None, None], out[:, _SWAPPED][:, 11:], out[:, 11:])
    return out


def _clip_to_picture(view: PersonView, joints: np.ndarray, scores: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Place joints beyond the image's edge near it, with low scores."""
    low, high = np.array([0.0, 0.0]), np.array([view.width, 1.0])
    beyond = np.any((view.joints < low) | (view.joints > high), axis=-1)
    guess = np.clip(joints, low + 0.01, high - 0.01) - 0.02 * np.abs(correlated_noise(joints.shape, 0.3, view.rate, rng)) * np.sign(
        joints - (high / 2)
    )
    return np.where(beyond[..., None], guess, joints), np.where(beyond, scores * rng.uniform(0.1, 0.35), scores)


def _corrupt_poses(view: PersonView, joints: np.ndarray, scores: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Make whole poses wrong for a while: inverted, shrunk, upright, moved, frozen or gone; mostly of people lying."""
    much = rng.uniform(0, 1) ** 1.5
    chance = much * (0.03 + 3.0 * (1 - view.upright) ** 2) / view.rate
    turned, shrunk, stood, moved, frozen, gone = (
        random_intervals(chance * share, 0.6, view.rate, rng) for share in (0.3, 0.25, 0.2, 0.2, 0.15, 0.05)
    )
    size = view.size[:, None, None]
    middle = joints.mean(axis=1, keepdims=True)
    out = np.where(turned[:, None, None], 2 * middle - joints, joints)
    out = np.where(shrunk[:, None, None], middle + rng.uniform(0.25, 0.7) * (out - middle), out)
    # An upright guess: a standing figure, smaller than the person, in its place or on something near.
    beside = rng.normal(0, 0.5, 2) * size
    figure = (_STANDING_FIGURE * rng.uniform(0.3, 0.7) + rng.normal(0, 0.02, (17, 2))) * size + middle + beside * (rng.random() < 0.5)
    out = np.where(stood[:, None, None], figure + 0.01 * rng.normal(size=out.shape) * size, out)
    out = np.where(moved[:, None, None], out + rng.normal(0, 0.45, 2) * size, out)
    out = out[np.maximum.accumulate(np.where(frozen, 0, np.arange(len(out))))]
    bad = turned | shrunk | stood | moved | frozen
    worse_scores = np.where(bad[:, None], scores * rng.uniform(0.4, 0.9), scores)
    return out, np.where(gone[:, None], 0.0, worse_scores)


# A standing figure seen from the front, in body heights around its middle, right and down.
_STANDING_FIGURE = np.array(
    [
        *((0.0, -0.42), (0.02, -0.44), (-0.02, -0.44), (0.045, -0.43), (-0.045, -0.43)),
        *((0.11, -0.31), (-0.11, -0.31), (0.14, -0.14), (-0.14, -0.14), (0.15, 0.01), (-0.15, 0.01)),
        *((0.07, 0.0), (-0.07, 0.0), (0.07, 0.24), (-0.07, 0.24), (0.07, 0.46), (-0.07, 0.46)),
    ]
)
