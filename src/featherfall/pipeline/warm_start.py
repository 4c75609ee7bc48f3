"""Where a recipe's students start from when it names another run: the weights of that run's student that ships."""

from __future__ import annotations

from pathlib import Path

from featherfall.core.errors import UserError
from featherfall.core.files import sha256
from featherfall.core.recipe import Recipe
from featherfall.pipeline.run import Start, read_run
from featherfall.runtime.bundle import read_manifest
from featherfall.training.checkpoint import load_tensors
from featherfall.training.stages import FoldContext


def starts(recipe: Recipe, data: Path) -> dict[int, Start]:
    """What the students of each seed start from; empty where the recipe names no run.

    Of the run it is the student of the fold that its bundle comes from (all recordings, or the published split): the seed's own, else the
    one that shipped.

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


def check_start(start: Start, stage: FoldContext) -> None:
    """Raise `UserError` unless the weights fit the recipe's student (classes, shapes) and were never trained on whom the fold tests."""
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
    """Which people a run is about. Datasets with a name are the same wherever they lie; a user's own folder is its path."""
    name = recipe.dataset.lower().replace("_", "-")
    return name, str((data / (recipe.folder or "")).resolve()) if name == "folder" else ""


def _network(recipe: Recipe) -> str:
    network = recipe.student.network
    options = "".join(f", {name}: {value}" for name, value in sorted(network.options.items()))
    return f"{network.kind} of {', '.join(network.inputs)}{options}"


def _sight(recipe: Recipe) -> str:
    return f"one of {recipe.clip.window.length} samples at {recipe.clip.window.rate:g} Hz"
