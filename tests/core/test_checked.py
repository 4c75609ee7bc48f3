from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field, ValidationError

from featherfall.core.checked import Checked, check
from featherfall.core.detection import Detection
from featherfall.core.errors import UserError


class Layer(Checked):
    width: int = Field(gt=0)
    dropout: float = 0.0


class Plan(Checked):
    name: str
    layers: list[Layer] = Field(default_factory=list)
    heads: dict[str, Layer] = Field(default_factory=dict)
    last: Layer | None = None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"nam": "a"}, r"plan\.yaml: key 'name' is missing; add it"),
        ({"name": "a", "layer": []}, r"plan\.yaml: unknown key 'layer'; did you mean 'layers'\?"),
        ({"name": "a", "zzz": 1}, r"unknown key 'zzz'; known keys: heads, last, layers, name"),
        ({"name": "a", "layers": [{"width": 1, "dropot": 0.1}]}, r"unknown key 'layers\.0\.dropot'; did you mean 'dropout'"),
        ({"name": "a", "heads": {"fall": {"wide": 1, "width": 2}}}, r"unknown key 'heads\.fall\.wide'; did you mean 'width'"),
        ({"name": "a", "last": {"width": 1, "widht": 2}}, r"unknown key 'last\.widht'; did you mean 'width'"),
        ({"name": "a", "layers": [{"width": 0}]}, r"key 'layers\.0\.width': .*greater than 0 \(found 0\)"),
        ([1, 2], r"plan\.yaml: expected a mapping of keys to values, found list"),
        (None, r"expected a mapping of keys to values, found NoneType"),
    ],
)
def test_every_fault_names_key_and_mend(values: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check(Plan, values, "plan.yaml")


def test_valid_settings_are_frozen() -> None:
    plan = check(Plan, {"name": "a", "layers": [{"width": 4}]}, "plan.yaml")
    assert plan.layers[0] == Layer(width=4)
    with pytest.raises(ValidationError):
        plan.name = "b"  # type: ignore[misc]


def test_a_renamed_key_gets_its_new_name() -> None:
    for old, new in (("first", "pretrain"), ("pretrain.rehearse", "replay")):
        values = {"pretrain": {"rehearse": 2}} if "." in old else {"first": None}
        with pytest.raises(UserError, match=rf"unknown key '{old}'; did you mean '{new}'\?"):
            check(Detection, values, "recipe.yaml")
