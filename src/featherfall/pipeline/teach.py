"""A bundle that sees more teaches a worn sensor's bundle about one person and device, from recordings that nobody labelled."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from featherfall.clips.build import prepare_clips
from featherfall.clips.labels import IGNORED
from featherfall.clips.mapping import Choice, choose_streams, offers, renamed
from featherfall.clips.store import ClipStore
from featherfall.core.checked import check
from featherfall.core.clip_settings import Clip
from featherfall.core.errors import UserError
from featherfall.core.files import atomic_folder
from featherfall.core.recipe import Distillation, Recipe
from featherfall.core.recording import Recording
from featherfall.core.training_settings import Augment, Training
from featherfall.datasets import Dataset, Source
from featherfall.datasets.content import fingerprints_json, from_json
from featherfall.evaluation.evaluator import NotReadyError
from featherfall.export.bundle import write_bundle
from featherfall.export.deployment import Deployment, GraphOutputs, Guard, exportable, sample_of
from featherfall.export.onnx import torch_outputs
from featherfall.pipeline.bundle_teacher import BundleTeacher, Said, logits_of_clips, open_teacher, says_nothing
from featherfall.pipeline.teach_guard import HeldOut, compare_held_out
from featherfall.runtime import Bundle, load_bundle
from featherfall.runtime.bundle import softmax
from featherfall.runtime.observation import Observation
from featherfall.runtime.perceive.pose import Pose
from featherfall.signals.align import Alignment, align, motion_of_acceleration, motion_of_joints
from featherfall.training.data import load_clips
from featherfall.training.fit import fit
from featherfall.training.from_bundle import FrozenNorms, network_of
from featherfall.training.objectives import Distil
from featherfall.training.teachers import TeacherOutputs

LEAST_EACH = 3  # recordings with a fall, and without: two to learn from and one to check by
SAMPLE = 512  # clips by which parity is proven and quantisation calibrated


@dataclass(frozen=True)
class TeachOptions:
    """How a bundle is taught.

    Attributes:
        clocks: "align" finds the offset of the two clocks by the person's motion, "shared" takes the times as they are.
        within_s: the largest offset that is looked for, s.
        steps: of training.
        held_out: every so manieth recording, of those with a fall and of those without, checks the result. draw: which of them, from 0.
        seed: of the training.
        choice: which stream is the watch's, and whether it may be worn elsewhere.
        cache: folder for the people found in films; None for the usual one.
    """

    clocks: Literal["align", "shared"] = "align"
    within_s: float = 30.0
    steps: int = 300
    held_out: int = 3
    draw: int = 0
    seed: int = 0
    choice: Choice = field(default_factory=Choice)
    cache: Path | None = None


@dataclass(frozen=True, eq=False)
class Pair:
    """One recording that both saw. said: on the watch's clock. alignment: None where the clocks are shared."""

    source: Source
    recording: Recording
    said: Said
    alignment: Alignment | None

    @property
    def fell(self) -> bool:
        """Whether somebody falls: by its label, where it has one, else as the teacher says."""
        return self.recording.fall is not None if self.source.activity else self.said.fell


def teach_student(
    watch: str | Path, teacher: str | Path, dataset: Dataset, out: Path, options: TeachOptions | None = None
) -> dict[str, Any]:
    """Teach a bundle, and write it to `out` where it is no worse on recordings that it was not taught by and better in something.

    Arguments:
        watch: a bundle of worn sensors that tells falls, with its float32 model. teacher: a bundle, e.g. "camera".
        dataset: recordings of one person, each with the watch's stream and what the teacher looks at.
    Returns: plain values: "pairs", "left_out" (reasons), "offsets_s", "held_out" (before, after), "taught" (whether `out` was
        written) and "why".
    Raises: `UserError`, before anything is written.
    """
    options = options or TeachOptions()
    if out.exists() and not (out / "manifest.json").is_file():
        raise UserError(f"{out}: exists and is no bundle; give --out a new folder")
    bundle = load_bundle(watch, "float32")
    recipe = _recipe_of(bundle)
    speaker = open_teacher(teacher, bundle.manifest.labels, recipe, cache=options.cache)
    clip = _clip_of(bundle, dataset, recipe, options.choice)
    pairs, reasons = _hear(speaker, clip, dataset, options)
    if not pairs:
        raise UserError(says_nothing(speaker.bundle.path, reasons))
    held = _held_out(pairs, options)
    store = prepare_clips(dataset, clip, bundle_inputs(bundle))
    learned = [pair for pair, apart in zip(pairs, held, strict=True) if not apart]
    checked = [pair for pair, apart in zip(pairs, held, strict=True) if apart]
    deployment = _taught(bundle, recipe, clip, store, learned, speaker, options)
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / "bundle"
        write_bundle(new, deployment)
        before, after = (_held(load_bundle(one), clip, checked) for one in (bundle.path, new))
        verdict = compare_held_out(before, after)
        if verdict.better:
            with atomic_folder(out) as temporary:
                shutil.copytree(new, temporary, dirs_exist_ok=True)
    offsets = [pair.alignment.offset_s for pair in pairs if pair.alignment is not None]
    return {
        "pairs": len(pairs),
        "falls": sum(pair.fell for pair in pairs),
        "labelled": sum(bool(pair.source.activity) for pair in pairs),
        "left_out": reasons,
        "offsets_s": [round(one, 2) for one in offsets],
        "correlations": [round(pair.alignment.correlation, 2) for pair in pairs if pair.alignment is not None],
        "held_out": {"before": before.to_json(), "after": after.to_json(), "recordings": _rows(checked, before, after)},
        "taught": verdict.better,
        "why": verdict.why,
    }


def _rows(pairs: Sequence[Pair], before: HeldOut, after: HeldOut) -> list[dict[str, Any]]:
    """Return each held-out recording with the highest probability of a fall before and after."""
    columns = zip(pairs, before.highest.tolist(), after.highest.tolist(), before.alarmed.tolist(), after.alarmed.tolist(), strict=True)
    return [
        {
            "id": pair.source.id,
            "fell": pair.fell,
            "said": pair.said.fell,
            "before": round(old, 4),
            "after": round(new, 4),
            "alarms": [was, now],
        }
        for pair, old, new, was, now in columns
    ]


def bundle_inputs(bundle: Bundle) -> list[str]:
    """Return the names of a bundle's inputs, the reference first."""
    return [one.name for one in bundle.manifest.inputs]


def _recipe_of(bundle: Bundle) -> Recipe:
    """Return the recipe that made a bundle. Raises `UserError` for a bundle that cannot be taught."""
    manifest, where = bundle.manifest, bundle.path
    if manifest.kind != "window" or manifest.task != "fall" or any(one.is_film for one in manifest.inputs):
        raise UserError(f"{where}: only a bundle of worn sensors that tells falls can be taught; give e.g. wrist")
    stated = manifest.of_training("recipe")
    if not stated:
        raise UserError(f"{where}: its manifest does not state its recipe; give a bundle that `featherfall distill` wrote")
    return check(Recipe, dict(stated), where / "manifest.json: provenance.recipe")


def _clip_of(bundle: Bundle, dataset: Dataset, recipe: Recipe, choice: Choice) -> Clip:
    """Return how the watch's streams are cut. Raises `UserError` where none fits."""
    inputs = bundle.manifest.inputs
    usual = {name: recipe.clip.behind(name) for name in recipe.clip.names}
    chosen = choose_streams(inputs, offers(dataset), choice, usual)
    behind = {need.name: list(dict.fromkeys(one.name for by in chosen.values() for one in by[need.name])) for need in inputs}
    stated = {name: " | ".join(names) for name, names in behind.items()}
    return Clip(window=bundle.manifest.window, inputs=stated, reference=inputs[0].name)


def _hear(teacher: BundleTeacher, clip: Clip, dataset: Dataset, options: TeachOptions) -> tuple[list[Pair], list[str]]:
    """Return the recordings of which the teacher says something and whose clocks fit, and a line for each other one."""
    pairs, reasons = [], []
    for source in dataset.sources:
        try:
            recording = source.load()
            pairs.append(_pair(teacher, clip, source, recording, options))
        except NotReadyError:
            raise
        except UserError as error:
            reasons.append(str(error))
    return pairs, reasons


def _pair(teacher: BundleTeacher, clip: Clip, source: Source, recording: Recording, options: TeachOptions) -> Pair:
    worn = renamed(recording, {clip.reference: clip.behind(clip.reference)}).streams.get(clip.reference)
    if worn is None:
        raise UserError(f"{recording.id}: lacks {' or '.join(clip.behind(clip.reference))}")
    said = teacher.say(recording)
    if options.clocks == "shared":
        return Pair(source, recording, said, None)
    times, motion = _motion_seen(teacher, recording, said)
    found = align(worn.times, motion_of_acceleration(worn.times, worn.values), times, motion, options.within_s)
    if found is None or not found.sure:
        how = "too short" if found is None else str(found)
        raise UserError(f"{recording.id}: its clocks cannot be aligned by motion ({how}); jump or clap in sight, or state --clocks shared")
    moved = replace(said, start_s=said.start_s + found.offset_s, end_s=said.end_s + found.offset_s)
    return Pair(source, recording, moved, found)


def _motion_seen(teacher: BundleTeacher, recording: Recording, said: Said) -> tuple[np.ndarray, np.ndarray]:
    """Return times (N,) and motion (N,) of the person as the teacher's sensor sees it."""
    if said.seen:
        return motion_of_people(said.seen)
    for stream in teacher.inputs_of(recording).streams.values():
        if stream.unit == "g":
            return stream.times, motion_of_acceleration(stream.times, stream.values)
        if stream.unit == "m" and stream.values.shape[1] % 3 == 0:
            return stream.times, motion_of_joints(stream.times, stream.values.reshape(len(stream.times), -1, 3))
    raise UserError(f"{recording.id}: the teacher sees no motion by which clocks could be aligned; state --clocks shared")


def motion_of_people(seen: Sequence[Observation]) -> tuple[np.ndarray, np.ndarray]:
    """Return times (N,) of the pictures with people and the speed (N,) of the largest one's joints, in sizes of the person a second."""
    rows = [(one.time, max((p for p in one.people if isinstance(p, Pose)), key=lambda p: p.size)) for one in seen if one.people]
    if len(rows) < 2:
        return np.zeros(0), np.zeros(0)
    times, joints = np.asarray([time for time, _ in rows]), np.stack([pose.joints for _, pose in rows])
    sizes = np.asarray([pose.size for _, pose in rows])
    return times, motion_of_joints(times, joints, np.stack([pose.scores for _, pose in rows])) / sizes


def _held_out(pairs: Sequence[Pair], options: TeachOptions) -> np.ndarray:
    """Return (pairs,) bool: which recordings check the result, the same share of those with and without a fall."""
    fell = np.asarray([pair.fell for pair in pairs])
    for what, count in (("a fall", int(fell.sum())), ("no fall", int((~fell).sum()))):
        if count < LEAST_EACH:
            raise UserError(
                f"{count} of {len(pairs)} recordings show {what}, of which {LEAST_EACH} are needed to learn from and to check by; "
                "record more (falls onto a mattress), or leave the bundle as it is"
            )
    held = np.zeros(len(pairs), bool)
    for side in (fell, ~fell):
        mine = np.flatnonzero(side)
        held[mine[options.draw % options.held_out :: options.held_out]] = True
    return held


def _taught(
    bundle: Bundle, recipe: Recipe, clip: Clip, store: ClipStore, pairs: Sequence[Pair], teacher: BundleTeacher, options: TeachOptions
) -> Deployment:
    """Train the bundle's network on what the teacher says of the pairs; return what the new bundle is made of."""
    manifest, numbers = bundle.manifest, {one.id: i for i, one in enumerate(store.recordings)}
    said = {numbers[pair.source.id]: pair.said for pair in pairs if pair.source.id in numbers}
    clips = store.clips_of(np.asarray(list(said), np.int64))
    logits = logits_of_clips(store, clips, said, teacher) * manifest.temperature
    heard = ~np.isnan(logits).any(axis=1)
    if not heard.any():
        raise UserError(says_nothing(teacher.bundle.path, []))
    clips, logits = clips[heard], logits[heard]
    training = Training(
        steps=options.steps, batch=32, lr=5e-4, average=0.98, augment=Augment(views=4, warp=0.1, crop=0.08, rotation_deg=10, dynamics=0.2)
    )
    how = Distillation.model_validate(
        {"hard": 0.0, "bundle": str(teacher.bundle.path), "terms": [{"loss": "soft", "weight": 1, "temperature": 2}]}
    )
    views = torch.from_numpy(logits)[None, :, None].expand(1 + training.augment.views, -1, 1, -1)
    held = load_clips(store, clips, np.full(len(clips), IGNORED), bundle_inputs(bundle), training.augment)
    network = network_of(bundle)
    torch.manual_seed(options.seed)
    objective = FrozenNorms(Distil(how, TeacherOutputs(views.contiguous(), {}), {}, len(held)))
    with tempfile.TemporaryDirectory() as folder:
        network = fit(network, held, training, objective, options.seed, Path(folder))
    sample = sample_of(store, bundle_inputs(bundle), clips, SAMPLE)
    guard = Guard(sample, _agreement(network, sample, bundle), recipe.export.budget_points)
    made = recipe.model_copy(update={"clip": clip, "export": recipe.export.model_copy(update={"formats": ["onnx"]})})
    stated = _provenance(bundle, store, list(said), teacher, options)
    return Deployment(
        made, store, manifest.labels, manifest.decision, exportable(network, sample), sample, guard, stated, manifest.temperature
    )


def _agreement(network: torch.nn.Module, sample: Mapping[str, np.ndarray], bundle: Bundle) -> Any:
    """Return a metric of a compressed model: the share of clips that it decides as the float32 network does."""
    manifest = bundle.manifest
    column = manifest.labels.index(str(manifest.positive))

    def counts(outputs: GraphOutputs) -> np.ndarray:
        return softmax(outputs[0] / manifest.temperature)[:, column] >= manifest.decision.threshold

    wanted = counts(torch_outputs(network, sample))
    return lambda outputs: {"agreement": float((counts(outputs) == wanted).mean())}


def _provenance(
    bundle: Bundle, store: ClipStore, recordings: Sequence[int], teacher: BundleTeacher, options: TeachOptions
) -> dict[str, Any]:
    """Return the old provenance with who was learned from, so that nobody is evaluated on who taught."""
    old = dict(bundle.manifest.provenance)
    mine = [store.recordings[i] for i in recordings]
    return old | {
        "trained_on": sorted({*old.get("trained_on", []), *(one.subject for one in mine)}),
        "fingerprints": fingerprints_json((one.content for one in mine), from_json(old.get("fingerprints")) or ()),
        "taught": {"by": teacher.bundle.manifest.name, "recordings": len(mine), "steps": options.steps, "seed": options.seed},
    }


def _held(bundle: Bundle, clip: Clip, pairs: Sequence[Pair]) -> HeldOut:
    """Return what a bundle says of recordings by which it was not taught."""
    behind = {name: clip.behind(name) for name in clip.names}
    found = [bundle.predict(renamed(pair.recording, behind), placement_ok=True) for pair in pairs]
    highest = [float(one.curve()[:, 2].max(initial=0.0)) for one in found]
    fell = [pair.fell for pair in pairs]
    return HeldOut(np.asarray(fell), np.asarray([bool(one.events) for one in found]), np.asarray(highest))
