"""The training loop. All randomness is a function of (seed, step), so a resumed training equals an uninterrupted one."""

from __future__ import annotations

import csv
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from featherfall.core.training_settings import Training, TrainingPrecision
from featherfall.training.augment import augment
from featherfall.training.checkpoint import load_tensors, save_tensors
from featherfall.training.data import Batch, BatchSampler, Clips, mix_seeds
from featherfall.training.disturbances import disturb
from featherfall.training.optim import WeightAverage, averaging_share, optimizer_for, recompute_batch_norm, schedule_for

Objective = Callable[[nn.Module, Batch], Mapping[str, Tensor]]  # must hold "loss"; may itself be a module with parameters
Validate = Callable[[nn.Module], float]  # higher is better

CHECKPOINT_SECONDS = 20.0  # between checkpoints: at most this much work is lost when a run is killed
LOG_ROWS = 100  # of a training, whatever its number of steps


@dataclass
class _State:
    """How far a training is, and its best weights so far."""

    step: int = 0
    best: float = float("-inf")
    best_step: int = 0
    waited: int = 0
    best_weights: dict[str, Tensor] | None = None


@dataclass(frozen=True)
class _Trained:
    """All state of a training, as stored in a checkpoint. together: the network and its objective."""

    state: _State
    together: nn.ModuleDict
    optimizer: Any
    schedule: Any
    average: WeightAverage

    @classmethod
    def start(cls, fabric: Any, model: nn.Module, objective: Objective, training: Training) -> _Trained:
        """Move network and objective to the device, with fresh optimiser, schedule and average."""
        together = nn.ModuleDict({"model": model})
        if isinstance(objective, nn.Module):
            together["objective"] = objective
        _, optimizer = fabric.setup(together, optimizer_for(together.parameters(), training))
        schedule = schedule_for(getattr(optimizer, "optimizer", optimizer), training)
        return cls(_State(), together, optimizer, schedule, WeightAverage(model))

    def save(self, path: Path) -> None:
        saved = {
            "state": vars(self.state),
            "weights": self.together.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "average": self.average.state(),
        }
        save_tensors(path, saved)

    def load(self, path: Path) -> None:
        saved = load_tensors(path)
        for name, value in saved["state"].items():
            setattr(self.state, name, value)
        self.together.load_state_dict(saved["weights"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.schedule.load_state_dict(saved["schedule"])
        self.average.load(saved["average"])

    def step(self, fabric: Any, loss: Tensor) -> None:
        """Change the weights by one step."""
        self.optimizer.zero_grad(set_to_none=True)
        fabric.backward(loss)
        self.optimizer.step()
        self.schedule.step()
        self.state.step += 1

    def take_best(self, model: nn.Module) -> None:
        """Give the network its best weights where it was validated, else their average."""
        if self.state.best_weights is not None:
            model.load_state_dict(self.state.best_weights)
        else:
            self.average.swap()


def fit(
    model: nn.Module,
    clips: Clips,
    training: Training,
    objective: Objective,
    seed: int,
    folder: Path,
    validate: Validate | None = None,
) -> nn.Module:
    """Train `model` in place and return it in evaluation mode, carrying its averaged (or best) weights.

    Arguments:
        objective: losses of a batch; the entry "loss" is minimised, the others are logged. If it is a module, its parameters (projectors)
            are trained, too.
        folder: receives `checkpoint.pt` while training, `log.csv`, and `weights.pt` at the end. If `weights.pt` is there, it is loaded and
            nothing is trained; if a checkpoint is there, training goes on from it.
        validate: needed for early stopping.
    """
    from lightning_fabric import Fabric

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it logs the precision for every training
    folder.mkdir(parents=True, exist_ok=True)
    done, checkpoint = folder / "weights.pt", folder / "checkpoint.pt"
    if done.is_file():
        model.load_state_dict(load_tensors(done))
        return model.eval()

    fabric = Fabric(accelerator="auto", devices=1, precision=precision_here(training.precision))
    trained = _Trained.start(fabric, model, objective, training)
    state, average = trained.state, trained.average
    if checkpoint.is_file():
        trained.load(checkpoint)
    batch_of = _batches(clips.to(fabric.device), training, seed, fabric.device)
    epoch = -(-len(clips) // training.batch)  # steps
    log = _Log(folder / "log.csv", training.steps, state.step)
    saved_at = time.monotonic()
    model.train()
    while state.step < training.steps and not _stopped(state, training):
        batch = batch_of(state.step)
        with fabric.autocast():
            losses = objective(model, batch)
        trained.step(fabric, losses["loss"])
        share = averaging_share(state.step, training, epoch)
        if share is not None:
            average.update(share)
        score = _validated(model, average, training, state, validate)
        log.row(state.step, losses, float(trained.schedule.get_last_lr()[0]), score)
        if time.monotonic() - saved_at > CHECKPOINT_SECONDS:
            trained.save(checkpoint)
            saved_at = time.monotonic()

    trained.take_best(model)
    if training.swa:
        with fabric.autocast():
            recompute_batch_norm(model, (batch_of(training.steps + i).clip for i in range(epoch)))
    model.to("cpu").eval()
    save_tensors(done, model.state_dict())
    checkpoint.unlink(missing_ok=True)
    return model


def precision_here(precision: TrainingPrecision) -> TrainingPrecision:
    """Return the precision to train with on this machine: "32-true" on a CPU without AVX-512, else the given one.

    PyTorch emulates lower precision on such CPUs. Forward and backward of a convolution of 64 channels took 1.8 s in bfloat16 and .08 s in
    float32 with AVX2 (torch 2.15); a detector's training of two hours would take days.
    """
    cpu = not torch.accelerator.is_available() and torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "AVX2")
    return "32-true" if cpu else precision


def _batches(clips: Clips, training: Training, seed: int, device: torch.device) -> Callable[[int], Batch]:
    """Return a function that seeds all generators for a step and returns its augmented batch."""
    order = BatchSampler(clips, training.batch, seed, training.augment.teacher_only_share, training.draw)

    def batch_of(step: int) -> Batch:
        _seed(mix_seeds(seed, 2, step), device)
        index, view = order(step)
        batch = clips.take(index.to(device), view.to(device))
        clip = disturb(batch.clip, batch.labels, training.augment, clips.rate)
        return Batch(augment(clip, training.augment, clips.rate), batch.labels, batch.index, batch.view)

    return batch_of


def _seed(number: int, device: torch.device) -> None:
    """Seed the generators of the CPU and of the device; `torch.manual_seed` seeds every backend, which takes a millisecond."""
    torch.default_generator.manual_seed(number)
    if device.type == "cuda":
        torch.cuda.manual_seed(number)


def _stopped(state: _State, training: Training) -> bool:
    return training.early_stop is not None and state.waited >= training.early_stop.patience


def _validated(model: nn.Module, average: WeightAverage, training: Training, state: _State, validate: Validate | None) -> float | None:
    """Score the averaged weights every `every` steps, and store the best; return the score, or None at other steps."""
    if validate is None or training.early_stop is None or state.step % training.early_stop.every:
        return None
    average.swap()
    model.eval()
    with torch.no_grad():
        score = validate(model)
    if score > state.best:
        state.best, state.best_step, state.waited = score, state.step, 0
        state.best_weights = {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
    else:
        state.waited += 1
    model.train()
    average.swap()
    return score


class _Log:
    """`log.csv`: about a hundred rows of step, losses, learning rate, validation score; rows after a resumed step are dropped."""

    def __init__(self, path: Path, steps: int, step: int) -> None:
        self.path, self.every = path, max(steps // LOG_ROWS, 1)
        kept: list[list[str]] = []
        if step and path.is_file():
            with open(path, newline="") as file:
                rows = list(csv.reader(file))
            kept = rows[:1] + [row for row in rows[1:] if row and int(row[0]) <= step]
        self.names: list[str] = kept[0][1:-2] if kept else []
        self._write(kept, "w")

    def row(self, step: int, losses: Mapping[str, Tensor], lr: float, score: float | None) -> None:
        if step % self.every and score is None:
            return
        rows: list[list[Any]] = []
        if not self.names:
            self.names = list(losses)
            rows.append(["step", *self.names, "lr", "validation"])
        values = [f"{float(losses[name].detach()):.6g}" for name in self.names]
        rows.append([step, *values, f"{lr:.6g}", "" if score is None else f"{score:.6g}"])
        self._write(rows, "a")

    def _write(self, rows: Sequence[Sequence[Any]], mode: str) -> None:
        with open(self.path, mode, newline="") as file:
            csv.writer(file).writerows(rows)
