"""Record a motion with worn sensors and a depth camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from featherfall.core.errors import UserError
from featherfall.core.recording import Recording, Stream
from featherfall.core.skeletons import AZURE_32, KINECT_20
from featherfall.core.tables import nearest

from ..sense.joints import DepthCamera, skeleton
from ..sense.parts import PARTS, sample_imu
from ..sense.sensors import ALIASES, SITES, earth_field, find_site, measure_sites, randomize_mounting
from ..world.motion import Motion
from .generate import SENSOR_STREAM, SKELETON_STREAM, Item

WRIST = "wrist"  # the left or the right one: where the person wears a watch
KNOWN_SITES = (WRIST, *SITES, *ALIASES)
SKELETONS = {"kinect": (KINECT_20, 0.002), "azure": (AZURE_32, 0.006)}  # layout, m of noise of a trunk joint
SKELETON_RATE = 30.0  # Hz, of both


@dataclass(frozen=True)
class SensorKit:
    """The sensors that record; made by `make_sensor_kit`.

    Attributes:
        sites: body sites of the sensors: names of `sensors.SITES`, their aliases, or "wrist".
        part: which sensor, a name of `parts.PARTS`.
        magnetometer: whether its magnetic field is kept, too.
        skeleton: joints that a depth camera tracks: "kinect" (20), "azure" (32) or "none".
    """

    sites: tuple[str, ...] = (WRIST,)
    part: str = "watch"
    magnetometer: bool = False
    skeleton: Literal["kinect", "azure", "none"] = "kinect"


def make_sensor_kit(
    sites: Sequence[str] = (WRIST,), part: str = "watch", magnetometer: bool = False, skeleton: str = "kinect"
) -> SensorKit:
    """Validate the names and return the kit; raises `UserError` with a suggestion for an unknown site, part or skeleton."""
    for site in sites:
        if site not in KNOWN_SITES:
            raise UserError(f"--sites: unknown site {site!r}; {nearest(site, KNOWN_SITES)}")
    if len(set(sites)) != len(sites) or not sites:
        raise UserError(f"--sites {','.join(sites)!r}: name at least one site, and each once")
    check_part(part)
    choices = (*SKELETONS, "none")
    if skeleton not in choices:
        raise UserError(f"--skeleton: unknown skeleton {skeleton!r}; {nearest(skeleton, choices)}")
    return SensorKit(tuple(sites), part, magnetometer, skeleton)  # type: ignore[arg-type]


def check_part(part: str) -> str:
    """Return the part's name; raises `UserError` with a suggestion for an unknown one."""
    if part not in PARTS:
        raise UserError(f"--part: unknown part {part!r}; {nearest(part, tuple(PARTS))}")
    return part


def record(item: Item, motion: Motion, kit: SensorKit) -> Recording:
    """Return the recording of a motion by the kit's sensors; randomness is the item's own.

    Streams: accelerometer, gyroscope (and magnetometer) of each site, then "skeleton". With several sites the names start with the site:
    "right_wrist_accelerometer".
    """
    rng = item.rng(SENSOR_STREAM)
    fitting = item.habit()
    sites = [randomize_mounting(find_site(item.hand if site == WRIST else site), fitting) for site in kit.sites]
    streams: dict[str, Stream] = {}
    for site, measured in zip(kit.sites, measure_sites(motion, sites, earth_field(float(rng.uniform(0, 2 * np.pi)))), strict=True):
        prefix = "" if len(kit.sites) == 1 else site.replace(" ", "_") + "_"
        for name, stream in sample_imu(PARTS[kit.part], measured, rng, site).items():
            if name != "magnetometer" or kit.magnetometer:
                streams[prefix + name] = stream
    if kit.skeleton != "none":
        rng = item.rng(SKELETON_STREAM)
        layout, noise = SKELETONS[kit.skeleton]
        view = DepthCamera(float(rng.uniform(-0.8, 0.8)), float(rng.uniform(2.5, 3.5)), float(rng.uniform(0.7, 1.2)))
        streams["skeleton"] = skeleton(motion, layout, SKELETON_RATE, view, rng, noise)
    return Recording("sim", item.person.name, item.activity, str(item.trial), streams, motion.fall)
