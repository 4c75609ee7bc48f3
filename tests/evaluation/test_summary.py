from __future__ import annotations

import json
from importlib import metadata

import pytest
from tests.conftest import tiny_recipe

from featherfall.evaluation.summary import environment, summarise

ROLES = {
    "teacher": [{"f1": 0.8, "accuracy": 0.9}, {"f1": 0.9, "accuracy": 0.9}],
    "teacher_ensemble": [{"f1": 1.0, "accuracy": 0.9}],
    "alone": [{"f1": 0.6, "accuracy": 0.9, "detection_delay_s": 1.0}, {"f1": 0.7, "accuracy": 0.9}],
    "distilled": [{"f1": 0.7, "accuracy": 0.9}, {"f1": 0.9, "accuracy": 0.9}],
}
BY_FOLD = {"alone": [[0.5, 0.7, 0.6], [0.7, 0.7, 0.8]], "distilled": [[0.6, 0.8, 0.8], [0.8, 0.8, 1.0]]}


def summary(**changes: object) -> dict[str, object]:
    values = {
        "recipe": tiny_recipe(seeds=[0, 1]),
        "roles": ROLES,
        "counts": {"alone": [{"missed": 1}, {"missed": 2}]},
        "by_fold": BY_FOLD,
        "test_to_train": 0.5,
        "sizes": {"alone": {"parameters": 7}},
        "notes": ["a note"],
    }
    return summarise(**(values | changes))  # type: ignore[arg-type]


def test_roles_seeds_and_gap() -> None:
    out = summary()
    assert json.loads(json.dumps(out)) == out  # plain values throughout
    assert out["main_metric"] == "f1" and out["positive"] == "fall" and out["seeds"] == [0, 1] and out["protocol"] == "2 folds by subject"
    assert out["roles"]["alone"]["f1"]["mean"] == pytest.approx(0.65) and out["roles"]["alone"]["f1"]["per_seed"] == [0.6, 0.7]
    assert out["roles"]["alone"]["detection_delay_s"] == {"mean": 1.0, "ci95": None, "per_seed": [1.0]}
    # Of the ensemble, not of its members; accuracy has no gap to close.
    assert out["gap_closed"] == {"accuracy": None, "f1": pytest.approx((0.8 - 0.65) / (1.0 - 0.65))}
    assert out["counts"] == {"alone": [{"missed": 1}, {"missed": 2}]} and out["notes"] == ["a note"]


def test_paired_over_seeds_and_over_folds() -> None:
    differences = summary()["distilled_minus_alone"]
    assert differences["metric"] == "f1"
    assert differences["over_seeds"]["pairs"] == pytest.approx([0.1, 0.2])
    assert differences["over_folds"]["pairs"] == pytest.approx([0.1, 0.1, 0.2])  # seeds averaged, then fold by fold
    assert "over_folds" not in summary(by_fold={"alone": [[0.5]], "distilled": [[0.6]]})["distilled_minus_alone"]


def test_what_was_not_measured_is_null() -> None:
    """No alarm in the second seed of "alone": no precision there; in the only seed of the ensemble: none at all."""
    roles = {role: [one | {"precision": 0.5} for one in metrics] for role, metrics in ROLES.items()}
    roles["alone"][1]["precision"] = roles["teacher_ensemble"][0]["precision"] = None
    out = summary(roles=roles)
    assert out["roles"]["alone"]["precision"] == {"mean": 0.5, "ci95": None, "per_seed": [0.5, None]}
    assert out["roles"]["teacher_ensemble"]["precision"] == {"mean": None, "ci95": None, "per_seed": [None]}
    roles["alone"][0]["f1"] = None  # neither a fall nor an alarm in this seed
    gone = summary(roles=roles, by_fold={"alone": [[0.5, None, 0.6]], "distilled": [[0.6, 0.8, 0.8]]})
    assert gone["distilled_minus_alone"]["over_seeds"]["pairs"] == pytest.approx([0.2])
    assert gone["distilled_minus_alone"]["over_folds"]["pairs"] == pytest.approx([0.1, 0.2])
    roles["alone"][1]["f1"] = None
    assert summary(roles=roles)["distilled_minus_alone"] == {}


def test_without_an_ensemble_the_teacher_counts() -> None:
    roles = {role: metrics for role, metrics in ROLES.items() if role != "teacher_ensemble"}
    assert summary(roles=roles)["gap_closed"]["f1"] == pytest.approx((0.8 - 0.65) / (0.85 - 0.65))


def test_without_students_nothing_is_compared() -> None:
    out = summary(roles={"teacher": ROLES["teacher"]}, by_fold={})
    assert out["distilled_minus_alone"] == {} and out["gap_closed"] == {}


def test_environment_names_versions() -> None:
    assert environment()["torch"] == metadata.version("torch") and environment()["machine"]
