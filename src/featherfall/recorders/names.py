"""Names and units in the header of a table: one way to normalise them, for files, DataFrames and every recorder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from featherfall.core.errors import UserError
from featherfall.core.text import printable
from featherfall.core.units import quantity

UNIT_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
# Prefixes that recording apps give to a sensor's columns; "" stands for bare "x", "y", "z".
_BEGINNINGS = {
    "accelerometer": ("accelerometer", "acceleration", "accel", "acc", "a", ""),
    "gyroscope": ("gyroscope", "gyro", "gyr", "g", "w"),
    "magnetometer": ("magnetometer", "mag", "m"),
}
_TIMES = (
    *("secondselapsed", "time", "timestamp", "t", "elapsed", "elapsedtime"),
    *("acceltime", "acceltimestamp", "accelerometertime", "accelerometertimestamp", "acctime", "acctimestamp"),
    *("datetime", "date", "epoch", "epoc", "unixtime", "millis", "micros", "ms", "phonetimestamp", "sensortimestamp", "loggingtime"),
    *("timems", "timeus", "timens", "zeit", "uhrzeit", "zeitstempel", "temps", "tiempo", "tempo", "datum"),
)
_SPELLINGS = {
    "g": ("g0", "gs", "g's", "gravity", "g-force", "gforce"),
    "mg": ("milli-g", "millig", "milligs", "mgs"),
    "m/s2": ("m/s^2", "m/s/s", "ms-2", "ms^-2", "m*s-2", "m*s^-2", "m.s-2", "m/s**2", "mps2", "m/sec2", "m/sec^2", "ms2"),
    "deg/s": ("dps", "°/s", "º/s", "deg/sec", "degrees/s", "degrees/sec", "degrees/second", "deg*s-1", "deg/s-1", "°/sec", "d/s"),
    "rad/s": ("radians/s", "rad/sec", "rads/s", "radians/sec", "radians/second", "rad*s-1", "rps"),
    "uT": ("µt", "μt", "ut", "microtesla"),
    "s": ("sec", "secs", "second", "seconds"),
    "ms": ("msec", "millis", "millisecond", "milliseconds"),
    "us": ("µs", "μs", "usec", "micros", "microsecond", "microseconds"),
    "ns": ("nsec", "nanos", "nanosecond", "nanoseconds"),
}  # fmt: skip
_SPELLED = {spelling: unit for unit, spellings in _SPELLINGS.items() for spelling in (unit.lower(), *spellings)}


@dataclass(frozen=True)
class Header:
    """The names of a table's columns. names: one per column; empty for a table without a header. width: number of columns."""

    names: tuple[str, ...]
    width: int

    def position(self, stated: str) -> int | None:
        """Index of a column stated by its name, or by its number counted from 1; None when there is no such column."""
        if stated in self.names:
            return self.names.index(stated)
        bare = [i for i, name in enumerate(self.names) if split_unit(name)[0] == stated]
        if len(bare) == 1:
            return bare[0]
        return int(stated) - 1 if stated.isdecimal() and len(stated) < 6 and 1 <= int(stated) <= self.width else None

    def __str__(self) -> str:
        names = ", ".join(shown(name) for name in self.names[:30])
        more = f" and {self.width - 30} more" if self.width > 30 else ""
        return names + more if self.names else f"{self.width} columns without a header"


def shown(text: str, most: int = 40) -> str:
    """Return text of a file for a message: cut, and without characters that a terminal obeys."""
    return printable(text)[:most]


def split_unit(name: str) -> tuple[str, str | None]:
    """ "accel_x [m/s^2]" -> ("accel_x", "m/s2"); without brackets the unit is None."""
    found = re.fullmatch(r"\s*([^\[(]*?)\s*[\[(](.*?)[\])]\s*", name[:1000])
    if not found or not found[2].strip():
        return name.strip(), None
    return found[1], spell_unit(found[2])


def spell_unit(text: str) -> str:
    """Return a unit as `core.units` spells it, where it is known: "m/(s^2)*" -> "m/s2"; else the text as it is."""
    unit = text.strip()
    plain = re.sub(r"[\s()\[\]{}]", "", unit.lower()).rstrip("*").replace("²", "^2").replace("·", "*").replace("⁻^2", "^-2")
    return _SPELLED.get(plain, unit)


def is_known(unit: str) -> bool:
    """Return whether `core.units` knows a unit."""
    try:
        return bool(quantity(unit))
    except UserError:
        return False


def is_unit(text: str) -> bool:
    """Return whether a cell of a row of units holds one."""
    unit = spell_unit(text.strip().strip("[]()"))
    return is_known(unit) or unit in UNIT_SECONDS


def match_channels(header: Header, sensor: str, channels: Sequence[str]) -> list[int] | None:
    """Return the indices of the columns whose names are those of a sensor's channels; None where they are not all there, once each.

    Arguments:
        sensor: name of an input or a kind of sensor: "accelerometer", "wrist_gyroscope".
    """
    plain = [plain_name(name) for name in header.names]
    for beginning in _beginnings(sensor):
        spellings = [{plain_name(f"{beginning}_{channel}"), plain_name(f"{channel}_{beginning}")} for channel in channels]
        found = [[i for i, name in enumerate(plain) if name in wanted] for wanted in spellings]
        if all(len(one) == 1 for one in found):
            return [one[0] for one in found]
    return None


def match_time(header: Header) -> int | None:
    """Return the index of the column that is named like a time; None where there is none."""
    return next(iter(match_times(header)), None)


def match_times(header: Header) -> list[int]:
    """Return the indices of all columns that are named like a time, the likeliest first."""
    plain = [plain_name(name) for name in header.names]
    spellings = (spelling for known in _TIMES for spelling in (known, *(f"{known}{unit}" for unit in UNIT_SECONDS)))
    return list(dict.fromkeys(at for spelling in spellings for at, name in enumerate(plain) if name == spelling))


@dataclass(frozen=True)
class Triple:
    """Three columns of one sensor.

    Attributes:
        sensor: "accelerometer", "linear acceleration", "gravity", "gyroscope" or "magnetometer".
        base: what the three names have in common, in plain letters: "wristacc".
        places: positions of x, y and z.
        unit: as the names say; None where they do not.
    """

    sensor: str
    base: str
    places: tuple[int, int, int]
    unit: str | None


def find_triples(names: Sequence[str], units: Sequence[str | None]) -> list[Triple]:
    """Return the columns that belong together as x, y and z of a sensor, by their names.

    Arguments:
        names: of all columns, without brackets. units: of them, where they are known.
    """
    groups: dict[tuple[str, str], dict[str, list[int]]] = {}
    stated = [unit or _suffix_unit(name) for name, unit in zip(names, units, strict=True)]
    for i, name in enumerate(names):
        for base, axis in _axes_of(name):
            what = quantity(unit) if (unit := stated[i]) and is_known(unit) else ""
            groups.setdefault((base, what), {}).setdefault(axis, []).append(i)
    found = []
    for (base, what), axes in groups.items():
        sensor = _sensor_of(base, what)
        if sensor and all(len(axes.get(axis, ())) == 1 for axis in "xyz"):
            places = (axes["x"][0], axes["y"][0], axes["z"][0])
            if len({stated[place] for place in places}) == 1:
                found.append(Triple(sensor, base, places, stated[places[0]]))
    # Bare x, y, z beside a named sensor are its repetition, or something else.
    named = {one.sensor for one in found if one.base not in _BARE}
    return [one for one in found if one.base not in _BARE or one.sensor not in named]


def sensor_of_word(word: str) -> tuple[str | None, str | None]:
    """Return the sensor, and the unit if it says one, that a cell names: "accel_g" -> ("accelerometer", "g"); None, None of other text."""
    *words, last = re.split(r"[\s_.-]+", word.strip().lower())
    unit = _UNIT_SUFFIXES.get(last) if words else None
    plain = re.sub(r"[^a-z0-9]", "", "".join(words) if unit else word.lower())
    kind = next((kind for kind, names in _KINDS if any(name in plain for name in names)), None)
    return kind, unit if kind else None


def time_unit(name: str) -> str | None:
    """ "time [ms]", "timestamp_ms" -> "ms"; "seconds_elapsed" -> "s"; otherwise None."""
    bare, unit = split_unit(name)
    unit = unit or (bare.lower().rsplit("_", 1)[-1] if "_" in bare else None)
    known = {"secondselapsed": "s", "millis": "ms", "micros": "us"}.get(plain_name(bare))
    if known:
        return known
    return unit if unit in UNIT_SECONDS else None


def plain_name(name: str) -> str:
    """Normalise a name: lower case, no unit, no "_list", only letters and digits: "Accel_X_list [g]" -> "accelx"."""
    return re.sub(r"[^a-z0-9]", "", re.sub(r"_list$", "", split_unit(name)[0].lower()))


_BARE = ("", "axis", "value", "values", "data", "raw", "sensor")
_UNIT_SUFFIXES = {
    "g": "g", "mg": "mg", "ms2": "m/s2", "mps2": "m/s2", "mss": "m/s2", "dps": "deg/s", "degs": "deg/s", "rads": "rad/s", "rps": "rad/s",
    "ut": "uT",
}  # fmt: skip


def _suffix_unit(name: str) -> str | None:
    """ "acc_x_mg" -> "mg"; None where the last word is no unit."""
    words = re.split(r"[\s_.-]+", name.strip().lower())
    return _UNIT_SUFFIXES.get(words[-1]) if len(words) > 1 and words[-2][-1:] in ("x", "y", "z") else None


def _axes_of(name: str) -> list[tuple[str, str]]:
    """Return how a name may be a sensor's and an axis': "Accel_X" -> [("accel", "x")]."""
    words = re.split(r"[\s_.-]+", re.sub(r"_list$", "", name.strip().lower()))
    if _suffix_unit(name):
        words.pop()
    plain = re.sub(r"[^a-z0-9]", "", "".join(words))
    ends = re.fullmatch(r"(.*?)(?:axis)?([xyz])(?:axis)?", plain)
    begins = re.fullmatch(r"([xyz])(?:axis)?(.*)", plain)
    found = [(ends[1], ends[2])] if ends else []
    if begins and (begins[2], begins[1]) not in found and not (ends and ends[1] == ""):
        found.append((begins[2], begins[1]))
    return found


def _sensor_of(base: str, what: str) -> str | None:
    """Return the sensor of columns whose names have `base` in common; what: the quantity of their unit, where it is known."""
    kind = next((kind for kind, words in _KINDS if any(word in base for word in words)), None) or _LETTERS.get(base)
    if what == "acceleration" and kind in (None, "gyroscope"):
        kind = "accelerometer" if base in (*_BARE, "g") else kind
    if what == "angular velocity" and kind in (None, "accelerometer"):
        kind = "gyroscope" if base in (*_BARE, "a", "w", "g", "v") else kind
    measured = {"gyroscope": "angular velocity", "magnetometer": "magnetic field"}.get(kind or "", "acceleration")
    return kind if not what or what == measured else None


# What names hold, the more special first: "linear acceleration" is an acceleration too.
_KINDS = (
    ("linear acceleration", ("linear", "linacc", "lineal", "linaire", "useracc", "freeacc", "withoutg", "nograv", "motionuser", "bodyacc")),
    ("gravity", ("gravity", "grav")),
    ("gyroscope", ("gyr", "rotation", "angular", "angvel", "omega")),
    ("magnetometer", ("mag", "compass")),
    ("accelerometer", ("acc", "gforce", "beschl", "aceler")),
)
_LETTERS = {
    **dict.fromkeys((*_BARE, "a", "ac", "gf"), "accelerometer"),
    **dict.fromkeys(("g", "gy", "w"), "gyroscope"),
    "m": "magnetometer",
}


def _beginnings(name: str) -> tuple[str, ...]:
    """Return the prefixes to try: the sensor's own name, then the usual ones of its kind ("wrist_gyroscope" is a gyroscope)."""
    kind = next((kind for kind in _BEGINNINGS if kind in name), None)
    return (name, *(_BEGINNINGS[kind] if kind else ("",)))
