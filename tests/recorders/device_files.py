"""Binary files as devices write them, by their public descriptions: what is read from them can be compared with what was written.

Axivity: cwa.h of github.com/digitalinteraction/openmovement. ActiGraph: github.com/actigraph/GT3X-File-Format. GENEActiv: "Decoding .bin
files" in its instructions.
"""

from __future__ import annotations

import functools
import operator
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from tests.recorders.samples import START, Written, motion


def cwa(folder: Path, six: bool = False, packed: bool = False) -> Written:
    """An AX3: samples of 1/256 g, 80 in a packet of 512 bytes; or an AX6: 40, with (100, -50, 0) deg/s of 2000 before them.

    Arguments:
        packed: 10 bits an axis and an exponent that all share, in 4 bytes; else 16 bits an axis.
    """
    raw = np.round(256 * motion(100.0).total).astype("<i2")
    raw = raw[: len(raw) // 80 * 80]
    if packed:
        powers = np.array([next(power for power in range(4) if abs(row >> power).max() < 511) for row in raw.astype(int)])
        raw = ((raw >> powers[:, None]) << powers[:, None]).astype("<i2")
    turn = np.tile(np.round(np.array([100.0, -50.0, 0.0]) * 32_768 / 2000).astype("<i2"), (len(raw), 1))
    rows, size = (np.hstack([turn, raw]), 40) if six else (raw, 80)
    if packed:
        axes = (raw.astype(np.int64) >> powers[:, None]) & 0x3FF
        rows = (axes[:, 0] | axes[:, 1] << 10 | axes[:, 2] << 20 | powers << 30).astype("<u4")[:, None]
    annotation = "_p=left+wrist&_sc=26"
    header = bytearray(1024)
    header[:4] = b"MD" + struct.pack("<H", 1020)
    header[36] = 0x4A  # 100 Hz, +-8 g
    header[64 : 64 + len(annotation)] = annotation.encode()
    packets = [_packet(i, rows[size * i : size * i + size]) for i in range(len(raw) // size)]
    path = folder / "39434_0000000026.cwa"
    path.write_bytes(bytes(header) + b"".join(packets))
    return Written(path, raw / 256, 100.0)


def _packet(number: int, samples: np.ndarray) -> bytes:
    seconds = len(samples) / 100 * number
    date = datetime.fromtimestamp(int(START + seconds), UTC)
    stamp = ((date.year - 2000) << 26) | (date.month << 22) | (date.day << 17) | (date.hour << 12) | (date.minute << 6) | date.second
    fraction = 0x8000 | round((seconds % 1) * 32768) % 32768
    light, kind = {6: (2 << 10, 0x62), 3: (0, 0x32), 1: (0, 0x30)}[samples.shape[1]]
    offset = -int((fraction & 0x7FFF) / 32768 * 100)  # of the sample at the full second, as the firmware counts where the fraction is used
    head = struct.pack("<2sHHIIIHHBBBBhH", b"AX", 508, fraction, 26, number, stamp, light, 512, 0, 200, 0x4A, kind, offset, len(samples))
    packet = head + samples.tobytes().ljust(480, b"\0")
    total = -sum(struct.unpack(f"<{len(packet) // 2}H", packet)) & 0xFFFF
    return packet + struct.pack("<H", total)


def gt3x(folder: Path, packed: bool = False) -> Written:
    """A wGT3X-BT: records of a second each, samples of 1/256 g in 16 or 12 bits; zeros and records of other kinds between them."""
    raw = np.round(256 * np.clip(motion(30.0).total, -7.9, 7.9)).astype("<i2")
    raw = raw[: len(raw) // 30 * 30]
    records = b"\x00\x00"
    for second in range(len(raw) // 30):
        part = raw[30 * second : 30 * second + 30]
        digits = "".join(f"{value & 0xFFF:03X}" for x, y, z in part.tolist() for value in (y, x, z))
        payload = bytes.fromhex(digits) if packed else part.tobytes()
        battery = struct.pack("<BBIHH", 0x1E, 2, int(START) + second, 2, 4100)
        records += battery + bytes([~functools.reduce(operator.xor, battery) & 0xFF])
        record = struct.pack("<BBIH", 0x1E, 0 if packed else 26, int(START) + second, len(payload)) + payload
        records += record + bytes([~functools.reduce(operator.xor, record) & 0xFF])
    ticks = (int(START) + 62_135_596_800) * 10**7  # .NET counts from year 1
    info = {"Serial Number": "MOS2D00000000", "Device Type": "wGT3XBT", "Firmware": "1.9.2", "Sample Rate": "30", "Start Date": ticks}
    info |= {"Acceleration Scale": "256.0", "Acceleration Min": "-8.0", "Acceleration Max": "8.0", "Limb": "Wrist", "Side": "Left"}
    path = folder / "a.gt3x"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("info.txt", "".join(f"{key}: {value}\r\n" for key, value in info.items()))
        archive.writestr("log.bin", records)
    return Written(path, raw / 256, 30.0)


GENEACTIV_HEADER = """Device Identity
Device Unique Serial Code:012345
Device Type:GENEActiv
Device Model:1.1
Device Firmware Version:Ver4.08a date14Jul14
Calibration Date:2023-09-07 15:04:34:000

Device Capabilities
Accelerometer Range:-8 to 8
Accelerometer Resolution:0.0039
Accelerometer Units:g
Light Meter Range:0 to 20000
Light Meter Resolution:3 to 48
Light Meter Units:lux
Temperature Sensor Range:0 to 70
Temperature Sensor Resolution:0.1
Temperature Sensor Units:deg. C

Configuration Info
Measurement Frequency:100 Hz
Measurement Period:168 Hours
Start Time:2023-11-14 22:13:20:000
Time Zone:GMT +00:00

Trial Info
Study Centre:
Study Code:
Investigator ID:
Exercise Type:
Config Operator ID:
Config Time:2023-11-14 14:07:24:471
Config Notes:
Extract Operator ID:
Extract Time:2023-11-15 12:22:13:153
Extract Notes:

Subject Info
Device Location Code:right wrist
Subject Code:1
Date of Birth:1900-01-01
Sex:
Height:
Weight:
Handedness Code:
Subject Notes:

Calibration Data
x gain:25600
x offset:0
y gain:25600
y offset:0
z gain:25600
z offset:0
Volts:60
Lux:988

Memory Status
Number of Pages:{pages}

"""


def geneactiv_bin(folder: Path) -> Written:
    """Pages of 300 samples: 12 bits an axis, 10 of light, 2 more, as hexadecimal text."""
    raw = np.round(256 * np.clip(motion(100.0).total, -7.9, 7.9)).astype(int)
    raw = raw[: len(raw) // 300 * 300]
    lines = GENEACTIV_HEADER.format(pages=len(raw) // 300).split("\n")[:-1]
    for page in range(len(raw) // 300):
        date = datetime.fromtimestamp(START + 3 * page, UTC).strftime("%Y-%m-%d %H:%M:%S:000")
        lines += ["Recorded Data", "Device Unique Serial Code:012345", f"Sequence Number:{page}", f"Page Time:{date}", "Unassigned:"]
        lines += ["Temperature:25.1", "Battery voltage:4.1400", "Device Status:Recording", "Measurement Frequency:100.0"]
        packed = [(x & 0xFFF) << 36 | (y & 0xFFF) << 24 | (z & 0xFFF) << 12 for x, y, z in raw[300 * page : 300 * page + 300].tolist()]
        lines.append("".join(f"{one:012X}" for one in packed))
    path = folder / "left wrist_012345.bin"
    path.write_bytes("\r\n".join(lines).encode() + b"\r\n")
    return Written(path, raw / 256, 100.0)
