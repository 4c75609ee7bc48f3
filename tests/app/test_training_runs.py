from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.conftest import tiny_recipe

from featherfall.app.progress import losses, progress
from featherfall.app.training_runs import TrainingRuns
from featherfall.core.errors import UserError

pytest.importorskip("torch", reason="training needs torch: pip install 'featherfall[train]'")


@pytest.fixture
def trainings(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrainingRuns]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = TrainingRuns(tmp_path / "runs", home / "data")
    yield made
    made.close()


def recipe(place: Path, **changes: object) -> Path:
    """A small recipe as a user brings it."""
    values = tiny_recipe(**changes).model_dump(mode="json")
    (place / "mine.yaml").write_text(yaml.safe_dump(values))
    return place / "mine.yaml"


@pytest.mark.parametrize(
    "log", [b"step,loss\n1,0.5\n2,\xff\n", b"step,loss\n1,0.5\n2,\x00\n", b'step,loss\n1,0.5\n"' + b"a" * 200_000, b"", b"\n\n"]
)
@pytest.mark.parametrize("record", ["[]", '{"recipe": "x"}', '{"recipe": {"student": 5}}', "{"])
def test_damaged_files_of_a_run_are_no_fault(trainings: TrainingRuns, log: bytes, record: str) -> None:
    file = trainings.runs / "old" / "folds" / "fold 1" / "alone" / "0" / "log.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(log)
    (trainings.runs / "old" / "run.json").write_text(record)
    (one,) = trainings.state("old").trainings
    assert one.points in ((), ((1, 0.5),)) and one.steps == 0
    with pytest.raises(UserError, match=r"run\.json"):
        trainings.resume("old")


def test_a_run_is_begun_stopped_and_goes_on(trainings: TrainingRuns, tmp_path: Path) -> None:
    assert trainings.data_folders() == ["", "tiny"] and trainings.names() == []
    long = {"steps": 4_000, "batch": 8, "lr": 0.01, "average": 0.9, "augment": {"views": 1}}
    student = tiny_recipe().student.model_dump(mode="json") | {"training": long}
    own = recipe(tmp_path, teacher=None, distillation=None, student=student)
    state = trainings.start("", "tiny", "mine", own=own)
    assert state.kind == "running" and trainings.running() == "mine"
    with pytest.raises(UserError, match="mine is being trained"):
        trainings.start("", "tiny", "other", own=own)
    own.unlink()  # what was uploaded may vanish
    deadline = time.monotonic() + 120
    while not any(one.points for one in state.trainings) and time.monotonic() < deadline:
        time.sleep(0.2)
        state = trainings.state("mine")
        assert state.kind == "running", state.last
    (one,) = [one for one in state.trainings if one.points][:1]
    assert one.role == "alone" and one.steps == 4_000 and one.points[0][1] > 0
    assert "of 4000" in progress(state) and ("polyline" in losses(state) or len(one.points) == 1)
    trainings.stop("mine")
    assert trainings.running() is None and trainings.state("mine").kind == "stopped"
    with pytest.raises(UserError, match="there is a run 'mine' already"):
        trainings.start("own_wrist_falls", "tiny", "mine")
    state = trainings.resume("mine")
    assert state.kind == "running" and state.trainings and "--resume" in trainings._process["mine"].args  # type: ignore[operator]
    trainings.close()
    assert trainings.running() is None


def test_a_run_that_fails_says_why(trainings: TrainingRuns, tmp_path: Path) -> None:
    trainings.start("weda_fall_wrist", "tiny", "absent")
    deadline = time.monotonic() + 60
    while trainings.running() and time.monotonic() < deadline:
        time.sleep(0.1)
    state = trainings.state("absent")
    assert state.kind == "failed" and "featherfall:" in state.last
    shown = progress(state)
    assert 'role="alert"' in shown and "featherfall:" not in shown


def test_what_is_refused(trainings: TrainingRuns, tmp_path: Path) -> None:
    for name in ("", "../up", "a/b", ".hidden", "x" * 61, "ümlaut", "-rf"):
        with pytest.raises(UserError, match="name the run"):
            trainings.start("own_wrist_falls", "tiny", name)
        assert trainings.state(name).kind == "absent"
    for data in ("..", "../..", "/etc", "absent"):
        with pytest.raises(UserError, match="no folder"):
            trainings.start("own_wrist_falls", data, "mine")
    with pytest.raises(UserError, match="no recipe '/etc/passwd'"):
        trainings.start("/etc/passwd", "tiny", "mine")
    with pytest.raises(UserError, match="there is no run"):
        trainings.resume("mine")
    for changes, why in (({"folder": "../secret"}, "outside the data folder"), ({"folder": "/etc"}, "outside the data folder")):
        with pytest.raises(UserError, match=why):
            trainings.start("", "tiny", "mine", own=recipe(tmp_path, **changes))
    student = tiny_recipe().student.model_dump(mode="json") | {"init": "/somewhere"}
    with pytest.raises(UserError, match="start such a recipe from the command line"):
        trainings.start("", "tiny", "mine", own=recipe(tmp_path, student=student))
    (tmp_path / "bad.yaml").write_text("name: [")
    with pytest.raises(UserError, match=r"^bad\.yaml: line \d: not valid YAML"):
        trainings.start("", "tiny", "mine", own=tmp_path / "bad.yaml")
    (tmp_path / "big.yaml").write_text("#" * 300_000)
    with pytest.raises(UserError, match="too large for a recipe"):
        trainings.start("", "tiny", "mine", own=tmp_path / "big.yaml")
    assert trainings.names() == [] and trainings.running() is None
