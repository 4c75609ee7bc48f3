"""Initial weights from another run (`student.init`): those of the run's exported student."""

from __future__ import annotations

from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.files import sha256
from featherfall.core.recipe import Recipe
from featherfall.datasets.content import from_json
from featherfall.pipeline.run import Start, read_run
from featherfall.runtime.bundle import read_manifest
from featherfall.training.checkpoint import load_tensors
from featherfall.training.stages import FoldContext


def starts(recipe: Recipe, data: Path) -> dict[int, Start]:
    """Return the initial weights of each seed's students; empty where the recipe names no run.

    They are of the fold that the run's bundle comes from (all recordings, or the published split): of the same seed, else of the exported
    student.

    Raises: `UserError` where `student.init` is no finished run, or its student sees other inputs than this recipe's.
    """
    if recipe.student.init is None:
        return {}
    folder = Path(recipe.student.init)
    try:
        run, other, other_data = read_run(folder)
    except UserError as error:
        raise UserError(f"student.init: {error}") from error
    if not (run.bundle / "manifest.json").is_file():
        raise UserError(f"student.init: {folder}: holds no bundle yet; finish that run first (featherfall distill ... --resume)")
    for theirs, ours, mend in (
        (_network(other), _network(recipe), "give both recipes the same student.network"),
        (_sight(other), _sight(recipe), "give both recipes a clip.window of the same length and rate"),
    ):
        if theirs != ours:
            raise UserError(f"student.init: {folder}: its student is {theirs}, this recipe's {ours}; {mend}")
    manifest = read_manifest(run.bundle)
    shipped = manifest.provenance
    met = shipped["trained_on"] if _place(other, other_data) == _place(recipe, data) else []
    found = {}
    for seed in recipe.seeds:
        weights = run.job(shipped["fold"], other.deployed_role, seed) / "weights.pt"
        if not weights.is_file():
            weights = run.job(shipped["fold"], other.deployed_role, shipped["seed"]) / "weights.pt"
        if not weights.is_file():
            raise UserError(f"student.init: {weights}: no such file; finish that run first (featherfall distill ... --resume)")
        found[seed] = Start(str(weights.resolve()), sha256(weights), manifest.labels, met)
    return found


def seen_before(start: Start) -> frozenset[int]:
    """Return the fingerprints of the recordings that the weights were trained on, as far as their run is there and states them."""
    bundle = Path(start.weights).parents[4] / "bundle"  # RUN/folds/FOLD/ROLE/SEED/weights.pt
    if not (bundle / "manifest.json").is_file():
        return frozenset()
    return from_json(read_manifest(bundle).provenance.get("fingerprints")) or frozenset()


def check_start(start: Start, stage: FoldContext) -> None:
    """Raise `UserError` unless the weights fit the recipe's student (classes, shapes) and were not trained on people of the test part."""
    where = f"student.init: {start.weights}"
    both = sorted({stage.store.recordings[i].subject for i in stage.fold.test} & set(start.met))
    if both:
        raise UserError(f"{where}: was trained on {', '.join(both)}, whom {stage.fold.name} tests; start from a run on other people")
    if start.classes != stage.classes:
        raise UserError(f"{where}: its classes are {', '.join(start.classes)}, this recipe's {', '.join(stage.classes)}; they must agree")
    theirs = {name: tuple(values.shape) for name, values in load_tensors(Path(start.weights)).items()}
    ours = {name: tuple(values.shape) for name, values in stage.network(stage.recipe.student.network, 0).state_dict().items()}
    for name in sorted(theirs.keys() | ours.keys()):
        if theirs.get(name) != ours.get(name):
            raise UserError(f"{where}: {name} has the shape {theirs.get(name)}, this recipe's student needs {ours.get(name)}")


def _place(recipe: Recipe, data: Path) -> tuple[str, str]:
    """Return an identifier of a run's data: the dataset's name, or the path of a user's own folder."""
    name = recipe.dataset.lower().replace("_", "-")
    return name, str((data / (recipe.folder or "")).resolve()) if name == "folder" else ""


def _network(recipe: Recipe) -> str:
    network = recipe.student.network
    options = "".join(f", {name}: {value}" for name, value in sorted(network.options.items()))
    return f"{network.kind} of {', '.join(network.inputs)}{options}"


def _sight(recipe: Recipe) -> str:
    return f"one of {recipe.clip.window.length} samples at {recipe.clip.window.rate:g} Hz"
