"""Networks and trainings of a recipe, in words."""

from __future__ import annotations

from featherfall.core.recipe import Network, Recipe
from featherfall.core.training_settings import Training

OPTIMIZERS = {"adamw": "AdamW", "adam": "Adam", "sgd": "SGD"}
SCHEDULES = {"onecycle": "one-cycle", "cosine": "cosine", "step": "one step down", "constant": "constant"}


def describe_training(recipe: Recipe) -> dict[str, str]:
    """Return by role ("teacher", "student"), e.g. "image: resnet18, fine-tuned, random weights; focal loss 2, AdamW 1e-05, one-cycle"."""
    words = {"student": (recipe.student.training, recipe.student.alone_label_smoothing)}
    if recipe.teacher:
        words["teacher"] = (recipe.teacher.training, recipe.teacher.training.label_smoothing)
    return {role: f"{describe_network(recipe.networks[role])}; {describe_optimisation(*how)}" for role, how in words.items()}


def describe_network(network: Network) -> str:
    """Return its kind; of one with a backbone also which, whether it learns, and from what weights."""
    backbone = network.options.get("backbone")
    if backbone is None:
        return network.kind
    pretrained = network.options.get("pretrained", False)
    start = "random weights" if not pretrained else "published weights" if pretrained is True else f"weights {pretrained}"
    return f"{network.kind}: {backbone}, {'frozen' if network.options.get('frozen') else 'fine-tuned'}, {start}"


def describe_optimisation(training: Training, smoothing: float) -> str:
    """Return what is minimised, and how. smoothing: of the labels."""
    parts = [f"focal loss {training.focal:g}" if training.focal else "cross-entropy"]
    parts += [f"label smoothing {smoothing:g}"] if smoothing else []
    parts += [f"mixup {training.mixup:g}"] if training.mixup else []
    parts += [f"{OPTIMIZERS[training.optimizer]} {training.lr:g}", SCHEDULES[training.schedule]]
    parts += [f"SWA from {100 * training.swa.start:g}% at {training.swa.lr:g}"] if training.swa else []
    return ", ".join(parts)
