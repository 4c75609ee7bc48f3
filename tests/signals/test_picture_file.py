"""Picture files through the door: upright, refused by their heads, one clear line for everything else."""

from __future__ import annotations

import contextlib
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.stills import still, write

from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.signals import picture_file
from featherfall.signals.picture_file import is_image_file, load_picture
from featherfall.signals.picture_head import PictureHeader, read_header, strip_png
from featherfall.signals.video import is_image, probe, read_frames

ENDINGS = (".png", ".jpg", ".bmp", ".webp")
QUADRANTS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255))


def quadrants() -> np.ndarray:
    """(24, 32, 3): red, green / blue, white."""
    return np.array(QUADRANTS, np.uint8).reshape(2, 2, 3).repeat(12, 0).repeat(16, 1)


def image_of(path: Path) -> np.ndarray:
    return next(read_frames(Video(path, images=True))).image


@pytest.mark.parametrize("ending", ENDINGS)
def test_each_kind_is_a_film_of_one_picture(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / f"a{ending}", quadrants())
    video = Video(path, images=True, start=3.0)
    frames = list(read_frames(video))
    assert [frame.time for frame in frames] == [3.0] and is_image(video) and is_image_file(path)
    assert np.abs(frames[0].image.astype(int) - quadrants()).mean() < 6
    facts = probe(video)
    assert (facts.width, facts.height, facts.frames, facts.duration, facts.rotation) == (32, 24, 1, 0.0, 0)
    assert read_header(path.read_bytes()) == PictureHeader(facts.codec, 32, 24)


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("orientation", range(2, 9))
def test_turned_and_mirrored_pictures_come_upright(tmp_path: Path, ending: str, orientation: int) -> None:
    from PIL import Image, ImageOps

    path = write(tmp_path / f"a{ending}", quadrants(), orientation)
    with Image.open(path) as opened:
        upright = np.asarray(ImageOps.exif_transpose(opened).convert("RGB"))
    assert image_of(path).shape == upright.shape and np.abs(image_of(path).astype(int) - upright).mean() < 6
    facts = probe(Video(path, images=True))
    turn = {3: 180, 4: 180, 5: 270, 6: 270, 7: 90, 8: 90}.get(orientation, 0)
    assert (facts.height, facts.width) == upright.shape[:2] and facts.rotation == turn


def test_the_content_counts_not_the_name(tmp_path: Path) -> None:
    png = still(tmp_path / "a.png")
    png.rename(tmp_path / "a.jpg")
    assert image_of(tmp_path / "a.jpg").shape == (30, 40, 3)


def refused(path: Path, match: str) -> None:
    for look in (lambda: list(read_frames(Video(path, images=True))), lambda: probe(Video(path, images=True))):
        with pytest.raises(UserError, match=match) as caught:
            look()
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    for name, data, match in (
        ("text.jpg", b"This is a line of text.\n", "not a picture"),
        ("empty.png", b"", "the file is empty"),
        ("gif.png", b"GIF89a" + bytes(40), "not a picture"),
        ("sound.webp", b"RIFF" + bytes(4) + b"WAVE" + bytes(40), "not a picture"),
        ("head.png", b"\x89PNG\r\n\x1a\n", "damaged or cut short"),
        ("head.jpg", b"\xff\xd8", "damaged or cut short"),
        ("head.bmp", b"BM1", "damaged or cut short"),
        ("head.webp", b"RIFF\0\0\0\0WEBPVP8 \x0a\0\0\0", "damaged or cut short"),
    ):
        (tmp_path / name).write_bytes(data)
        refused(tmp_path / name, match)
    refused(tmp_path / "nowhere.jpg", "no such file")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_picture_cut_short_is_refused(tmp_path: Path, ending: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    path = write(tmp_path / f"a{ending}", noise)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    refused(path, "damaged or cut short")


def png_bomb(side: int) -> bytes:
    """A PNG that claims `side` x `side` pixels in a few bytes."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
    body = b"".join(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def test_what_a_png_does_not_need_is_never_unpacked(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.png", quadrants()).read_bytes()
    packed = zlib.compress(bytes(100_000))
    text = chunk(b"zTXt", b"a\0\0" + packed) + chunk(b"iCCP", b"a\0\0" + packed)
    longer = whole[:33] + text + whole[33:]  # after the head of 8 + 25 bytes
    assert strip_png(longer) == strip_png(whole) == whole
    (tmp_path / "a.png").write_bytes(longer)
    assert (image_of(tmp_path / "a.png") == quadrants()).all()
    (tmp_path / "a.mp4").write_bytes(longer)
    with pytest.raises(UserError, match=r"a\.mp4: a PNG picture, not a film"):
        list(read_frames(Video(tmp_path / "a.mp4")))
    (tmp_path / "a.png").write_bytes(whole[:33] + chunk(b"IDAT", bytes(20_000)) + whole[33:])  # 24 x 32 pixels need 2 kB
    refused(tmp_path / "a.png", "damaged or cut short")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png(tmp_path: Path, mode: str) -> None:
    from PIL import Image

    image = Image.fromarray(quadrants()).convert("L" if mode == "I;16" else mode)
    (Image.fromarray(np.asarray(image).astype(np.uint16) * 257) if mode == "I;16" else image).save(tmp_path / "a.png")
    assert abs(image_of(tmp_path / "a.png").mean() - np.asarray(image.convert("RGB")).mean()) < 3


def claims(path: Path, old: bytes, new: bytes) -> bytes:
    data = path.read_bytes()
    assert data.count(old) >= 1
    return data.replace(old, new, 1)


def bombs(folder: Path) -> dict[str, bytes]:
    """Each kind with 12 000 x 12 000 in its head."""
    big = 12000
    return {
        "a.png": png_bomb(big),
        "a.jpg": claims(still(folder / "s.jpg"), struct.pack(">HH", 30, 40), struct.pack(">HH", big, big)),
        "a.bmp": claims(still(folder / "s.bmp"), struct.pack("<ii", 40, 30), struct.pack("<ii", big, -big)),
        "a.webp": b"RIFF\0\0\0\0WEBPVP8L\x08\0\0\0" + b"\x2f" + struct.pack("<I", (big - 1) | (big - 1) << 14) + bytes(3),
        "b.webp": b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0" + b"\x02\0\0\0" + 2 * (big - 1).to_bytes(3, "little"),
        "c.webp": b"RIFF\0\0\0\0WEBPVP8 \x0a\0\0\0" + bytes(6) + struct.pack("<HH", big, big),
    }


def test_a_bomb_is_refused_by_its_head_and_never_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = bombs(tmp_path)
    monkeypatch.setattr(picture_file, "load_av", lambda _: None)  # nothing that could decode
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        refused(tmp_path / name, "12000 x 12000, more than 50 million pixels; scale it down")


def test_a_file_too_large_for_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_file, "MAX_BYTES", 100)
    refused(still(tmp_path / "a.bmp"), "larger than .* leave it out")


def test_animated_pictures(tmp_path: Path) -> None:
    from PIL import Image

    pictures = [Image.fromarray(np.full((30, 40, 3), 40 * i, np.uint8)) for i in range(1, 4)]
    for name in ("a.webp", "a.png"):
        pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], duration=100)
    refused(tmp_path / "a.webp", "an animated picture")
    assert abs(image_of(tmp_path / "a.png").mean() - 40) < 1  # an animated PNG holds a still one, too
    head = read_header((tmp_path / "a.png").read_bytes())
    assert head is not None and head.animated


def test_a_folder_of_turned_pictures_is_a_film(tmp_path: Path) -> None:
    for i in range(3):
        write(tmp_path / f"{i}.jpg", quadrants(), 6)
    video = Video(tmp_path, images=True, rate=2.0)
    assert [frame.image.shape for frame in read_frames(video)] == [(32, 24, 3)] * 3 and probe(video).rotation == 270


@settings(max_examples=60)
@given(ending=st.sampled_from(ENDINGS), where=st.floats(0, 1), garbage=st.binary(min_size=1, max_size=12), orientation=st.integers(1, 8))
def test_whatever_is_broken_gives_a_picture_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, ending: str, where: float, garbage: bytes, orientation: int
) -> None:
    path = write(tmp_path_factory.mktemp("broken") / f"a{ending}", quadrants(), 1 if ending == ".bmp" else orientation)
    data = path.read_bytes()
    at = int(where * len(data))
    path.write_bytes(data[:at] + garbage + data[at + len(garbage) :])
    with contextlib.suppress(UserError):  # anything else is a bug
        frame, head = load_picture(path)
        assert frame.width * frame.height <= 50_000_000 and 1 <= head.orientation <= 8


@given(st.sampled_from((b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"BM", b"RIFF\0\0\0\0WEBP", b"")), st.binary(max_size=200))
def test_a_head_of_any_bytes(magic: bytes, rest: bytes) -> None:
    head = read_header(magic + rest)
    assert head is None or (head.width >= 0 and head.height >= 0 and 1 <= head.orientation <= 8)


def test_a_png_cut_anywhere_in_its_head(tmp_path: Path) -> None:
    whole = still(tmp_path / "a.png").read_bytes()
    for length in range(8, 60):
        (tmp_path / "b.png").write_bytes(whole[:length])
        refused(tmp_path / "b.png", "damaged or cut short")
