"""The bundle: model files, and a manifest with the checks that they passed."""

from __future__ import annotations

from pathlib import Path

from featherfall.clips.store import ClipStore, InputFacts
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder, sha256, write_json
from featherfall.core.manifest import BundleKind, Input, Manifest, ModelFile
from featherfall.core.recipe import Network
from featherfall.core.registry import facts, find
from featherfall.export.deployment import Deployment, Format, Refusal

REFUSED = "_refused"


def write_bundle(folder: Path, deployment: Deployment) -> Manifest:
    """Write a student in every format of its recipe, with a manifest; the folder appears whole or not at all.

    A refused model leaves its proof with the first model that is kept.

    Raises: `UserError` for a model that must not be deployed, or if every format is refused.
    """
    recipe, store = deployment.recipe, deployment.store
    with atomic_folder(folder) as temporary:
        models: list[ModelFile] = []
        refused: dict[str, object] = {}
        for name in recipe.export.written:
            write: Format = find("format", name, f"{recipe.name}: export.formats")
            answer = write(deployment, temporary)
            if isinstance(answer, Refusal):
                refused[answer.precision + REFUSED] = dict(answer.proof)
            else:
                models.append(answer)
        if not models:
            raise UserError(f"{recipe.name}: every format was refused ({', '.join(recipe.export.written)}); raise export.budget_points")
        models[0] = models[0].model_copy(update={"proof": models[0].proof | refused})
        first = next(iter(deployment.sample))
        manifest = Manifest(
            name=recipe.name,
            kind=looks_at(recipe.student.network, store.facts[first]),
            task=recipe.task,
            inputs=[_input(store, name) for name in deployment.sample],
            window=recipe.clip.window,
            labels=deployment.labels,
            positive=recipe.labels.positive,
            decision=deployment.decision,
            temperature=deployment.temperature,
            operating=deployment.operating,
            models=models,
            parameters=deployment.network.parameters,
            macs=deployment.network.macs,
            provenance=dict(deployment.provenance),
            sha256={one.file: sha256(temporary / one.file) for one in models},
        )
        write_json(temporary / "manifest.json", manifest.model_dump())
    return manifest


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


def _input(store: ClipStore, name: str) -> Input:
    fact = store.facts[name]
    return Input(name=name, unit=fact.unit, channels=list(fact.channels), placement=fact.placement, frames=fact.frames, size=fact.size)
