"""`featherfall list`; with plugins see tests/examples/test_plugin.py."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from featherfall.cli.main import app
from featherfall.core.errors import UserError
from featherfall.core.registry import KINDS, known_names


def test_everything_by_kind_one_line_each() -> None:
    done = CliRunner().invoke(app, ["list"])
    blocks = [block.splitlines() for block in done.stdout.strip().split("\n\n")]
    assert [block[0] for block in blocks] == list(KINDS)
    for kind, *lines in blocks:
        assert [line.split()[0] for line in lines] == (list(known_names(kind)) or ["none"])
    assert "  kfold      `folds` folds of groups, balanced by a trait." in done.stdout.splitlines()


def test_one_kind_as_json() -> None:
    facts = json.loads(CliRunner().invoke(app, ["list", "loss", "--json"]).stdout)
    assert [one["name"] for one in facts] == list(known_names("loss")) and {one["kind"] for one in facts} == {"loss"}
    (soft,) = [one for one in facts if one["name"] == "soft"]
    assert soft["facts"] == {"compares": "logits", "weight": 0.9} and soft["plugin"] is None and soft["summary"]


def test_an_unknown_kind() -> None:
    with pytest.raises(UserError, match="list: unknown kind 'models'; did you mean 'model'"):
        CliRunner().invoke(app, ["list", "models"], catch_exceptions=False)
