"""Does a camera teach a watch? python benchmarks/teach_person.py DATASET DATA OUT [--subject S01] [--watch wrist] [--placement-ok]

`featherfall teach` on one person of a dataset with films, once for each third of the recordings held out, so that each is held out once.
The student learns from the camera's word alone; what is held out is judged by the dataset's labels. The guard's verdicts are stated apart:
figures "after" are those of the taught network, whether it would have shipped or not. Clocks are those of the dataset; how far `align` is
from them is a figure, too (--clocks align). OUT/teach_person.json holds everything.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from featherfall import datasets
from featherfall.clips.mapping import Choice
from featherfall.core.files import write_json
from featherfall.pipeline.teach import TeachOptions, teach_student
from featherfall.pipeline.teach_guard import HeldOut, interval


def pooled(rows: list[dict[str, Any]]) -> tuple[HeldOut, HeldOut]:
    """Return what both bundles say of all recordings, each held out once."""
    fell, alarms = np.asarray([row["fell"] for row in rows]), np.asarray([row["alarms"] for row in rows])
    return tuple(HeldOut(fell, alarms[:, k], np.asarray([row[name] for row in rows])) for k, name in enumerate(("before", "after")))  # type: ignore[return-value]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("dataset")
    words.add_argument("data", type=Path)
    words.add_argument("out", type=Path)
    words.add_argument("--subject")
    words.add_argument("--watch", default="wrist")
    words.add_argument("--teacher", default="camera")
    words.add_argument("--clocks", default="shared", choices=["shared", "align"])
    words.add_argument("--placement-ok", action="store_true")
    words.add_argument("--steps", type=int, default=300)
    words.add_argument("--trials", nargs="+", help="only these")
    options = words.parse_args()
    dataset = datasets.open(options.dataset, options.data)
    sources = [
        one for one in dataset.sources if options.subject in (None, one.subject) and (not options.trials or one.trial in options.trials)
    ]
    person = replace(dataset, sources=tuple(sources))
    runs = []
    for draw in range(3):
        how = TeachOptions(options.clocks, steps=options.steps, draw=draw, choice=Choice({}, options.placement_ok))
        runs.append(teach_student(options.watch, options.teacher, person, options.out / str(draw), how))
        print(f"third {draw + 1}: {runs[-1]['why']}; {'ships' if runs[-1]['taught'] else 'kept'}", flush=True)
    before, after = pooled([row for run in runs for row in run["held_out"]["recordings"]])
    low, high = interval(after.losses() - before.losses())
    found = {"before": before.to_json(), "after": after.to_json(), "loss_difference_ci95": [low, high], "runs": runs}
    write_json(options.out / "teach_person.json", found)
    print(f"before {found['before']}\nafter  {found['after']}\nloss   {low:+.3f} to {high:+.3f}")


if __name__ == "__main__":
    main()
