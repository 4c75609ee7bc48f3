"""The bundle: model files, and a manifest with the checks that they passed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from featherfall.clips.store import InputFacts
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder, sha256, write_json
from featherfall.core.manifest import BundleKind, Manifest, ModelFile
from featherfall.core.recipe import Network
from featherfall.core.registry import facts, find
from featherfall.export.deployment import Deployable, Deployment, Format, Refusal

REFUSED = "_refused"


def write_bundle(folder: Path, deployment: Deployment) -> Manifest:
    """Write a student in every format of its recipe, with a manifest; the folder appears whole or not at all.

    A refused model leaves its proof with the first model that is kept.

    Raises: `UserError` for a model that must not be deployed, or if every format is refused.
    """
    recipe, contract = deployment.recipe, deployment.contract
    with atomic_folder(folder) as temporary:
        models = write_models(deployment, recipe.export.written, temporary)
        first = next(iter(deployment.sample))
        manifest = Manifest(
            name=recipe.name,
            kind=looks_at(recipe.student.network, deployment.store.facts[first]),
            task=recipe.task,
            inputs=list(contract.inputs),
            window=contract.window,
            labels=deployment.labels,
            positive=contract.positive,
            decision=deployment.decision,
            temperature=deployment.temperature,
            operating=deployment.operating,
            models=models,
            parameters=deployment.network.parameters,
            macs=deployment.network.macs,
            provenance=dict(deployment.provenance),
            sha256=digests(temporary, models),
        )
        write_json(temporary / "manifest.json", manifest.model_dump())
    return manifest


def write_models(deployment: Deployable, formats: Sequence[str], folder: Path, kept: Sequence[ModelFile] = ()) -> list[ModelFile]:
    """Write model files into a folder; return their entries after those of files that it holds already.

    A refused model leaves its proof with the first one.

    Raises: `UserError` for a model that must not be deployed, or if nothing is left to deploy.
    """
    name = deployment.contract.name
    models, refused = list(kept), dict[str, object]()
    for one in formats:
        write: Format = find("format", one, f"{name}: export.formats")
        answer = write(deployment, folder)
        if isinstance(answer, Refusal):
            refused[answer.precision + REFUSED] = dict(answer.proof)
        else:
            models.append(answer)
    if not models:
        raise UserError(f"{name}: every format was refused ({', '.join(formats)}); raise export.budget_points")
    models[0] = models[0].model_copy(update={"proof": models[0].proof | refused})
    return models


def digests(folder: Path, models: Sequence[ModelFile]) -> dict[str, str]:
    """Return the sha256 of models' files by name."""
    return {name: sha256(folder / name) for one in models for name in one.files}


def refusals(manifest: Manifest) -> list[str]:
    """Return one line for each model that was asked for and refused."""
    return [
        f"{key.removesuffix(REFUSED)} refused: it loses {proof['points_lost']:.2f} points on {proof['clips']} clips, the budget is "
        f"{proof['budget_points']}"
        for key, proof in manifest.models[0].proof.items()
        if key.endswith(REFUSED)
    ]


def looks_at(network: Network, reference: InputFacts) -> BundleKind:
    """Return the kind of bundle of a network, as registered; where it has several, by the reference input."""
    kinds: list[BundleKind] = facts("model", network.kind).get("looks_at", [])
    if len(kinds) == 1:
        return kinds[0]
    return "window" if not reference.frames else "picture" if reference.frames == 1 else "film"
