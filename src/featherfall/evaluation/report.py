"""A run as one HTML page that needs nothing else: tables in words people use, pictures inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from featherfall.core.files import atomic_write
from featherfall.evaluation import pictures, thresholds
from featherfall.evaluation.by_dataset import FIGURES
from featherfall.evaluation.pictures import METRIC_NAMES, ROLE_NAMES

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#1c2733;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}p.lead{font-size:1.1rem}.muted{color:#5c6670}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:.3rem .6rem;border-bottom:1px solid #e3e7eb}th:first-child,td:first-child{text-align:left}
td small{display:block;color:#5c6670;white-space:nowrap}.scroll{overflow-x:auto}svg{max-width:100%;height:auto}
.roles th:last-child,.roles td:last-child{background:#f2f7fb;font-weight:600}.roles td:last-child small{font-weight:400}
p.narrow{display:none}
@media(max-width:600px){body{margin:1rem auto}table{font-size:.85rem}th,td{padding:.3rem .4rem}p.narrow{display:block}
.roles th:first-child,.roles td:first-child{min-width:6.5rem;max-width:8.5rem}
.roles th:last-child,.roles td:last-child{position:sticky;right:0;box-shadow:-.5rem 0 .5rem -.5rem #9aa5b1}}
"""  # the model that ships is the last column; where the table is wider than the screen it stays in sight, and the others scroll below it


_SIMULATED = "<p><b>All people here are simulated.</b> These figures do not show how well this works on real people.</p>"


def write_report(path: Path, metrics: Mapping[str, Any], logs: Mapping[str, Sequence[Path]]) -> None:
    """Write the page.

    Arguments:
        metrics: what `metrics.json` holds.
        logs: `log.csv` files of the trainings by role.
    """
    fall = bool(metrics["positive"])
    parts = [
        f"<h1>{escape(metrics['recipe'])}</h1>",
        f"<p class=muted>{escape(metrics['dataset'])}, {escape(metrics['protocol'])}, {len(metrics['seeds'])} seed(s)"
        f"{', evaluated on the validation part' if metrics['part'] == 'validation' else ''}</p>",
        f"<p class=lead>{_headline(metrics)}</p>",
        _SIMULATED if metrics.get("simulated") else "",
        "<h2>Figures</h2>",
        f"<p class=muted>In percent unless the row says otherwise; small: 95% interval over seeds. {_whom(metrics)}</p>",
        _table(metrics),
        _datasets(metrics),
    ]
    if "distilled" in metrics["roles"]:
        parts += [
            "<h2>What the teacher gave</h2>",
            pictures.figure(6.5, 2.6, lambda axes: pictures.draw_pairs(axes, metrics)),
            _gain(metrics),
        ]
    if fall:
        parts += [
            "<h2>Where to put the threshold</h2>",
            *thresholds.section(metrics),
            _wrong(metrics),
        ]
    else:
        parts += ["<h2>What is mistaken for what</h2>", _confusions(metrics)]
    parts += ["<h2>Training</h2>", pictures.figure(6.5, 3.0, lambda axes: pictures.draw_losses(axes, logs))]
    parts += [f"<p class=muted>Note: {escape(note)}</p>" for note in metrics["notes"]]
    parts.append(f"<p class=muted>{escape(', '.join(f'{name} {version}' for name, version in metrics['environment'].items()))}</p>")
    title = escape(metrics["recipe"])
    head = f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>{title}</title>"
    with atomic_write(path, "w") as file:
        file.write(f"{head}<style>{_STYLE}</style><body>{''.join(parts)}</body></html>\n")


def _headline(metrics: Mapping[str, Any]) -> str:
    role = pictures.deployed_role(metrics)
    values, size = metrics["roles"][role], metrics["sizes"].get(role, {})
    model = f"The model that ships ({size.get('parameters', 0):,} parameters, {size.get('bytes', 0) / 1e3:.0f} kB)"
    if metrics["positive"]:
        found, right = (_percent(values.get(name)) for name in ("sensitivity", "precision"))
        of_falls = f"detects {found} of the falls of people it never met" if found else "met no fall of people that it never met"
        of_alarms = f"{right} of the recordings in which it raises an alarm hold a fall" if right else "it raised no alarm"
        return f"{model} {of_falls}; {of_alarms}."
    return f"{model} is right about <b>{100 * values['accuracy']['mean']:.1f}%</b> of the recordings."


def _percent(value: Mapping[str, Any] | None) -> str:
    return "" if value is None or value["mean"] is None else f"<b>{100 * value['mean']:.1f}%</b>"


def _whom(metrics: Mapping[str, Any]) -> str:
    if metrics["protocol"] == "published by_trial":
        return "This published split tests other trials of the same people."
    return "Nobody in the test part was trained on."


def _table(metrics: Mapping[str, Any]) -> str:
    roles = {role: metrics["roles"][role] for role in ROLE_NAMES if role in metrics["roles"]}
    head = "".join(f"<th>{pictures.name_of(role, metrics)}</th>" for role in roles)
    rows = []
    for name, label in METRIC_NAMES.items():
        if any(name in values for values in roles.values()):
            rows.append(f"<tr><td>{label}</td>{''.join(_cell(name, values.get(name)) for values in roles.values())}</tr>")
    if over := metrics.get("over_groups"):
        cells = "".join(_interval(over["roles"].get(role, {}).get("f1")) for role in roles)
        rows.insert(1, f"<tr><td>F1 of falls, 95% interval over the {escape(over['group'])}s of the test part</td>{cells}</tr>")
    for name, label, scale in (("parameters", "parameters", 1), ("macs", "multiply-accumulates a window", 1), ("bytes", "size (kB)", 1000)):
        cells = "".join(
            f"<td>{metrics['sizes'][role][name] / scale:,.0f}</td>" if role in metrics["sizes"] else "<td></td>" for role in roles
        )
        rows.append(f"<tr><td>{label}</td>{cells}</tr>")
    hint = "<p class='muted narrow'>The last column is the model that ships; swipe for the others.</p>" if len(roles) > 1 else ""
    return f"{hint}<div class=scroll><table class=roles><tr><th></th>{head}</tr>{''.join(rows)}</table></div>"


def _datasets(metrics: Mapping[str, Any]) -> str:
    """Return a table of the model that ships, dataset by dataset; "" for a run over one."""
    role = pictures.deployed_role(metrics)
    rows = metrics.get("datasets", {}).get(role)
    if not rows:
        return ""
    head = "".join(f"<th>{METRIC_NAMES[name]}</th>" for name in FIGURES)
    lines = []
    for row in rows:
        cells = "".join(_cell(name, row[name]) for name in FIGURES)
        hours = "" if row["hours"] is None else f"{row['hours']:.2f}"
        lines.append(f"<tr><td>{escape(row['dataset'])}</td><td>{row['falls']}</td>{cells}<td>{hours}</td></tr>")
    means = metrics["dataset_means"][role]
    cells = "".join(_cell(name, means[name]) for name in FIGURES)
    lines.append(f"<tr><td>mean of those with falls</td><td></td>{cells}<td></td></tr>")
    return (
        f"<h2>Dataset by dataset</h2><p class=muted>Of the model that ships.</p><div class=scroll><table><tr><th></th><th>falls</th>{head}"
        f"<th>hours without a fall</th></tr>{''.join(lines)}</table></div>"
    )


def _cell(name: str, value: Mapping[str, Any] | None) -> str:
    if value is None or value["mean"] is None:
        return "<td>none</td>" if value else "<td></td>"
    plain = name in ("ece", "brier", "auc", "false_alarms_per_hour", "detection_delay_s")
    scale, digits = (1, 3 if name in ("ece", "brier", "auc") else 1) if plain else (100, 1)
    text = f"{scale * value['mean']:.{digits}f}"
    if value["ci95"]:
        low, high = (scale * end for end in value["ci95"])
        text += f"<small>{max(low, 0):.{digits}f} to {high if plain else min(high, 100):.{digits}f}</small>"
    return f"<td>{text}</td>"


def _interval(ends: Sequence[float] | None) -> str:
    return f"<td>{100 * ends[0]:.1f} to {100 * ends[1]:.1f}</td>" if ends else "<td></td>"


def _gain(metrics: Mapping[str, Any]) -> str:
    gain = metrics["distilled_minus_alone"]
    if not gain:
        return ""
    words = {"over_seeds": "paired over seeds", "over_folds": "paired over folds (Nadeau-Bengio)"}
    parts = []
    for pairs, how in words.items():
        if pairs in gain:
            interval = gain[pairs]["ci95"]
            spread = f" (95%: {100 * interval[0]:+.1f} to {100 * interval[1]:+.1f})" if interval else ""
            parts.append(f"{100 * gain[pairs]['mean']:+.1f} points{spread}, {how}")
    closed = metrics["gap_closed"].get(gain["metric"])
    if closed is None:
        tail = " The teacher is hardly or not better than the student alone."
    else:
        tail = (
            f" Of the gap to the teacher, {100 * closed:.0f}% is closed." if closed > 0 else " Nothing of the gap to the teacher is closed."
        )
    return f"<p>Distilled against alone, {escape(METRIC_NAMES[gain['metric']])}: {'; '.join(parts)}.{tail}</p>"


def _wrong(metrics: Mapping[str, Any]) -> str:
    role = pictures.deployed_role(metrics)
    counts = metrics["counts"][role]
    falls, others = counts[0]["falls"], counts[0]["recordings"] - counts[0]["falls"]
    lines = [
        f"<p>Per seed, of {falls} falls {', '.join(str(one['missed']) for one in counts)} were missed; of {others} other recordings "
        f"{', '.join(str(one['false_alarms']) for one in counts)} raised an alarm"
        + (f" ({counts[0]['hours']:.1f} hours observed)" if "hours" in counts[0] else "")
        + ".</p>"
    ]
    for key, label in (("false_alarms_by_activity", "False alarms by activity"), ("missed_by_activity", "Missed falls by kind")):
        total: dict[str, float] = {}
        for one in counts:
            for name, number in one[key].items():
                total[name] = total.get(name, 0) + number / len(counts)
        rows = "".join(
            f"<tr><td>{escape(name)}</td><td>{number:.1f}</td></tr>" for name, number in sorted(total.items(), key=lambda item: -item[1])
        )
        if rows:
            lines.append(f"<h2>{label}</h2><table><tr><th></th><th>a seed</th></tr>{rows}</table>")
    return "".join(lines)


def _confusions(metrics: Mapping[str, Any]) -> str:
    role = pictures.deployed_role(metrics)
    total: dict[tuple[str, str], float] = {}
    seeds = metrics["counts"][role]
    for one in seeds:
        for truth, predicted, number in one.get("confused", []):
            total[truth, predicted] = total.get((truth, predicted), 0) + number / len(seeds)
    ranked = sorted(total.items(), key=lambda item: -item[1])[:12]
    rows = "".join(
        f"<tr><td>{escape(truth)}</td><td>{escape(predicted)}</td><td>{number:.1f}</td></tr>" for (truth, predicted), number in ranked
    )
    return f"<table><tr><th>what it was</th><th>what was predicted</th><th>a seed</th></tr>{rows}</table>" if rows else "<p>Nothing.</p>"
