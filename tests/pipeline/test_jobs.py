from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from tests.conftest import tiny_recipe

from featherfall.clips.splits import Fold
from featherfall.clips.store import ClipStore
from featherfall.core.errors import UserError
from featherfall.datasets import open_for
from featherfall.pipeline.jobs import _Waiting, run_jobs
from featherfall.pipeline.run import Run
from featherfall.pipeline.task import Context, Job
from featherfall.pipeline.tasks.windows import WindowsTask

FOLD = Fold("fold 1", np.arange(9), np.zeros(0, int), np.arange(9, 12))  # tests S4


@pytest.fixture
def jobs(tiny: Path, tiny_store: ClipStore, tmp_path: Path) -> list[Job]:
    recipe = tiny_recipe()
    sources = {source.id: source for source in open_for(recipe, tiny).sources}
    task = WindowsTask(Context(Run(tmp_path / "run"), recipe, "folder", sources, tiny_store.folder))
    return [Job(task, FOLD, "alone", seed) for seed in (0, 1)]


def elsewhere(job: Job, **changes: Any) -> Job:
    """The same job in another context."""
    return replace(job, task=WindowsTask(replace(job.task.context, **changes)))


def test_names_and_folders(jobs: list[Job], tmp_path: Path) -> None:
    job = jobs[1]
    assert job.name == "fold 1: alone 1"
    assert job.folder == tmp_path / "run" / "folds" / "fold-1" / "alone" / "1"
    assert job.finished == job.folder / "predictions.npz"
    assert replace(job, role="outputs", number=0).finished == tmp_path / "run" / "folds" / "fold-1" / "teacher" / "outputs.pt"


def test_side_by_side_is_bit_identical_to_one_after_the_other(jobs: list[Job], tmp_path: Path) -> None:
    """Two processes; each reads the clips itself and trains on one thread."""
    done: list[str] = []
    run_jobs(jobs, 1, lambda job: done.append(job.name))
    assert done == ["fold 1: alone 0", "fold 1: alone 1"]
    twins = [elsewhere(job, run=Run(tmp_path / "together")) for job in jobs]
    run_jobs(twins, 2, lambda job: done.append(job.name))
    assert sorted(done[2:]) == done[:2]
    for job, twin in zip(jobs, twins, strict=True):
        assert (job.folder / "log.csv").read_text() == (twin.folder / "log.csv").read_text()
        with np.load(job.finished) as first, np.load(twin.finished) as second:
            np.testing.assert_array_equal(first["probabilities"], second["probabilities"])


def test_what_is_done_is_left_alone(jobs: list[Job]) -> None:
    job = jobs[0]
    job.folder.mkdir(parents=True)
    np.savez_compressed(job.finished, probabilities=np.full((2, 2), 0.5, np.float32))
    run_jobs([job], 1, lambda job: None)
    assert [path.name for path in job.folder.iterdir()] == ["predictions.npz"]
    judged = job.task.predictions(job)
    assert [one.recording.id for one in judged] == ["S4/fall/0", "S4/sit/0", "S4/walk/0"]
    assert [len(one.probabilities) for one in judged] == [1, 1, 0]


def test_the_first_error_stops_the_rest(jobs: list[Job], tmp_path: Path) -> None:
    done: list[str] = []
    broken = elsewhere(jobs[0], clips=tmp_path / "nowhere")
    with pytest.raises(UserError, match="nowhere: not a clip store"):
        run_jobs([broken, jobs[1]], 1, lambda job: done.append(job.name))
    assert done == [] and not jobs[1].folder.exists()


def test_nothing_to_judge_is_judged_as_nothing(jobs: list[Job]) -> None:
    fold = Fold("everybody", np.arange(12), np.zeros(0, int), np.zeros(0, int))
    job = replace(jobs[0], fold=fold)
    run_jobs([job], 1, lambda job: None)
    assert job.task.predictions(job) == []
    quiet = replace(job, fold=Fold("fold 1", np.arange(9), np.zeros(0, int), np.asarray([11])), number=1)  # S4 walks: no window
    run_jobs([quiet], 1, lambda job: None)
    (one,) = quiet.task.predictions(quiet)
    assert one.probabilities.shape == (0, 2)


PARENT = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from featherfall.core.processes import exit_with_parent

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=exit_with_parent, initargs=(os.getpid(),)) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 60).result()
"""


def test_workers_leave_with_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 20
    while psutil.pid_exists(worker) and psutil.Process(worker).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the worker outlived its parent"
        time.sleep(0.1)


def test_jobs_wait_for_those_they_need_and_workers_stay_with_a_fold(jobs: list[Job]) -> None:
    """Two workers by hand, on two folds of two teachers, their outputs and both students."""
    task = jobs[0].task
    folds = [replace(FOLD, name=name) for name in ("a", "b")]
    roles = [("teacher", 0), ("teacher", 1), ("outputs", 0), ("distilled", 0), ("alone", 0), ("int8", 0)]
    every = [Job(task, fold, role, number) for fold in folds for role, number in roles]
    waiting = _Waiting(every)

    def take(last: str | None, *others: str | None) -> Job:
        job = waiting.take(last, others)
        assert job is not None
        return job

    first, second = take(None, None), take(None, "a")
    assert (first.name, second.name) == ("a: teacher 0", "b: teacher 0")
    assert take("a", "b").name == "a: teacher 1"
    waiting.finish(first)
    third = take("a", "b")
    assert third.name == "a: alone 0"  # the outputs need both teachers
    assert take("a", "b").name == "b: teacher 1" and take("b", "a").name == "b: alone 0"
    assert waiting.take("a", ["b"]) is None
    for job in every:
        waiting.finish(job)
    assert [take("b", "a").name for _ in range(4)] == ["b: outputs 0", "b: distilled 0", "b: int8 0", "a: outputs 0"]


def test_int8_needs_only_its_own_student(jobs: list[Job]) -> None:
    task = jobs[0].task
    export = Job(task, FOLD, "int8", 1)
    needed = [Job(task, FOLD, role, number) for role in ("teacher", "outputs", "alone", "distilled") for number in (0, 1)]
    assert [one.name for one in needed if task.needs(export, one)] == ["fold 1: alone 1", "fold 1: distilled 1"]
    assert not task.needs(export, replace(needed[-1], fold=replace(FOLD, name="fold 2")))
