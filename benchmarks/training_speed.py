"""How long one student's training takes on one thread, and what share of it is not the network.

    python benchmarks/training_speed.py [--data DIR] [--steps 600] [--repeat 3]

UTD-MHAD cross-subject, the recipe's student and augmentation. "Network" is forward, backward and optimiser step, measured on the same
batches in
the same process without anything else; the rest (reading clips, making views, augmentation, logging, saving) is the difference.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch

from featherfall import datasets
from featherfall.core.files import data_folder
from featherfall.core.recipe_file import load_recipe
from featherfall.pipeline.clips import make_clips, make_folds
from featherfall.pipeline.progress import Show
from featherfall.runtime.measure import machine
from featherfall.training.data import BatchSampler
from featherfall.training.objectives import HardLabels
from featherfall.training.optim import optimizer_for
from featherfall.training.stages import FoldContext, train_student


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = data_folder(options.data)
    recipe = load_recipe("utd_mhad_wrist_cross_subject", [f"student.training.steps={options.steps}"])
    dataset = datasets.open(recipe.dataset, data, recipe.folder)
    with Show(quiet=True) as show:
        store = make_clips(recipe, dataset, 1, show)
    stage = FoldContext(recipe, store, make_folds(recipe, dataset, store)[0])
    print(f"machine {machine()}, one thread, {options.steps} steps, torch {torch.__version__}")
    for _ in range(options.repeat):
        with tempfile.TemporaryDirectory() as folder:
            begin, cpu = time.perf_counter(), time.process_time()
            train_student(stage, "alone", 0, Path(folder), None)
            whole, whole_cpu = time.perf_counter() - begin, time.process_time() - cpu
        network, network_cpu = network_only(stage, options.steps)
        rest = 1 - network_cpu / whole_cpu
        print(f"training {whole:.2f} s (cpu {whole_cpu:.2f}); network {network:.2f} s (cpu {network_cpu:.2f}); rest {rest:.1%}")


def network_only(stage: FoldContext, steps: int) -> tuple[float, float]:
    """Wall and CPU seconds of forward, backward and optimiser steps alone, on one ready batch a step."""
    student = stage.recipe.student
    model = stage.network(student.network, 0).train()
    clips = stage.load(stage.training_part, student.network.inputs)
    optimizer = optimizer_for(model.parameters(), student.training)
    order = BatchSampler(clips, student.training.batch, 0)
    batches = [clips.take(*order(step)) for step in range(20)]
    loss_of = HardLabels()
    begin, cpu = time.perf_counter(), time.process_time()
    for step in range(steps):
        loss = loss_of(model, batches[step % len(batches)])["loss"]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return time.perf_counter() - begin, time.process_time() - cpu


if __name__ == "__main__":
    main()
