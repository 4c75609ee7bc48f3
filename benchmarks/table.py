"""The figures of `benchmarks/run.sh` as a Markdown table: python benchmarks/table.py OUT"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    print("| run | metric | teachers, averaged | alone | distilled | int8 | distilled - alone, over seeds | over folds | gap closed |")
    print("|---|---|---|---|---|---|---|---|---|")
    for path in sorted(Path(sys.argv[1]).glob("*/metrics.json")):
        metrics = json.loads(path.read_text())
        name = metrics["main_metric"]
        roles = metrics["roles"]
        teacher = roles.get("teacher_ensemble", roles["teacher"])[name]
        cells = [interval(teacher), *(interval(roles[role][name]) for role in ("alone", "distilled", "int8"))]
        gain = metrics["distilled_minus_alone"]
        gains = [signed(gain[pairs]) if pairs in gain else "" for pairs in ("over_seeds", "over_folds")]
        closed = metrics["gap_closed"].get(name)
        cells += [*gains, "" if closed is None else f"{100 * closed:.0f}%"]
        print(f"| {path.parent.name} ({len(metrics['seeds'])} seeds) | {name} | {' | '.join(cells)} |")


def interval(value: dict[str, Any]) -> str:
    """ "94.6 [93.8, 95.3]" in percent."""
    text = f"{100 * value['mean']:.1f}"
    return text if value["ci95"] is None else f"{text} [{100 * value['ci95'][0]:.1f}, {100 * value['ci95'][1]:.1f}]"


def signed(value: dict[str, Any]) -> str:
    """ "+1.3 [+.6, +2.1]" in points."""
    return f"{100 * value['mean']:+.2f} [{100 * value['ci95'][0]:+.2f}, {100 * value['ci95'][1]:+.2f}]"


if __name__ == "__main__":
    main()
