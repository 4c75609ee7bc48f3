"""Streams for inputs: by what they measure and where they are worn, by name where that leaves a choice, as stated above all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from featherfall.clips.mapping import AvailableInput, Choice, choose_streams, fitted_stream, offers, renamed
from featherfall.core.errors import UserError
from featherfall.core.manifest import Input
from featherfall.core.recording import Recording, Stream, Video
from featherfall.core.units import STANDARD_GRAVITY
from featherfall.datasets import Dataset, Source

WRIST = Input(name="accelerometer", unit="g", channels=["x", "y", "z"], placement="wrist")
TURNS = Input(name="gyroscope", unit="deg/s", channels=["x", "y", "z"], placement="wrist")


def acceleration(name: str, placement: str = "") -> AvailableInput:
    return AvailableInput(name, "g", 3, placement)


def turning(name: str, placement: str = "") -> AvailableInput:
    return AvailableInput(name, "deg/s", 3, placement)


BODY = [
    acceleration("wrist_accelerometer", "left wrist"),
    turning("wrist_gyroscope", "left wrist"),
    acceleration("belt_accelerometer", "waist"),
    turning("belt_gyroscope", "waist"),
]


def chosen(offered: list[AvailableInput], choice: Choice | None = None, need: Input = WRIST, usual: list[str] | None = None) -> list[str]:
    found = choose_streams([need], {"body": offered}, choice or Choice(), {need.name: usual or []})
    return [one.name for one in found["body"][need.name]]


def test_by_kind_and_placement() -> None:
    found = choose_streams([WRIST, TURNS], {"body": BODY}, Choice())
    assert {name: [one.name for one in some] for name, some in found["body"].items()} == {
        "accelerometer": ["wrist_accelerometer"],
        "gyroscope": ["wrist_gyroscope"],
    }


def test_each_of_several_datasets_has_its_own() -> None:
    found = choose_streams([WRIST], {"body": BODY, "watch": [acceleration("accelerometer", "wrist")]}, Choice())
    assert [[one.name for one in by_input["accelerometer"]] for by_input in found.values()] == [["wrist_accelerometer"], ["accelerometer"]]


def test_names_decide_where_several_fit() -> None:
    both = [acceleration("second_accelerometer", "waist"), acceleration("accelerometer", "waist")]
    assert chosen(both, need=WRIST.model_copy(update={"placement": "belt"})) == ["accelerometer"]
    watch = [acceleration("watch_accelerometer", "wrist"), acceleration("meta_accelerometer", "wrist")]
    assert chosen(watch, usual=["meta_accelerometer"]) == ["meta_accelerometer"]
    assert chosen(watch, usual=["watch_accelerometer", "meta_accelerometer"]) == ["watch_accelerometer", "meta_accelerometer"]


def test_a_name_does_not_stand_above_the_placement() -> None:
    assert chosen([acceleration("accelerometer", "waist"), acceleration("other", "right wrist")]) == ["other"]


def test_the_same_side_is_nearer() -> None:
    need = WRIST.model_copy(update={"placement": "right wrist"})
    assert chosen([acceleration("a", "left wrist"), acceleration("b", "Right wrist")], need=need) == ["b"]


def test_a_stated_placement_is_nearer_than_none() -> None:
    assert chosen([acceleration("a"), acceleration("b", "left wrist")]) == ["b"]
    assert chosen([acceleration("a")]) == ["a"]


def test_what_is_not_clear_is_asked_with_the_options() -> None:
    with pytest.raises(
        UserError, match=r"several streams fit the input 'accelerometer' \(g, 3 channel\(s\), wrist\): a \(wrist\), b \(wrist\);"
    ) as asked:
        chosen([acceleration("a", "wrist"), acceleration("b", "wrist"), acceleration("c", "waist")])
    assert str(asked.value).endswith("choose one: --map accelerometer=a or --map accelerometer=b")
    for option in ("a", "b"):  # the message does not lead into another refusal
        assert chosen([acceleration("a", "wrist"), acceleration("b", "wrist")], Choice({"accelerometer": option})) == [option]


def test_worn_elsewhere_is_refused_unless_that_is_fine() -> None:
    waist = [acceleration("accelerometer", "waist")]
    with pytest.raises(UserError, match=r"no stream worn at the wrist.*it has accelerometer \(waist\).*add --placement-ok$"):
        chosen(waist)
    assert chosen(waist, Choice(placement_ok=True)) == ["accelerometer"]
    several = [acceleration("belt", "waist"), acceleration("pocket", "right pocket")]
    with pytest.raises(UserError, match=r"add --placement-ok --map accelerometer=belt$"):
        chosen(several)
    assert chosen(several, Choice({"accelerometer": "belt"}, placement_ok=True)) == ["belt"]
    with pytest.raises(UserError, match=r"belt of body: worn at the waist, the model was trained for the wrist .* --placement-ok$"):
        chosen(several, Choice({"accelerometer": "belt"}))


def test_stated_streams_come_first() -> None:
    assert chosen([*BODY, acceleration("watch", "wrist")], Choice({"accelerometer": "watch"})) == ["watch"]
    two = {"body": BODY, "watch": [acceleration("watch", "wrist")]}
    found = choose_streams([WRIST], two, Choice({"accelerometer": "watch | wrist_accelerometer"}))
    assert [[one.name for one in by_input["accelerometer"]] for by_input in found.values()] == [["wrist_accelerometer"], ["watch"]]


@pytest.mark.parametrize(
    ("stated", "complaint"),
    [
        ({"acc": "wrist_accelerometer"}, r"--map acc=wrist_accelerometer: the bundle has no input 'acc'; known: accelerometer"),
        (
            {"accelerometer": "wrist_acc"},
            r"--map accelerometer=wrist_acc: the dataset has no stream 'wrist_acc'; did you mean 'wrist_accelerometer'\?",
        ),
        ({"accelerometer": "wrist_gyroscope"}, r"wrist_gyroscope of body is in deg/s with 3 channel\(s\), the bundle needs g with 3"),
    ],
)
def test_stated_streams_that_cannot_be(stated: dict[str, str], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        chosen(BODY, Choice(stated))


def test_stated_for_one_of_two_datasets_only() -> None:
    two = {"body": BODY, "watch": [acceleration("watch", "wrist")]}
    with pytest.raises(UserError, match=r"watch has none of these streams; add one of watch \(wrist\) after ' \| '"):
        choose_streams([WRIST], two, Choice({"accelerometer": "wrist_accelerometer"}))


def test_nothing_that_measures_the_same() -> None:
    with pytest.raises(UserError, match=r"no stream for the input 'accelerometer'.*it has skeleton in m with 60 channel\(s\)"):
        chosen([AvailableInput("skeleton", "m", 60)])
    with pytest.raises(UserError, match="it has nothing"):
        chosen([])


def test_two_inputs_are_not_one_stream() -> None:
    left, right = (WRIST.model_copy(update={"name": name}) for name in ("left", "right"))
    with pytest.raises(UserError, match="the inputs left and right would both be the stream 'wrist_accelerometer'"):
        choose_streams([left, right], {"body": BODY}, Choice())


def test_films_are_told_by_their_unit() -> None:
    film = Input(name="film", unit="rgb8", channels=["red", "green", "blue"], frames=4, size=16)
    offered = [acceleration("accelerometer", "wrist"), AvailableInput("cam1", "rgb8", 3)]
    assert chosen(offered, need=film) == ["cam1"]
    with pytest.raises(UserError, match="--map film=cam1 or --map film=cam2"):
        chosen([*offered, AvailableInput("cam2", "rgb8", 3)], need=film)


def stream(unit: str = "g", placement: str = "wrist") -> Stream:
    return Stream(np.arange(4) / 50, np.ones((4, 3), np.float32), unit, 50.0, placement, ("x", "y", "z"))


def test_units_are_converted_and_placements_checked_again() -> None:
    """A dataset may wear one stream at two places, as UTD-MHAD does."""
    raw = WRIST.model_copy(update={"unit": "m/s2"})
    np.testing.assert_allclose(fitted_stream("S1/walk/1", raw, stream(), Choice()).values, STANDARD_GRAVITY, rtol=1e-6)
    assert fitted_stream("S1/walk/1", raw, stream(), Choice()).unit == "m/s2"
    with pytest.raises(
        UserError,
        match=r"S1/walk/1: worn at the right thigh, the model was trained for the wrist and .*, add --placement-ok$",
    ):
        fitted_stream("S1/walk/1", WRIST, stream(placement="right thigh"), Choice())
    assert fitted_stream("S1/walk/1", WRIST, stream(placement="right thigh"), Choice(placement_ok=True)).placement == "right thigh"


def recording(source: Source) -> Recording:
    if source.trial == "broken":
        raise UserError("broken")
    streams = {"a": stream()} if source.trial == "1" else {"b": stream("deg/s", "ankle")}
    return Recording(source.dataset, source.subject, source.activity, source.trial, streams, videos={"cam0": Video(__file__)})  # type: ignore[arg-type]


def test_one_recording_of_each_layout_is_read(tmp_path: object) -> None:
    plain = Source("mine", "S1", "walk", "broken", False, (), {}, recording, roles=("a",))
    sources = (plain, replace(plain, trial="1"), replace(plain, trial="2", roles=("b",)))
    found = offers(Dataset("mine", None, sources))  # type: ignore[arg-type]
    assert found == {
        "mine": [AvailableInput("a", "g", 3, "wrist"), AvailableInput("cam0", "rgb8", 3), AvailableInput("b", "deg/s", 3, "ankle")]
    }


def test_renamed_takes_the_first_that_is_there() -> None:
    one = recording(Source("mine", "S1", "walk", "1", False, (), {}, recording))
    new = renamed(one, {"accelerometer": ["z", "a"], "film": ["cam0"], "lacking": ["y"]})
    assert new.streams == {"accelerometer": one.streams["a"]} and list(new.videos) == ["film"]
