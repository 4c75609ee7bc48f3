from __future__ import annotations

import time
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from featherfall.pipeline import progress
from featherfall.pipeline.progress import Show, follow_logs


def test_bars_count_and_say_what_happens() -> None:
    with Show(quiet=True) as show:
        stage = show.stage("teachers", 3)
        stage.step("first")
        stage.note("step 7")
        (task,) = show.progress.tasks
        assert (task.description, task.completed, task.total, task.fields["note"]) == ("teachers", 1, 3, "step 7")
        stage.at(2, 5, "cutting")
        assert (task.completed, task.total, task.fields["note"]) == (2, 5, "cutting")


def test_a_log_gets_lines_of_what_moved(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY", 0.05)
    with Show() as show:
        show.stage("not begun", 9)
        show.stage("[teachers]", 3).step("step 7 loss 0.500")
        time.sleep(0.5)
    lines = [line[6:] for line in capsys.readouterr().err.splitlines() if "of 3" in line]
    assert lines == ["[teachers]: 1 of 3 step 7 loss 0.500"]  # once, though it was looked at ten times


def test_logs_are_followed_into_the_bar_and_tensorboard(tmp_path: Path) -> None:
    folder = tmp_path / "folds" / "fold-1" / "alone" / "0"
    folder.mkdir(parents=True)
    (folder / "log.csv").write_text("step,loss,lr,validation\n1,0.5,0.1,\n")
    with Show(quiet=True) as show, follow_logs(tmp_path, {"alone": show.stage("students", 1)}, lambda role: 10):
        deadline = time.monotonic() + 20
        while "loss" not in show.progress.tasks[0].fields["note"] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert show.progress.tasks[0].fields["note"] == "step 1 loss 0.500"
        with open(folder / "log.csv", "a") as file:
            file.write("10,0.25,0.01,0.875\n")
    events = EventAccumulator(str(folder)).Reload()
    assert [(one.step, one.value) for one in events.Scalars("loss")] == [(1, 0.5), (10, 0.25)]
    assert [(one.step, one.value) for one in events.Scalars("validation")] == [(10, 0.875)]  # rows written last are not lost


def test_logs_of_an_earlier_run_are_left_alone(tmp_path: Path) -> None:
    import os

    log = tmp_path / "folds" / "fold-1" / "alone" / "0" / "log.csv"
    log.parent.mkdir(parents=True)
    log.write_text("step,loss,lr,validation\n1,0.5,0.1,\n")
    os.utime(log, (1, 1))
    with Show(quiet=True) as show, follow_logs(tmp_path, {"alone": show.stage("students", 1)}, lambda role: 10):
        pass
    assert [path.name for path in log.parent.iterdir()] == ["log.csv"]
