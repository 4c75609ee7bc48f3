import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.core.errors import UserError
from featherfall.core.files import hold
from featherfall.sim.dataset.build import FinishedRecording, _next_round, build_dataset
from featherfall.sim.dataset.generate import Item, Plan, Subject, make_subjects

PLAN = Plan(3, 40.0, 0, ("walk", "sit"), ("trip",), 0.3)


@dataclass
class Notes:
    """A layout that writes one line a recording; the power fails after so many."""

    lasts: int = 10**9
    word: str = "did"
    made: list[str] = field(default_factory=list)

    def options(self) -> dict[str, Any]:
        return {"layout": "notes", "word": self.word}

    def make(self, folder: Path, item: Item) -> FinishedRecording:
        if len(self.made) >= self.lasts:
            raise KeyboardInterrupt
        self.made.append(item.id)
        (folder / item.id.replace("/", "-")).write_text(f"{self.word} {item.activity}")
        seconds = float(item.rng(0).uniform(5, 15))
        return FinishedRecording(item.subject, item.index, seconds, item.activity == "trip", {"id": item.id})

    def finish(self, folder: Path, people: list[Subject], made: list[FinishedRecording]) -> None:
        (folder / "all.txt").write_text("\n".join(one.row["id"] for one in made))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_everybody_records_about_as_much_as_planned(tmp_path: Path) -> None:
    seconds: list[float] = []
    made = build_dataset(tmp_path / "out", PLAN, Notes(), progress=seconds.append)
    assert [(one.subject, one.index) for one in made] == sorted((one.subject, one.index) for one in made)
    for subject in range(3):
        own = [one for one in made if one.subject == subject]
        assert [one.index for one in own] == list(range(len(own)))
        assert 35 < sum(one.seconds for one in own) < 55
    assert seconds[0] == 0
    assert seconds[-1] == pytest.approx(sum(one.seconds for one in made))
    assert sorted(contents(tmp_path / "out")) == sorted([*(one.row["id"].replace("/", "-") for one in made), "all.txt", "simulation.json"])
    provenance = json.loads((tmp_path / "out" / "simulation.json").read_text())
    assert provenance["simulated"] is True
    assert provenance["plan"]["seed"] == 0 and provenance["word"] == "did"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("lasts", [0, 1, 5, 8])
def test_resumed_equals_never_interrupted(tmp_path: Path, lasts: int) -> None:
    build_dataset(tmp_path / "whole", PLAN, Notes())
    with pytest.raises(KeyboardInterrupt):
        build_dataset(tmp_path / "out", PLAN, Notes(lasts))
    assert not (tmp_path / "out").exists()
    rest = Notes()
    made = build_dataset(tmp_path / "out", PLAN, rest, resume=True)
    assert len(rest.made) == len(made) - lasts
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_a_log_cut_short_costs_one_recording(tmp_path: Path) -> None:
    build_dataset(tmp_path / "whole", PLAN, Notes())
    with pytest.raises(KeyboardInterrupt):
        build_dataset(tmp_path / "out", PLAN, Notes(5))
    log = tmp_path / ".out.partial" / ".made.jsonl"
    log.write_text(log.read_text()[:-20])
    with pytest.raises(KeyboardInterrupt):
        build_dataset(tmp_path / "out", PLAN, Notes(2), resume=True)
    rest = Notes()
    made = build_dataset(tmp_path / "out", PLAN, rest, resume=True)
    assert len(rest.made) == len(made) - 6
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


def test_without_resume_it_starts_anew(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build_dataset(tmp_path / "out", PLAN, Notes(5, "forgot"))
    notes = Notes()
    assert len(build_dataset(tmp_path / "out", PLAN, notes)) == len(notes.made)
    assert b"forgot" not in b"".join(contents(tmp_path / "out").values())


def test_resume_with_other_options_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build_dataset(tmp_path / "out", PLAN, Notes(5))
    with pytest.raises(UserError, match="had other options"):
        build_dataset(tmp_path / "out", PLAN, Notes(word="does"), resume=True)


def test_an_earlier_simulation_is_replaced_and_anything_else_is_not(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    build_dataset(tmp_path / "out", PLAN, Notes(word="first"))
    build_dataset(tmp_path / "out", PLAN, Notes(word="second"))
    assert b"first" not in b"".join(contents(tmp_path / "out").values())
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="not empty, and not a simulation"):
        build_dataset(tmp_path / "mine", PLAN, Notes())
    with pytest.raises(UserError, match="a file stands where a folder is needed"):
        build_dataset(tmp_path / "mine" / "thesis.txt", PLAN, Notes())
    with pytest.raises(UserError, match="cannot be written"):
        build_dataset(tmp_path / "mine" / "thesis.txt" / "out", PLAN, Notes())
    assert contents(tmp_path / "mine") == {"thesis.txt": b"years of work"}


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with hold(tmp_path / ".out.partial"), pytest.raises(UserError, match="another run is writing here"):
        build_dataset(tmp_path / "out", PLAN, Notes())


@given(planned=st.floats(1, 300), lengths=st.lists(st.floats(5, 15), min_size=80, max_size=80))
def test_rounds_never_make_more_than_is_needed(planned: float, lengths: list[float]) -> None:
    person = make_subjects(Plan(1, planned, 0, ("walk",), (), 0.0))[0]
    made: dict[tuple[int, int], FinishedRecording] = {}
    while upcoming := _next_round(person, made):
        assert upcoming.start == len(made)
        for index in upcoming:
            made[0, index] = FinishedRecording(0, index, lengths[index], False, {})
    total = sum(one.seconds for one in made.values())
    assert planned - 5 < total < max(planned + 10, 15.001)
