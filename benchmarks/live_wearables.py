"""How many worn devices one core follows in real time, with all that a message passes: JSON, clock, ring, resampling, model, rules.

    python benchmarks/live_wearables.py [--bundle wrist] [--devices 500] [--seconds 60] [--sliding]

Devices send a message a second at 50 Hz. Their days are simulated: rest with breathing, walking with steps near the trigger; `--share` says
how much of the time they move. `--sliding` judges a window every half second, without the trigger. CPU time of this process counts, so that
other processes change the figures little.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from featherfall.core.console import say_json
from featherfall.core.files import sha256
from featherfall.runtime.bundle import Bundle, load_bundle
from featherfall.runtime.devices import Devices, WornDevice
from featherfall.runtime.embedded import find_bundle
from featherfall.runtime.sources.payloads.payload import find_payload

RATE = 50
LIVES = 64  # different days, shared by the devices
MOVING_S = 20.0  # length of a bout


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="wrist")
    parser.add_argument("--devices", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--share", type=float, default=0.15, help="of the time in which people walk or handle things")
    parser.add_argument("--sliding", action="store_true", help="judge a window every half second, without the trigger")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bundle = load_bundle(sliding(find_bundle(options.bundle), Path(folder)) if options.sliding else options.bundle)
        say_json(measure(bundle, options.devices, options.seconds, options.share))


def measure(bundle: Bundle, count: int, seconds: int, share: float) -> dict[str, float]:
    """Return the figures: devices a core, memory a device, delays within the process."""
    rng = np.random.default_rng(0)
    bodies = [
        [message(part, second) for second, part in enumerate(np.split(life(rng, seconds, share), seconds))]
        for _ in range(min(LIVES, count))
    ]
    decode = find_payload("samples")
    devices = Devices()
    gc.collect()
    before = rss()
    for number in range(count):
        devices.add(WornDevice(f"d{number}", bundle), "", f"d{number}")
    falls, used, delays = 0, 0.0, []
    for second in range(seconds):
        began = time.process_time()
        for at in range(0, count, 64):  # as many as the inbox holds when it is looked at often
            started = time.process_time()
            packets = [
                packet for number in range(at, min(at + 64, count)) for packet in decode(bodies[number % len(bodies)][second], f"d{number}")
            ]
            falls += len([one for one in devices.take(packets) if one.kind == "possible fall"])
            delays.append(time.process_time() - started)
        if second >= seconds // 4:  # the first seconds find out whether gravity fits
            used += time.process_time() - began
    held = sum(device.stream.nbytes for device in devices) / count
    real = used / (seconds - seconds // 4)
    return {
        "devices": count,
        "seconds": seconds,
        "cpu_s_per_s": round(real, 3),
        "devices_per_core": round(count / real),
        "us_per_message": round(1e6 * real / count, 1),
        "possible_falls": falls,
        "ring_kB_per_device": round(held / 1000, 1),
        "rss_kB_per_device": round((rss() - before) / count, 1),
        "batch_of_64_p99_ms": round(1000 * float(np.quantile(delays, 0.99)), 1),
    }


def life(rng: np.random.Generator, seconds: int, share: float) -> np.ndarray:
    """Return (seconds * RATE, 3) g: rest with breathing; bouts of walking, whose steps reach 1.2 to 1.9 g; a knock now and then."""
    count = seconds * RATE
    time_s = np.arange(count) / RATE
    values = np.array([0.1, 0.5, 0.86]) + rng.normal(0, 0.004, (count, 3)) + 0.01 * np.sin(1.6 * time_s)[:, None]
    for start in np.arange(rng.uniform(0, MOVING_S / share), seconds, MOVING_S / share):
        bout = (time_s >= start) & (time_s < start + MOVING_S)
        size = rng.uniform(0.15, 0.6)
        values[bout] += size * np.abs(np.sin(2 * np.pi * 0.95 * time_s[bout]))[:, None] * [0.2, 0.3, 0.9]
        values[bout] += 0.08 * rng.standard_normal((int(bout.sum()), 3))
    return values


def message(part: np.ndarray, second: int) -> bytes:
    """Return what a device sends: numbers with three digits, as it measures them."""
    return json.dumps({"samples": np.round(part, 3).tolist(), "rate": RATE, "time": second, "unit": "g"}).encode()


def sliding(source: Path, folder: Path) -> Path:
    """Return a copy of a bundle whose windows slide."""
    target = folder / "sliding"
    shutil.copytree(source, target)
    manifest = json.loads((target / "manifest.json").read_text())
    manifest["window"] |= {"kind": "sliding", "stride_s": 0.5, "before_s": None}
    manifest["sha256"] = {name: sha256(target / name) for name in manifest["sha256"]}
    (target / "manifest.json").write_text(json.dumps(manifest))
    return target


def rss() -> float:
    """Return the resident memory, kB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return float(line.split()[1])
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main()
