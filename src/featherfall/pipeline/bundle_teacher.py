"""A bundle that exists as a teacher: what it says of a recording over time, and so of each clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from featherfall.clips.mapping import renamed
from featherfall.clips.store import ClipStore
from featherfall.core.checked import check
from featherfall.core.clip_settings import Clip
from featherfall.core.errors import UserError
from featherfall.core.recipe import Recipe
from featherfall.core.recording import Recording
from featherfall.datasets import Source
from featherfall.evaluation.evaluator import NotReadyError
from featherfall.evaluation.films import films_of
from featherfall.evaluation.of_films import FilmEvaluator
from featherfall.runtime import Bundle, load_bundle
from featherfall.runtime.observation import Observation
from featherfall.training.checkpoint import save_tensors
from featherfall.training.stages import FoldContext

WATCHES = ("keypoints", "detector")  # kinds of bundles that follow people in films
LEAST = 1e-3  # probability: a teacher is never surer than this, so that logarithms stay finite


@dataclass(frozen=True, eq=False)
class Said:
    """What a bundle says of one recording.

    Attributes:
        start_s, end_s: (K,) of its windows, s on the clock of what it looks at.
        probabilities: (K, classes) in the order of the student's classes.
        fell: whether it reports a fall.
        seen: of a camera, the people in each picture.
    """

    start_s: np.ndarray
    end_s: np.ndarray
    probabilities: np.ndarray
    fell: bool
    seen: Sequence[Observation] = ()

    def of_clips(self, start_s: np.ndarray, end_s: np.ndarray, centre_s: np.ndarray, *, whole: bool, fall: int | None) -> np.ndarray:
        """Return the (N, classes) probabilities of clips; NaN where no window is of their time.

        Of a fall, the window that is surest of it, among those that hold the clip's centre (any part of a clip that is a whole recording);
        of activities, the mean over the windows that overlap the clip.

        Arguments:
            start_s, end_s, centre_s: (N,) s on the same clock. fall: column of the fall class, None for activities.
        """
        out = np.full((len(start_s), self.probabilities.shape[1]), np.nan)
        for clip, (start, end, centre) in enumerate(zip(start_s, end_s, centre_s, strict=True)):
            first, last = (start, end) if whole or fall is None else (centre, centre)
            mine = self.probabilities[(self.start_s <= last) & (self.end_s >= first)]
            if len(mine):
                out[clip] = mine.mean(axis=0) if fall is None else mine[mine[:, fall].argmax()]
        return out


class BundleTeacher:
    """An opened bundle that teaches; `open_teacher` opens one."""

    def __init__(
        self, bundle: Bundle, classes: Sequence[str], positive: str | None, clip: Clip | None, films: FilmEvaluator | None
    ) -> None:
        """Arguments:
        classes: the student's. positive: which of them is a fall, None for activities.
        clip: of the student's recipe, which may say which streams are behind the bundle's inputs.
        films: watches films with the bundle, where that is what it does.
        """
        self.bundle, self.classes, self.positive, self._films = bundle, list(classes), positive, films
        own = bundle.manifest.of_training("recipe", "clip")
        clips = [one for one in (clip, check(Clip, own, bundle.path / "manifest.json") if own else None) if one is not None]
        self._behind = {
            need.name: [*(name for one in clips if need.name in one.names for name in one.behind(need.name)), need.name]
            for need in bundle.manifest.inputs
        }

    @property
    def fall(self) -> int | None:
        """The column of the fall class; None for activities."""
        return None if self.positive is None else self.classes.index(self.positive)

    def say(self, recording: Recording) -> Said:
        """Return what the bundle says of a recording. Raises `UserError` where it sees nothing of it."""
        return self._watch(recording) if self._films is not None else self._predict(recording)

    def inputs_of(self, recording: Recording) -> Recording:
        """Return the recording with the bundle's inputs only, under its names."""
        return renamed(recording, self._behind)

    def _predict(self, recording: Recording) -> Said:
        found = self.bundle.predict(self.inputs_of(recording))
        if not found.usable.any():
            raise UserError(f"{recording.id}: {next(iter(found.verdict.reasons), 'no window of it can be judged')}")
        kept = found.probabilities[found.usable]
        if self.positive is not None:
            kept = self._of_fall(kept[:, found.labels.index(str(self.bundle.manifest.positive))])
        else:
            kept = kept[:, [found.labels.index(name) for name in self.classes]]
        return Said(found.start_s[found.usable], found.end_s[found.usable], kept, bool(found.events))

    def _watch(self, recording: Recording) -> Said:
        films = films_of(recording)
        if not films or self._films is None:
            raise UserError(f"{recording.id}: has no film")
        result, seen = self._films.watch(films[0], [])
        if not len(result.curve):
            raise UserError(f"{recording.id}: {next(iter(result.verdict.reasons), 'nobody is found in its film')}")
        seconds = self.bundle.manifest.window.seconds if self.bundle.manifest.kind == "keypoints" else 0.0
        end_s = result.curve[:, 0]
        return Said(end_s - seconds, end_s, self._of_fall(result.curve[:, 2]), bool(result.falls), seen)

    def _of_fall(self, fall: np.ndarray) -> np.ndarray:
        """(K,) probabilities of a fall -> (K, 2) in the order of the student's classes."""
        return np.stack([fall if name == self.positive else 1 - fall for name in self.classes], axis=1)


def open_teacher(path: str | Path, classes: Sequence[str], recipe: Recipe, *, cache: Path | None = None) -> BundleTeacher:
    """Open a bundle that teaches a recipe's student. cache: folder for the people found in films.

    Raises: `UserError` for a bundle that cannot tell the student's classes apart.
    """
    bundle = load_bundle(path)
    manifest, positive = bundle.manifest, recipe.labels.positive if recipe.labels.by == "fall" else None
    if positive is not None and manifest.positive is None:
        raise UserError(f"{path}: teaches no falls, its classes are {', '.join(manifest.labels)}; give a bundle with a fall class")
    if positive is None and (absent := [name for name in classes if name not in manifest.labels]):
        raise UserError(f"{path}: does not know {', '.join(absent)}, which the student learns; it knows {', '.join(manifest.labels)}")
    films = FilmEvaluator(bundle, cache=cache) if manifest.kind in WATCHES else None
    return BundleTeacher(bundle, classes, positive, recipe.clip, films)


def write_bundle_outputs(stage: FoldContext, teacher: BundleTeacher, sources: Mapping[str, Source], path: Path) -> None:
    """Write what a bundle says of the pairs of a fold as `stages.write_teacher_outputs` does, the same for all views of a clip.

    Clips of which it says nothing are NaN: the distilled student is not trained on them.

    Raises: `UserError` where it says nothing of any.
    """
    part, store = stage.pairs, stage.store
    recordings = np.unique(store.recording[part.clips])
    said, reasons = hear(teacher, [sources[store.recordings[i].id] for i in recordings])
    logits = logits_of_clips(store, part.clips, {int(i): one for i, one in zip(recordings, said, strict=True) if one}, teacher)
    if np.isnan(logits).all():
        raise UserError(says_nothing(teacher.bundle.path, reasons))
    views = 1 + stage.recipe.student.training.augment.views
    values = torch.from_numpy(logits)[None, :, None].expand(views, -1, 1, -1).contiguous()
    path.parent.mkdir(parents=True, exist_ok=True)
    save_tensors(path, {"logits": values, "features": {}})


def hear(teacher: BundleTeacher, sources: Sequence[Source]) -> tuple[list[Said | None], list[str]]:
    """Return what a bundle says of recordings, None of those that it sees nothing of, and why for each of these."""
    said: list[Said | None] = []
    reasons = []
    for source in sources:
        try:
            said.append(teacher.say(source.load()))
        except NotReadyError:
            raise
        except UserError as error:
            said.append(None)
            reasons.append(str(error))
    return said, reasons


def says_nothing(path: Path, reasons: Sequence[str]) -> str:
    """Return the message on a teacher that sees nothing of the data."""
    why = f" ({reasons[0]})" if reasons else " (no window of it is of a clip's time)"
    return f"{path}: sees nothing of these recordings{why}; give a bundle that looks at what they hold"


def logits_of_clips(store: ClipStore, clips: np.ndarray, said: Mapping[int, Said], teacher: BundleTeacher) -> np.ndarray:
    """Return (N, classes) float32, the logarithms of what a bundle says of clips; NaN where it says nothing. said: by recording."""
    out = np.full((len(clips), len(teacher.classes)), np.nan, np.float32)
    for recording, one in said.items():
        mine = np.flatnonzero(store.recording[clips] == recording)
        index = clips[mine]
        times = store.start_s[index], store.end_s[index], store.centre_s[index]
        out[mine] = np.log(one.of_clips(*times, whole=store.whole, fall=teacher.fall).clip(LEAST, 1))
    return out
