"""Networks passed from Python in place of a recipe's own."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from featherfall.core import registry
from featherfall.core.errors import UserError
from featherfall.core.recipe import Network, Recipe
from featherfall.pipeline.run import Run
from featherfall.pipeline.task import Factory
from featherfall.training.checkpoint import load_tensors, save_tensors
from featherfall.training.stages import FoldContext

Models = Mapping[str, nn.Module | Factory]  # by role: "teacher", "student"


class Copies:
    """A factory that returns copies of a module with its weights, so that all seeds start from the same ones."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.__doc__ = type(module).__doc__

    def __call__(self, inputs: Sequence[str], channels: Mapping[str, Sequence[str]], classes: int) -> nn.Module:
        return copy.deepcopy(self.module)


def with_models(recipe: Recipe, models: Models | None) -> Recipe:
    """Return the recipe with own networks in place of its teacher's or student's; each is registered as a model.

    Arguments:
        models: by role ("teacher", "student"): a module, of which every training gets a copy, or a factory as `register("model", ...)`
            takes it: called with (inputs, channels, classes), after the seed is set. The network takes
            {input: (B, length, channels) tensor} and returns (B, classes) logits.
    Raises: `UserError` for a role that the recipe does not have.
    """
    for role, given in (models or {}).items():
        if role not in recipe.networks:
            raise UserError(f"{recipe.name}: models: no role {role!r}; it has {', '.join(recipe.networks)}")
        network = Network(kind=_registered(role, given), inputs=recipe.networks[role].inputs)
        part = {"teacher": recipe.teacher, "student": recipe.student}[role]
        assert part is not None
        recipe = recipe.model_copy(update={role: part.model_copy(update={"network": network})})
    return recipe


def _registered(role: str, given: nn.Module | Factory) -> str:
    if isinstance(given, nn.Module):
        name = f"{type(given).__name__}_{role}"
        registry.register("model", name)(Copies(given))
        return name
    known = {id(factory): name for name, factory in registry.local("model").items()}
    name = known.get(id(given), f"{getattr(given, '__name__', type(given).__name__)}_{role}")
    registry.register("model", name)(given)
    return name


def local_models(recipe: Recipe) -> dict[str, Factory]:
    """Return the recipe's networks that only this process has registered, by name."""
    kinds = {network.kind for network in recipe.networks.values()}
    return {name: factory for name, factory in registry.local("model").items() if name in kinds}


def importable(models: Mapping[str, Factory]) -> bool:
    """Return whether a worker process can import every factory; not one of a notebook, of a function's body, or a given module."""
    return all(
        getattr(factory, "__module__", "__main__") != "__main__" and "<" not in getattr(factory, "__qualname__", "<instance>")
        for factory in models.values()
    )


def keep_weights(run: Run, models: Mapping[str, Factory]) -> None:
    """Store the initial weights of given modules in the run, so that a resumed run starts from the same ones.

    Raises: `UserError` for a module that does not fit the weights that the run was started with.
    """
    for name, factory in models.items():
        if not isinstance(factory, Copies):
            continue
        file = run.folder / "models" / f"{name}.pt"
        if file.is_file():
            try:
                factory.module.load_state_dict(load_tensors(file))
            except RuntimeError as error:
                raise UserError(f"{run.folder}: its run was started with another {name}; give another out") from error
        else:
            file.parent.mkdir(exist_ok=True)
            save_tensors(file, factory.module.state_dict())


def check_models(stage: FoldContext, models: Mapping[str, Factory]) -> None:
    """Raise `UserError` for an own network that does not return logits of the recipe's classes."""
    for role, network in stage.recipe.networks.items():
        if network.kind not in models:
            continue
        model = stage.network(network, 0).eval()
        where = f"{stage.recipe.name}: the {role} {network.kind}"
        try:
            with torch.no_grad():
                logits = model(stage.blank(network))
        except Exception as error:
            raise UserError(f"{where} fails on clips of {', '.join(network.inputs)}: {type(error).__name__}: {error}") from error
        wanted = (2, len(stage.classes))
        if not isinstance(logits, torch.Tensor) or tuple(logits.shape) != wanted:
            found = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
            raise UserError(f"{where} returns {found} for two clips; it must return logits of shape {wanted}")
