from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.app.conftest import FILM, WATCH
from tests.films import gray_film
from tests.runtime.tiny import write_bundle, write_csv

from featherfall.app import film_copy
from featherfall.app.analysers.dispatch import ANALYSERS, SUFFIXES_BY_MEDIA, analyse_file, media_type, page_message
from featherfall.app.analysis import Analysis, Cancelled, TaskProgress, downsample_peaks, percent, short_clock
from featherfall.app.models import KINDS_BY_MEDIA, OfferedModel, choose_model, open_models
from featherfall.core.errors import UserError
from featherfall.core.recording import Video
from featherfall.recorders.reading import ReadOptions
from featherfall.runtime.bundle import Bundle
from featherfall.signals.video import read_frames


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


@pytest.fixture(scope="module")
def seen(film: Path, models: list[OfferedModel], tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """A simulated fall on film, watched."""
    return analyse_file(film, film.name, models, tmp_path_factory.mktemp("seen"))


def test_a_watch(models: list[OfferedModel], place: Path) -> None:
    shown = analyse_file(WATCH, "mine.csv", models, place)
    assert (shown.model, shown.file, shown.threshold) == ("watch", "mine.csv", 0.5)
    assert shown.signal is not None and shown.signal[:, 1].max() > 3
    (fall,) = shown.decide(0.5)
    assert fall.kind == "possible fall" and 2 < fall.time_s < 5 and fall.text.startswith("Possible fall at 0:0")
    assert shown.headline([fall]) == "One possible fall" and shown.headline([]) == "No fall found"
    document = json.loads(shown.to_json(0.5))
    assert document["file"] == "mine.csv" and len(document["events"]) == 1
    assert shown.to_csv(0.5).splitlines()[0] == "start_s,peak_s,confidence,raised_s" and len(shown.to_csv(0.5).splitlines()) == 2


def test_another_threshold_runs_no_model(models: list[OfferedModel], place: Path, seen: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = analyse_file(WATCH, WATCH.name, models, place)

    def refuse(*_: object) -> None:
        raise AssertionError("the model ran again")

    monkeypatch.setattr(Bundle, "probabilities", refuse)
    for shown in (watch, seen):
        top = max(float(curve.values.max()) for curve in shown.curves)
        assert shown.decide(0.0) and not shown.decide(min(top + 1e-4, 1.0 + 1e-4))
        assert len(shown.decide(top)) == 1


def test_a_film(models: list[OfferedModel], seen: Analysis, film: Path) -> None:
    from featherfall.runtime.watch import watch_film

    camera = choose_model(models, "film")
    by_runtime = watch_film(film, camera.bundle)
    found = seen.decide(seen.threshold or 0)
    assert [one.facts["raised_s"] for one in found] == [round(fall.raised_s, 3) for fall in by_runtime.falls] and len(found) == 1
    assert "still down" in found[0].text or "got up" in found[0].text or found[0].facts["state"] == "possible fall"
    assert seen.media.film is not None and seen.media.poses is not None and seen.draw is not None
    poses = json.loads(seen.media.poses.read_text())
    assert len(poses["times"]) == len(poses["people"]) == by_runtime.pictures and (poses["width"], poses["height"]) == (480, 480)
    assert {len(person) for people in poses["people"] for person in people} == {2 + 3 * 17}
    copy = list(read_frames(Video(seen.media.film)))
    assert len(copy) == by_runtime.pictures and copy[0].image.mean() > 60


def test_private_keeps_no_picture(models: list[OfferedModel], film: Path, place: Path) -> None:
    shown = analyse_file(film, film.name, models, place, private=True)
    assert shown.media.film is not None and max(int(frame.image.max()) for frame in read_frames(Video(shown.media.film))) < 8
    assert shown.draw is not None
    drawn = shown.draw(place / "drawn.mp4", 0.5, False, TaskProgress())  # what was not kept cannot be drawn, whatever is asked
    frame = next(iter(read_frames(Video(drawn))))
    assert frame.image[:400].mean() < 40


def test_the_annotated_film(seen: Analysis, tmp_path: Path) -> None:
    assert seen.draw is not None
    frames = list(read_frames(Video(seen.draw(tmp_path / "out.mp4", 0.6, False, TaskProgress()))))
    assert frames[0].image.shape == (562, 480, 3) and frames[-1].time == pytest.approx(seen.seconds, abs=0.2)


def test_columns_and_units_can_be_stated(models: list[OfferedModel], place: Path, tmp_path: Path) -> None:
    rows = [line.split(",") for line in WATCH.read_text().splitlines()[1:]]
    text = "\n".join(f"{1000 * float(t):.1f},{','.join(str(9.80665 * float(v)) for v in rest)}" for t, *rest in rows)
    file = tmp_path / "odd.csv"
    file.write_text("wann,rechts,vorn,oben\n" + text + "\n")
    with pytest.raises(UserError, match="no columns found for 'accelerometer'") as error:
        analyse_file(file, "odd.csv", models, place)
    assert "--" not in str(error.value) and str(error.value).endswith('see "How the table is read"')
    table = ReadOptions({"accelerometer": ["rechts", "vorn", "oben"]}, {"accelerometer": "m/s2"}, "wann", "ms")
    as_stated = analyse_file(file, "odd.csv", models, place, table=table)
    assert [one.time_s for one in as_stated.decide(0.5)] == pytest.approx(
        [one.time_s for one in analyse_file(WATCH, "w.csv", models, place).decide(0.5)], abs=0.02
    )


def test_the_page_says_which_unit_to_choose_and_what_the_file_was_read_as(models: list[OfferedModel], place: Path, tmp_path: Path) -> None:
    rows = [line.split(",") for line in WATCH.read_text().splitlines()[1:]]
    file = tmp_path / "lies.csv"
    lines = [f"{t},{','.join(str(9.80665 * float(v)) for v in rest)}" for t, *rest in rows]
    file.write_text("\n".join(["time,x (g),y (g),z (g)", *lines]))
    with pytest.raises(UserError, match=r"^lies\.csv: .*so the unit is m/s2, not g; state \"Unit of accelerometer\" m/s2; see \""):
        analyse_file(file, file.name, models, place)
    file.write_text("\n".join(["time,x,y,z", *(f"{t},{','.join(str(round(5000 * float(v))) for v in rest)}" for t, *rest in rows)]))
    with pytest.raises(UserError, match=r"\"Counts for 1 g\" [\d.e+]+; see \"How"):
        analyse_file(file, file.name, models, place)
    shown = analyse_file(file, file.name, models, place, table=ReadOptions(counts_per_g=5000))
    assert shown.notes[-1].startswith("Read as: raw counts; accelerometer; 5000 counts a g; ")


def test_columns_of_an_uploaded_table(tmp_path: Path) -> None:
    pytest.importorskip("gradio")
    from featherfall.app.pages.file_fields import table_columns

    (tmp_path / "a.csv").write_text("sep=;\nzeit;x [g];y [g]\n0,02;1;2\n0,04;1;2\n")
    assert table_columns(tmp_path / "a.csv") == ["zeit", "x [g]", "y [g]"]
    (tmp_path / "b.csv").write_text("1,2\n3,4\n")
    assert table_columns(tmp_path / "b.csv") == ["1", "2"]
    (tmp_path / "c.csv").write_bytes(bytes(range(256)))
    assert table_columns(tmp_path / "c.csv") == table_columns(tmp_path / "none.csv") == []


def bomb(path: Path) -> Path:
    """A PNG of 100 million pixels in some bytes, by its head."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 10_000, 10_000, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b""))
    return path


def text_named(name: str, text: str = "no such thing\n") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_text(text)
        return folder / name

    return write


FLAT = "t,x,y,z\n" + "".join(f"{k / 50},{0.001 * (k % 7)},{0.001 * (k % 5)},0.00{k % 3}\n" for k in range(200))
BAD = {
    "a text file named .jpg": (text_named("photo.jpg"), "not a picture"),
    "a text file named .mp4": (text_named("film.mp4"), "not a film"),
    "a 100-megapixel bomb": (lambda folder: bomb(folder / "bomb.png"), "more than 50 million pixels"),
    "an empty CSV": (text_named("empty.csv", ""), "empty"),
    "wrong columns": (text_named("wrong.csv", "a,b,c\n1,2,3\n2,3,4\n"), "no columns found"),
    "gravity removed": (text_named("flat.csv", FLAT), "gravity"),
    "something else": (text_named("book.pdf"), "neither a film"),
    "an empty film": (text_named("none.mp4", ""), "empty"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_files_are_one_line_that_names_them(what: str, models: list[OfferedModel], place: Path, tmp_path: Path) -> None:
    pytest.importorskip("av")
    make, why = BAD[what]
    path = make(tmp_path)
    with pytest.raises(UserError, match=why) as error:
        analyse_file(path, path.name, models, place)
    said = str(error.value)
    assert "\n" not in said and said.startswith(path.name) and str(tmp_path) not in said and "--" not in said


def test_a_long_film_is_refused_before_it_is_analysed(
    models: list[OfferedModel], place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = gray_film(tmp_path / "long.mp4", count=20, rate=1)
    monkeypatch.setattr(film_copy, "MAX_MINUTES", 0.2)
    with pytest.raises(UserError, match=r"long.mp4: 0 min long; this page accepts 0.2 minutes at most"):
        analyse_file(film, film.name, models, place)
    assert film_copy.duration_text(3 * 3600 + 59) == "3 h 1 min"
    unsaid = film_copy.FilmLength("x.ts", 0.0, 1.0)
    unsaid.report(59, TaskProgress(), "watching")
    with pytest.raises(UserError, match="more than 1 minutes"):
        unsaid.report(61, TaskProgress(), "watching")


def test_nobody_in_the_film(models: list[OfferedModel], eyes: None, place: Path, tmp_path: Path) -> None:
    film = gray_film(tmp_path / "room.mp4", count=20, rate=10, size=64, by=10)
    shown = analyse_file(film, film.name, models, place)
    assert shown.decide(0.5) == () and shown.headline(()) == "Unknown: this could not be judged" and shown.label == "unknown"
    assert "nobody was seen in any picture, which is not the same as no fall" in shown.notes
    assert json.loads(shown.to_json(0.5))["label"] == "unknown"


def test_a_recording_that_the_model_gives_no_numbers_for_is_unknown(place: Path, tmp_path: Path) -> None:
    broken = open_models([write_bundle(tmp_path / "broken", gain=float("nan"))])
    file = write_csv(tmp_path / "fall.csv", 50, ((8.0, 4.0),))
    shown = analyse_file(file, file.name, broken, place)
    assert shown.headline(shown.decide(0.5)) == "Unknown: this could not be judged"
    assert shown.notes[0].startswith("the model gave no probabilities for 1 of 1 windows")


def test_a_picture_for_a_cameras_model_shows_keypoints_only(models: list[OfferedModel], eyes: None, place: Path) -> None:
    from PIL import Image

    frames = list(read_frames(Video(FILM)))
    Image.fromarray(frames[10].image).save(place / "still.png")
    (place / "out").mkdir()
    shown = analyse_file(place / "still.png", "still.png", models, place / "out")
    assert shown.threshold is None and "needs a film" in shown.notes[0] and shown.media.picture is not None
    assert (shown.headline(()), shown.label, shown.judged) == ("1 person was seen", "unknown", False)
    private = analyse_file(place / "still.png", "still.png", models, place / "out", private=True)
    assert private.media.picture is not None and np.asarray(Image.open(private.media.picture))[:300].mean() < 40


def test_a_picture_without_anybody_is_not_given_a_class(models: list[OfferedModel], eyes: None, place: Path) -> None:
    Image = pytest.importorskip("PIL.Image")
    Image.fromarray(np.full((240, 320, 3), 120, np.uint8)).save(place / "wall.png")
    (place / "out").mkdir()
    shown = analyse_file(place / "wall.png", "wall.png", models, place / "out")
    assert (shown.headline(()), json.loads(shown.to_json(0.0))["label"]) == ("Nobody was seen", "unknown")


@pytest.mark.parametrize("threshold", [0.5, None])
@pytest.mark.parametrize("label", ["unknown", "walking", ""])
def test_only_a_judgement_is_headed_as_one(threshold: float | None, label: str) -> None:
    shown = Analysis("model", "file", 1.0, threshold, (), lambda threshold: (), label=label, judged=False)
    assert shown.headline(()) == "Unknown: this could not be judged"


def test_stopping(models: list[OfferedModel], film: Path, place: Path) -> None:
    progress = TaskProgress(lambda share, what: setattr(progress, "stopped", share > 0.2))
    with pytest.raises(Cancelled):
        analyse_file(film, film.name, models, place, progress=progress)
    assert list(place.iterdir()) == []  # the page's copy is written whole or not at all


def test_models(bundles: tuple[Path, Path], models: list[OfferedModel], tmp_path: Path) -> None:
    assert [one.kind for one in models] == ["keypoints", "window"] and models[0].metrics is None and models[1].metrics is not None
    assert [one.name for one in open_models([bundles[0], bundles[0]])] == ["camera", "camera 2"]
    with pytest.raises(UserError, match="no open model accepts films"):
        choose_model(models[1:], "film")
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(UserError, match="has no bundle yet"):
        open_models([tmp_path])
    with pytest.raises(UserError, match="does not accept such files; choose 'watch"):
        analyse_file(WATCH, WATCH.name, models, tmp_path, model=models[0])


def test_every_accepted_kind_of_every_type_has_an_analyser() -> None:
    assert {media: set(kinds) for media, kinds in KINDS_BY_MEDIA.items()} == {media: set(by_kind) for media, by_kind in ANALYSERS.items()}
    assert set(ANALYSERS) == set(SUFFIXES_BY_MEDIA)


def test_small_things() -> None:
    assert (media_type("A.MOV"), media_type("x.jpeg"), media_type("t.CSV")) == ("film", "picture", "table")
    assert (short_clock(63.44), short_clock(3723.0), short_clock(-1)) == ("1:03.4", "1:02:03.0", "0:00.0")
    assert (percent(0.999), percent(1.0), percent(0.5)) == ("99%", "100%", "50%")
    times, values = downsample_peaks(np.arange(10_000.0), np.r_[np.zeros(5000), 9, np.zeros(4999)], 100)
    assert len(times) == 100 and values.max() == 9


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("bad; state --columns a=x,y,z and --time NAME, or --rate HZ", 'bad; state "a" x,y,z and "Time column", or "Rate"'),
        ("state --unit a=m/s2 or --unit a=mg", 'state "Unit of a" m/s2 or "Unit of a" mg'),
        ("state the unit, probably --time-unit ms", 'state the unit, probably "Unit of the time" ms'),
        ("state --dates dmy (day first)", 'state "Order of day and month" dmy (day first)'),
        ("16384 counts a g; --counts-per-g overrules it", '16384 counts a g; "Counts for 1 g" overrules it'),
        ("leave --recorder out", 'leave "Written by" out'),
        ("to take it all the same, add --placement-ok", 'to take it all the same, tick "Judge it wherever it was worn"'),
    ],
)
def test_messages_name_the_pages_fields(message: str, shown: str) -> None:
    assert page_message(f"/x/y.csv: {message}", Path("/x/y.csv"), "y.csv") == f'y.csv: {shown}; see "How the table is read"'


def test_a_films_messages_name_its_fields() -> None:
    said = page_message("/x/y.mp4: use --rotate 90, e.g. --rate 25, or --stream N reads another", Path("/x/y.mp4"), "y.mp4")
    assert said.startswith(
        'y.mp4: use "Turn the film by" 90, e.g. "Rate" 25, or "Number of the video stream" reads another; see "How the film'
    )
    assert page_message("/x/y.mp4: nothing to state", Path("/x/y.mp4"), "y.mp4") == "y.mp4: nothing to state"


def test_a_film_is_turned_as_stated(models: list[OfferedModel], place: Path, film: Path) -> None:
    shown = analyse_file(film, film.name, models, place, rotate=90)
    assert shown.media.film is not None
    (turned, upright) = (next(iter(read_frames(Video(path)))).image.shape for path in (shown.media.film, film))
    assert turned[:2] == upright[1::-1]
