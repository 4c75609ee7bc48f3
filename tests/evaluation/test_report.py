"""The report says the figures of metrics.json in words, holds its pictures, and needs nothing from elsewhere."""

import shutil
from pathlib import Path

import pytest

from featherfall.evaluation.report import write_report


def metric(mean: float, ci95: list[float] | None = None) -> dict[str, object]:
    return {"mean": mean, "ci95": ci95, "per_seed": [mean, mean]}


def metrics(task: str) -> dict[str, object]:
    main = "f1" if task == "fall" else "accuracy"
    values = {"fall": {"f1": 0.9, "sensitivity": 0.875, "precision": 0.931}, "activity": {"accuracy": 0.9, "macro_f1": 0.8}}[task]
    roles = {
        role: {name: metric(value, [value - 0.02, value + 0.02]) for name, value in values.items()}
        for role in ("teacher", "alone", "distilled")
    }
    points = [
        {"threshold": t / 10, "sensitivity": 1 - t / 20, "precision": 0.5 + t / 20, "f1": 0.8, "false_alarms": 3} for t in range(1, 10)
    ]
    falls = {
        "falls": 40,
        "recordings": 100,
        "missed": 5,
        "false_alarms": 3,
        "hours": 2.5,
        "operating_points": points,
        "false_alarms_by_activity": {"<clapping>": 3},
        "missed_by_activity": {},
    }
    counts = falls if task == "fall" else {"recordings": 100, "confused": [("swipe left", "swipe right", 4)]}
    return {
        "recipe": "mine",
        "dataset": "folder",
        "protocol": "leave one subject out",
        "part": "test",
        "positive": "fall" if task == "fall" else None,
        "main_metric": main,
        "seeds": [0, 1],
        "roles": roles,
        "counts": {role: [counts, counts] for role in roles},
        "distilled_minus_alone": {"metric": main, "over_seeds": {"mean": 0.013, "ci95": [0.006, 0.021], "pairs": []}},
        "gap_closed": {main: 0.34},
        "sizes": {"distilled": {"parameters": 43259, "macs": 1049664, "bytes": 173036}},
        "notes": ["2 recordings <left> out"],
        "environment": {"featherfall": "0.1.0"},
    }


@pytest.mark.parametrize("task", ["fall", "activity"])
def test_report_stands_alone_and_says_the_figures(tmp_path: Path, task: str) -> None:
    log = tmp_path / "log.csv"
    log.write_text("step,loss,lr,validation\n10,1.5,0.1,\n20,1.2,0.1,\n")
    write_report(tmp_path / "report.html", metrics(task), {"alone": [log]})
    page = (tmp_path / "report.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace("http://creativecommons.org", "")
    assert "https://" not in page.replace("https://matplotlib.org", "")
    assert "+1.3 points (95%: +0.6 to +2.1), paired over seeds" in page
    assert "34% is closed" in page
    assert "2 recordings &lt;left&gt; out" in page
    assert page.count("<svg") == (3 if task == "fall" else 2)
    if task == "fall":
        assert "<b>87.5%</b> of the falls" in page
        assert "&lt;clapping&gt;" in page
        assert "of 40 falls 5, 5 were missed; of 60 other recordings 3, 3 raised an alarm (2.5 hours observed)" in page
    else:
        assert "<td>swipe left</td><td>swipe right</td><td>4.0</td>" in page


def with_curve() -> dict[str, object]:
    curve = [
        {"threshold": at, "falls_found": found, "false_alarms": false} for at, found, false in ((0.1, 40, 20), (0.45, 38, 4), (0.9, 30, 0))
    ]
    points = {"sensitive": 0.1, "balanced": 0.45, "quiet": 0.9}
    datasets = [{"name": "walks <&>", "recordings": 9, "people": 3, "falls": 0, "hours": 8.0}]
    operating: dict[str, object] = {
        "threshold": 0.45,
        "temperature": 1.5,
        "curve": curve,
        "falls": 40,
        "hours": 8.0,
        "alarms_in": "daily life",
    }
    operating |= {"points": points, "left_out": "people and datasets", "datasets": datasets}
    return metrics("fall") | {"operating": operating}


def test_thresholds_stand_beside_what_they_cost(tmp_path: Path) -> None:
    """38 of 40 is 95%, by Wilson 83.5 to 98.6; 4 alarms are 1.0899 to 10.242 (Garwood) in 8 hours, none are up to 3.689."""
    write_report(tmp_path / "report.html", with_curve(), {})
    page = (tmp_path / "report.html").read_text()
    table = page.partition("<table class=thresholds>")[2].partition("</table>")[0]
    assert "<th>falls found, of 40</th><th>false alarms in 8.0 h</th>" in table
    assert (
        "<td><b>0.45</b><small>ships, balanced</small></td><td>38: 95.0%<small>83.5 to 98.6</small></td>"
        "<td>4</td><td>0.50<small>0.14 to 1.3</small></td>"
    ) in table
    assert "<td>0.9<small>quiet</small></td>" in table and "<td>0</td><td>0.00<small>0.00 to 0.46</small></td>" in table
    assert "people and datasets left out of training" in page and "walks &lt;&amp;&gt;: 9 recordings of 3 people, 0 falls, 8.0 h" in page


def test_a_run_without_a_curve_shows_its_first_seed(tmp_path: Path) -> None:
    values = metrics("fall")
    for counts in values["counts"].values():  # type: ignore[attr-defined]
        for one in counts:
            one["operating_points"] = [point | {"falls_found": 20, "false_events": 5} for point in one["operating_points"]]
    write_report(tmp_path / "report.html", values, {})
    page = (tmp_path / "report.html").read_text()
    assert page.count("<td>20: 50.0%<small>") == 9 and "<td>5</td><td>2.0<small>0.65 to 4.7</small></td>" in page
    for counts in values["counts"].values():  # type: ignore[attr-defined]
        for one in counts:
            one.pop("hours", None)  # the seeds share one dictionary
    write_report(tmp_path / "report.html", values, {})
    assert "<td>5</td><td></td>" in (tmp_path / "report.html").read_text()


def test_names_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\x1b[31m"
    for task in ("fall", "activity"):
        values = metrics(task) | dict.fromkeys(["recipe", "dataset", "protocol"], hostile)
        values |= {"notes": [hostile], "environment": {hostile: hostile}}
        values["over_groups"] = {"group": hostile, "roles": {"distilled": {"f1": [0.1, 0.2]}}}
        for counts in values["counts"].values():  # type: ignore[attr-defined]
            for one in counts:
                one |= {"confused": [(hostile, hostile, 4)], "false_alarms_by_activity": {hostile: 1}, "missed_by_activity": {hostile: 1}}
        log = tmp_path / "log.csv"
        log.write_text("step,loss,lr,validation\n10,1.5,0.1,\n20,1.2,0.1,\n")
        write_report(tmp_path / "report.html", values, {"alone": [log]})
        page = (tmp_path / "report.html").read_text()
        assert "<script" not in page and "&lt;script&gt;" in page


def of_all_roles() -> dict[str, object]:
    values = metrics("fall")
    roles = ("teacher", "teacher_ensemble", "alone", "distilled", "int8")
    for part in ("roles", "counts"):
        values[part] = dict.fromkeys(roles, values[part]["distilled"])  # type: ignore[index]
    values["sizes"] = dict.fromkeys(roles, values["sizes"]["distilled"])  # type: ignore[index]
    return values


@pytest.mark.parametrize("shipped", ["int8", "distilled", "alone"])
def test_the_last_column_is_the_model_that_ships(tmp_path: Path, shipped: str) -> None:
    values = of_all_roles()
    for role in ("int8", "distilled")[: ("int8", "distilled", "alone").index(shipped)]:
        del values["roles"][role]  # type: ignore[attr-defined]
    if shipped == "alone":
        values["roles"] = {"alone": values["roles"]["alone"]}  # type: ignore[index]
    write_report(tmp_path / "report.html", values, {})
    head = (tmp_path / "report.html").read_text().partition("<table class=roles><tr>")[2].partition("</tr>")[0]
    assert head.endswith(
        {"int8": "<th>distilled, int8</th>", "distilled": "<th>student distilled</th>", "alone": "<th>student</th>"}[shipped]
    )


def test_on_a_phone_that_column_is_in_sight(tmp_path: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright here: pip install playwright")
    if chromium is None:
        pytest.skip("no chromium here: apt-get install chromium")
    write_report(tmp_path / "report.html", of_all_roles(), {})
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto((tmp_path / "report.html").as_uri())
        table = "document.querySelector('.roles')"
        right = page.evaluate(f"{table}.rows[1].lastElementChild.getBoundingClientRect().right")
        wider = page.evaluate(f"{table}.parentElement.scrollWidth > {table}.parentElement.clientWidth")
        assert right <= 390 and wider and page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.locator(".roles th").last.inner_text() == "distilled, int8"
        browser.close()


def test_what_nothing_measures_is_none(tmp_path: Path) -> None:
    """Nobody falls in the test part, and no alarm is raised."""
    values = of_all_roles()
    for name in ("f1", "sensitivity", "precision"):
        for role in values["roles"].values():  # type: ignore[attr-defined]
            role[name] = {"mean": None, "ci95": None, "per_seed": [None, None]}
    for counts in values["counts"].values():  # type: ignore[attr-defined]
        for one in counts:
            one["operating_points"] = [point | {"sensitivity": None, "precision": None, "f1": None} for point in one["operating_points"]]
    values["distilled_minus_alone"] = {}
    write_report(tmp_path / "report.html", values, {})
    page = (tmp_path / "report.html").read_text()
    assert "detects no of the falls" not in page and "<td>none</td>" in page and "None" not in page.partition("<svg")[0]
