"""Damage files as accidents and attackers do: bytes, lines, cells, numbers, nesting, and the parts of archives."""

from __future__ import annotations

import gzip
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Sequence
from random import Random

# Values that parsers fall over.
TOKENS: tuple[bytes, ...] = (
    *(b"0", b"-0", b"1", b"-1", b"1e308", b"-1e308", b"1e-308", b"1e999", b"NaN", b"nan", b"inf", b"-inf", b"Infinity", b"0.1", b"1e5"),
    *(b"2147483647", b"2147483648", b"-2147483649", b"4294967296", b"9223372036854775807", b"9223372036854775808", b"1" + b"0" * 400),
    *(b"9" * 5000, b"0x", b"0b", b"+0x", b"1_000", b"1,5", b"\xd9\xa3", b"1:2:3", b"1.2.3", b"--1", b"1e", b".", b"-", b"+", b"~"),
    *(b"\x00", b"\x00" * 50, b"\x1b[31m", b"\x1b]0;x\x07", b"\x9b2J", b"\r", b"\n", b"\r\n", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xff"),
    *("\u202e".encode(), "\u2028".encode(), "\ufeff".encode(), "µ".encode(), "낙상".encode(), b"\xed\xa0\x80", b"\xc3", b"\xef\xbb\xbf"),
    *(
        b"",
        b" ",
        b"\t",
        b",",
        b";",
        b",,,,",
        b'"',
        b'""',
        b"'",
        b"\\",
        b"/",
        b"../../etc/passwd",
        b"/dev/zero",
        b"..",
        b"%s",
        b"%n",
        b"{}",
        b"[]",
    ),
    *(b"null", b"true", b"false", b"None", b"yes", b"!!int ''", b"!!float x", b"!!timestamp ''", b"!!bool x", b"!!binary x", b"!!set {a}"),
    *(b"!!python/object/apply:os.system [x]", b"2024-02-30", b"2001-12-14t21:59:43.10-99:99", b"0001-01-01T00:00:00+23:59", b"9999-12-31"),
    *(b"1970-01-01 00:00:00", b"24:00:00", b"12:61", b"<<: *a", b"&a", b"*a", b"[x](javascript:alert(1))", b"<script>", b"| a |", b"# x"),
    *(
        b"A" * 5000,
        b"a," * 3000,
        b"[" * 500,
        b"{" * 500,
        b"- " * 200,
        b"]" * 20,
        b"((",
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
        b"\x80\x00\x00\x00",
    ),
)
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_CELLS = re.compile(rb"([,;:\t ])")
_MOST = 60_000  # bytes of an input


def mutate(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Return `data` with one to eight kinds of damage. others: further files of its kind, to take pieces from."""
    if data[:4] == b"PK\x03\x04" and random.random() < 0.6:
        data = _in_zip(data, others, random)
    elif data[:2] == b"\x1f\x8b" and random.random() < 0.6:
        data = gzip.compress(mutate(_unpacked(data), [], random), 1, mtime=0)
    elif data[:8] == b"\x89PNG\r\n\x1a\n" and random.random() < 0.6:
        data = _in_png(data, random)
    else:
        for _ in range(min(8, 1 + int(random.expovariate(0.7)))):
            data = random.choice(_WAYS)(data, others, random)
    return data[:_MOST]


def _flip(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _cut(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)] if random.random() < 0.7 else data[random.randrange(len(data) + 1) :]


def _insert(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(TOKENS) + data[at + random.choice((0, 0, 1, 4)) :]


def _number(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Replace a number, or all equal ones."""
    found = list(_NUMBER.finditer(data[:_MOST]))
    if not found:
        return _insert(data, others, random)
    one, new = random.choice(found), random.choice(TOKENS)
    if random.random() < 0.2:
        return data.replace(one[0], new, 50)
    if random.random() < 0.3:
        new = one[0] + random.choice((b"0" * 3, b"e9", b"e300", b"e-9", b".5", b"9" * 30))
    return data[: one.start()] + new + data[one.end() :]


def _cell(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Replace, swap, double or drop what stands between two separators."""
    lines = data.split(b"\n")
    row = random.randrange(len(lines))
    parts = _CELLS.split(lines[row])
    at = random.randrange(len(parts))
    way = random.randrange(4)
    if way == 0:
        parts[at] = random.choice(TOKENS)
    elif way == 1:
        other = random.randrange(len(parts))
        parts[at], parts[other] = parts[other], parts[at]
    elif way == 2:
        parts[at : at + 1] = [parts[at]] * random.choice((2, 3, 40))
    else:
        del parts[at : at + 2]
    lines[row] = b"".join(parts)
    return b"\n".join(lines)


def _column(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Replace one cell of every line, as a broken sensor does."""
    new, at = random.choice(TOKENS), random.randrange(8)
    lines = []
    for line in data.split(b"\n")[:2000]:
        cells = line.split(b",")
        if len(cells) > at and line:
            cells[at] = new
        lines.append(b",".join(cells))
    return b"\n".join(lines)


def _lines(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Double, drop, move or repeat lines."""
    lines = data.split(b"\n")
    at, to = random.randrange(len(lines)), random.randrange(len(lines))
    way = random.randrange(5)
    if way == 0:
        lines.insert(to, lines[at])
    elif way == 1:
        del lines[at : at + random.choice((1, 1, 2, 10))]
    elif way == 2:
        lines[at], lines[to] = lines[to], lines[at]
    elif way == 3:
        lines[at:at] = lines[at : at + 5] * random.choice((2, 20))
    else:
        lines.insert(at, random.choice(TOKENS))
    return b"\n".join(lines)


def _splice(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    other = random.choice(others) if others else data
    return data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other) + 1) :]


def _block(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Double, drop or move a block of bytes."""
    first, second = sorted((random.randrange(len(data) + 1), random.randrange(len(data) + 1)))
    block = data[first:second][: random.choice((4, 16, 200, 4000))]
    way = random.randrange(3)
    if way == 0:
        return data[:first] + block * random.choice((2, 2, 50)) + data[first + len(block) :]
    if way == 1:
        return data[:first] + data[first + len(block) :]
    at = random.randrange(len(data) + 1)
    return data[:at] + block + data[at:]


def _nest(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    first, last = random.choice(((b"[", b"]"), (b"{a: ", b"}"), (b'{"a":', b"}"), (b"- ", b""), (b"(", b")"), (b"<a>", b"</a>")))
    depth, at = random.choice((2, 20, 70, 1000, 5000)), random.randrange(len(data) + 1)
    return data[:at] + first * depth + data[at:] + last * random.choice((0, depth))


def _word(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Put words or a whole encoding in place of another."""
    way = random.randrange(5)
    if way == 0:
        try:
            return data.decode().encode(random.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp1252")), "replace")
        except UnicodeDecodeError:
            return data
    if way == 1:
        return data.replace(b",", random.choice((b";", b"\t", b" ", b"|", b",,")))
    if way == 2:
        return data.replace(b"\n", random.choice((b"\r\n", b"\r", b"\n\n", b"", b"\x00\n")))
    if way == 3:
        return data.replace(b".", random.choice((b",", b"", b"..")))
    return data.upper() if random.random() < 0.5 else data[::-1]


_Way = Callable[[bytes, Sequence[bytes], Random], bytes]
_WAYS: tuple[_Way, ...] = (
    *(
        _flip,
        _flip,
        _cut,
        _insert,
        _insert,
        _number,
        _number,
        _number,
        _cell,
        _cell,
        _cell,
        _column,
        _lines,
        _lines,
        _splice,
        _block,
        _nest,
        _word,
    ),
)


def _in_zip(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Damage the content or the name of one part, and pack everything again so that its checksums are right."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:
        return _flip(data, others, random)
    if not parts:
        return data
    at = random.randrange(len(parts))
    name, content = parts[at]
    if random.random() < 0.85:
        parts[at] = name, mutate(content, [one for _, one in parts], random)
    else:
        new = random.choice(("../../x.csv", "/etc/x.csv", "/", "a" * 300, "x\x1b[31m.csv", "a\\b.csv", ".hidden", name + "/"))
        parts[at : at + 1] = random.choice(([(new, content)], [(name, content)] * 2, []))
    out = io.BytesIO()
    with (
        warnings.catch_warnings(action="ignore"),
        zipfile.ZipFile(
            out, "w", random.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
        ) as archive,
    ):
        for one, content in parts:
            info = zipfile.ZipInfo(one, (1980, 1, 1, 0, 0, 0))
            info.compress_type = archive.compression
            archive.writestr(info, content)
    packed = out.getvalue()
    return _flip(packed, others, random) if random.random() < 0.2 else packed


def _unpacked(data: bytes) -> bytes:
    try:
        return gzip.decompress(data)
    except Exception:
        return data


def _in_png(data: bytes, random: Random) -> bytes:
    """Damage one chunk and correct its length and checksum."""
    chunks, at = [], 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    if not chunks:
        return _flip(data, [], random)
    at = random.randrange(len(chunks))
    name, body = chunks[at]
    way = random.randrange(4)
    if way == 0:
        del chunks[at]
    elif way == 1:
        chunks.insert(at, random.choice(chunks))
    elif way == 2:
        chunks.insert(at, (random.choice((b"eXIf", b"acTL", b"iCCP", b"zTXt", b"PLTE", b"IDAT")), random.choice(TOKENS)))
    else:
        chunks[at] = name, _flip(body, [], random) if body else random.choice(TOKENS)
    packed = [len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big") for name, body in chunks]
    return data[:8] + b"".join(packed)
