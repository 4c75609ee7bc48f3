"""Classes of clips."""

from __future__ import annotations

import numpy as np

from featherfall.clips.store import ClipStore
from featherfall.core.errors import UserError
from featherfall.core.recipe import Labels
from featherfall.core.recording import FallTimes

IGNORED = -1


def classes(store: ClipStore, labels: Labels) -> list[str]:
    """Return class names in the order of the logits."""
    if labels.by == "fall":
        assert labels.positive is not None
        return [labels.negative, labels.positive]
    return sorted({recording.activity for recording in store.recordings if recording.labelled})


def clip_labels(store: ClipStore, labels: Labels, reference: str = "") -> np.ndarray:
    """Return the class of each clip, (N,) int64; `IGNORED` for clips of a fall recording outside of its fall, which have no class, and for
    those of recordings without an activity.

    A window of a recording with a fall belongs to the fall if its centre is between the annotated onset and `margin_s` after the end. Where
    the dataset has no times, it does if its peak is within `untimed_s` of the recording's highest, or always where that is not set. A
    window that is the whole recording always does.

    Arguments:
        reference: the clip's reference input, an accelerometer; needed for `untimed_s`.
    """
    names = classes(store, labels)
    if labels.by == "activity":
        order = {name: i for i, name in enumerate(names)}
        by_recording = np.asarray([order.get(recording.activity, IGNORED) for recording in store.recordings])
        return by_recording[store.recording] if len(store) else np.zeros(0, np.int64)
    out = np.zeros(len(store), np.int64)
    for clip, (recording, centre) in enumerate(zip(store.recording, store.centre_s, strict=True)):
        fall = store.recordings[recording].fall
        if not store.recordings[recording].labelled:
            out[clip] = IGNORED
        elif fall is not None:
            out[clip] = names.index(str(labels.positive)) if store.whole or of_fall(float(centre), fall, labels.margin_s) else IGNORED
    if labels.untimed_s is not None:
        out[_far_from_impact(store, reference, labels.untimed_s)] = IGNORED
    return out


def _far_from_impact(store: ClipStore, reference: str, near_s: float) -> np.ndarray:
    """Return the clips (K,) of falls without times whose peak is further than this from their recording's highest peak."""
    falls = [i for i, one in enumerate(store.recordings) if one.fall == FallTimes()]
    clips = store.clips_of(np.asarray(falls, np.int64))
    peak = np.rint((store.centre_s[clips] - store.start_s[clips]) * store.rate).astype(np.int64)
    heights = np.linalg.norm(store.inputs[reference][clips, peak.clip(0, store.length - 1)], axis=1)
    far = []
    for recording in falls:
        mine = np.flatnonzero(store.recording[clips] == recording)
        if len(mine):
            highest = store.centre_s[clips[mine[heights[mine].argmax()]]]
            far.append(clips[mine[np.abs(store.centre_s[clips[mine]] - highest) > near_s]])
    return np.concatenate(far) if far else np.zeros(0, np.int64)


def of_fall(centre_s: float, fall: FallTimes, margin_s: float) -> bool:
    """Return whether a window with this centre shows the fall. Without an onset, it is taken as the margin before the impact."""
    begin = fall.onset if fall.onset is not None else None if fall.impact is None else fall.impact - margin_s
    end = fall.end if fall.end is not None else fall.impact if fall.impact is not None else fall.onset
    return begin is None or end is None or begin <= centre_s <= end + margin_s


def check_classes(names: list[str], train_labels: np.ndarray, where: str) -> None:
    """Raise `UserError` naming the classes without a training clip."""
    absent = [name for i, name in enumerate(names) if not (train_labels == i).any()]
    if absent:
        raise UserError(f"{where}: no training clip of class {', '.join(absent)}; widen the training part or drop the class")
