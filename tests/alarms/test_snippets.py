from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest

import featherfall
from featherfall.alarms import AlarmEvent, AlarmMachine, AlarmSettings, Review, Snippet, Trigger
from featherfall.alarms.replay import replay_alarms
from featherfall.alarms.snippets import write_dataset
from featherfall.alarms.store import AlarmStore
from featherfall.cli.main import app
from featherfall.core.errors import UserError
from featherfall.core.files import write_json
from featherfall.datasets.folder import OwnFolder
from featherfall.runtime import load_bundle
from featherfall.runtime.alarm import AlarmMessage, AlarmSubject
from featherfall.runtime.bundle import Bundle

NOW = 1_780_000_000.0
ANNA = AlarmSubject("anna", "Anna")
FALL = Path(featherfall.__file__).parent / "app" / "samples" / "simulated-watch.csv"


@pytest.fixture(scope="module")
def wrist() -> Bundle:
    return load_bundle("wrist")


@pytest.fixture
def store(tmp_path: Path) -> AlarmStore:
    return AlarmStore(tmp_path / "a.db")


def samples(falls: bool) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """20 s at the wrist, g: a simulated fall, or somebody who knocks on a table."""
    if falls:
        table = np.genfromtxt(FALL, delimiter=",", skip_header=1)[:, :4]
        return table[:, 0], {"accelerometer": table[:, 1:4]}
    times = np.arange(0, 20, 0.02)
    values = np.random.default_rng(0).normal(0, 0.01, (len(times), 3))
    values[:, 2] += 1.0
    values[500:502, 2] += 1.5
    return times, {"accelerometer": values}


def snippet(wrist: Bundle, falls: bool, time: float = NOW, episode: int = 1, device: str = "watch") -> Snippet:
    return Snippet.of_samples("anna", device, time, episode, wrist.manifest, samples(falls))


def test_bytes_come_back(wrist: Bundle) -> None:
    one = snippet(wrist, True)
    back = Snippet.from_bytes(one.to_bytes(), "anna", NOW, "watch", 1)
    stream, known = back.streams["accelerometer"], one.streams["accelerometer"]
    np.testing.assert_array_equal(stream.times, known.times)
    np.testing.assert_array_equal(stream.values, known.values)
    assert (stream.unit, stream.rate, stream.placement, stream.channels) == (known.unit, known.rate, "wrist", ("x", "y", "z"))
    assert back.recording.id == f"anna/unknown/watch-{NOW:.3f}" and len(one.to_bytes()) < 40_000


def test_damaged_bytes_are_named(wrist: Bundle) -> None:
    whole = snippet(wrist, True).to_bytes()
    plain = zlib.decompress(whole)
    head = json.loads(plain[8 : 8 + int.from_bytes(plain[:8], "little")])

    def packed(**changes: object) -> bytes:
        text = json.dumps([{**head[0], **changes}]).encode()
        return zlib.compress(len(text).to_bytes(8, "little") + text + plain[8 + len(json.dumps(head)) :])

    bad = [b"", b"x", whole[:-9], zlib.compress(b""), zlib.compress(bytes(40 << 20)), zlib.compress((2).to_bytes(8, "little") + b"[]")]
    bad += [packed(count=10**9), packed(count=-1), packed(channels=[]), packed(name="../x"), packed(rate="x"), packed(count=len(plain))]
    for body in bad:
        with pytest.raises(UserError):
            Snippet.from_bytes(body, "anna", NOW, "watch", 1)


def test_old_snippets_go_and_reviewed_ones_stay(store: AlarmStore, wrist: Bundle) -> None:
    for number in (1, 2, 3):
        store.keep(snippet(wrist, False, NOW + number * 86_400, number))
    store.keep(snippet(wrist, True, NOW + 86_400, 9))  # the same: kept once
    store.review(Review("anna", 1, "no fall", "Ben", NOW))
    store.review(Review("anna", 1, "fall", "Ben", NOW + 1))
    assert [(one.episode, one.time) for one in store.snippets()] == [(1, NOW + 86_400), (2, NOW + 2 * 86_400), (3, NOW + 3 * 86_400)]
    store.prune(NOW + 5 * 86_400, snippet_days=2.5)
    assert [one.episode for one in store.snippets()] == [1, 3] and [one.episode for one in store.snippets(NOW + 2 * 86_400)] == [3]
    assert store.reviews() == {("anna", 1): Review("anna", 1, "fall", "Ben", NOW + 1)}
    store.close()


def test_reviews_become_a_dataset_of_your_own(store: AlarmStore, wrist: Bundle, tmp_path: Path) -> None:
    store.keep(snippet(wrist, True, NOW, 1))
    store.keep(snippet(wrist, False, NOW + 100, 2))
    store.keep(snippet(wrist, False, NOW + 200, 3))
    with pytest.raises(UserError, match="no snippet was reviewed"):
        write_dataset(store.snippets(), store.reviews(), tmp_path / "own")
    store.review(Review("anna", 1, "fall", "Ben", NOW))
    store.review(Review("anna", 2, "no fall", "Ben", NOW))
    assert write_dataset(store.snippets(), store.reviews(), tmp_path / "own") == 2
    dataset = OwnFolder().scan(tmp_path / "own")
    assert [(one.subject, one.activity, one.fall) for one in dataset.sources] == [("anna", "fall", True), ("anna", "no fall", False)]
    stream = dataset.sources[0].read(dataset.sources[0]).streams["accelerometer"]
    known = next(store.snippets()).streams["accelerometer"]
    assert stream.unit == "g" and stream.placement == "wrist" and stream.rate == pytest.approx(known.rate, rel=1e-3)
    np.testing.assert_allclose(stream.values, known.values, atol=1e-4)
    store.close()


def live(store: AlarmStore, machine: AlarmMachine, time: float, *orders: tuple[float, Trigger]) -> list[AlarmMessage]:
    """A possible fall as a household has it, and what people did after so many s."""
    told = machine.advance(time)
    told += machine.handle(AlarmEvent(Trigger.fall, time, "watch", 0.9))
    for after, order in orders:
        told += machine.advance(time + after)
        told += machine.handle(AlarmEvent(order, time + after, by="Ben"))
    told += machine.advance(time + 60)
    store.save("anna", machine.memory, told, [])
    return told


def test_another_threshold_is_tried_on_what_was_kept(store: AlarmStore, wrist: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    """Four possible falls: a fall with an alarm, a knock with an alarm, a fall that was cancelled, and signal that raised nothing."""
    machine = AlarmMachine(AlarmSettings(), ANNA)
    for number, (falls, orders) in enumerate(
        [(True, (30, Trigger.acknowledge)), (False, (30, Trigger.cancel)), (True, (5, Trigger.cancel))], start=1
    ):
        start = NOW + number * 10_000
        live(store, machine, start, orders)
        assert machine.memory.episode == number
        store.keep(snippet(wrist, falls, start, number))
        store.review(Review("anna", number, "fall" if falls else "no fall", "Ben", start))
    store.keep(snippet(wrist, True, NOW + 90_000, 0))
    store.keep(snippet(wrist, True, NOW + 10_001, 1, "second-watch"))  # of the first fall, too
    same = replay_alarms(store, wrist)
    assert [(one.label, one.before, one.after) for one in same.outcomes] == [
        ("fall", "alarm", "alarm"),
        ("no fall", "alarm", "none"),
        ("fall", "countdown", "countdown"),
        ("", "none", "alarm"),
    ]
    assert same.line == "as many alarms, 0 missed"
    high = replay_alarms(store, wrist.at(1.0))
    assert high.line == "2 alarms fewer, 2 missed" and high.count("before", label="no fall") == 1 and high.count("after") == 0
    assert replay_alarms(store, wrist, since=NOW + 80_000).line == "1 alarm more, no fall was reviewed"
    facts = high.to_json()
    assert facts["before"] == {"possible": 3, "alarms": 2, "no fall": 1} and facts["after"] == {"possible": 0, "alarms": 0, "no fall": 0}
    path = Path(store.database.name)
    store.close()
    app(["replay", str(path), "--threshold", "1", "--days", "3650"], standalone_mode=False)
    out = capsys.readouterr().out
    assert out.endswith("2 alarms fewer, 2 missed\n") and "before                         3         2                 1" in out
    home = {"people": [{"name": "anna"}], "sources": [{"name": "s", "kind": "push", "port": 1}], "alarms": {"countdown_s": 60}}
    write_json(path.with_name("bare.yaml"), home)
    write_json(path.with_name("home.yaml"), home | {"store": str(path)})
    app(["replay", str(path.with_name("home.yaml")), "--days", "3650"], standalone_mode=False)
    out = capsys.readouterr().out
    assert out.endswith("1 alarm fewer, 0 missed\n")  # its countdown is longer: the first one would have been acknowledged within it
    with pytest.raises(UserError, match="it names no store"):
        app(["replay", str(path.with_name("bare.yaml"))], standalone_mode=False)
    with pytest.raises(UserError, match="no such file"):
        app(["replay", str(path) + "x"], standalone_mode=False)


def test_an_empty_store(store: AlarmStore, wrist: Bundle) -> None:
    with pytest.raises(UserError, match="holds no snippets"):
        replay_alarms(store, wrist)
    store.close()
