"""The model card: true to manifest and figures, and readable for the Hub."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.runtime.tiny import write_bundle

from featherfall.core.manifest import Manifest
from featherfall.publish.card import markdown_table, model_card
from featherfall.publish.offer import Offer, join_words, read_offer


def value(mean: float, interval: list[float] | None = None) -> dict[str, Any]:
    return {"mean": mean, "ci95": interval, "per_seed": [mean]}


METRICS: dict[str, Any] = {
    "dataset": "weda-fall",
    "protocol": "5 folds by subject",
    "part": "test",
    "positive": "fall",
    "seeds": [0, 1, 2],
    "roles": {
        "teacher": {"f1": value(0.974), "sensitivity": value(0.98)},
        "distilled": {"f1": value(0.982, [0.98, 0.984]), "sensitivity": value(0.99, [0.98, 1.0])},
        "int8": {"f1": value(0.983, [0.979, 0.986]), "sensitivity": value(0.991, [0.981, 1.0]), "false_alarms_per_hour": value(1.26)},
    },
    "notes": ["2 recordings left out"],
    "simulated": False,
}


def offer_with(folder: Path, metrics: dict[str, Any] | None) -> Offer:
    bundle = write_bundle(folder / "run" / "bundle", precisions=("float32", "int8"))
    if metrics is not None:
        (folder / "run" / "metrics.json").write_text(json.dumps(metrics))
    return read_offer(bundle)


def front(card: str) -> dict[str, Any]:
    found = re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)
    assert found is not None
    values: dict[str, Any] = yaml.safe_load(found[1])
    return values


def test_front_matter(tmp_path: Path) -> None:
    values = front(model_card(offer_with(tmp_path, METRICS), "cc-by-nc-4.0"))
    assert values["license"] == "cc-by-nc-4.0"
    assert {"fall-detection", "wearable", "int8"} <= set(values["tags"])
    assert "simulated-data" not in values["tags"]
    (entry,) = values["model-index"]
    (result,) = entry["results"]
    assert result["dataset"] == {"type": "weda-fall", "name": "weda-fall, 5 folds by subject", "split": "test"}
    assert {one["type"]: one["value"] for one in result["metrics"]} == {"f1": 0.983, "sensitivity": 0.991, "false_alarms_per_hour": 1.26}
    assert {one["name"] for one in result["metrics"]} >= {"F1 of 'fall'", "sensitivity of 'fall'"}


def test_the_hubs_own_reader_understands_it(tmp_path: Path) -> None:
    hub = pytest.importorskip("huggingface_hub", reason="pushing needs huggingface_hub: pip install 'featherfall[publish]'")
    read = hub.ModelCard(model_card(offer_with(tmp_path, METRICS), "mit")).data
    assert {one.metric_type: one.metric_value for one in read.eval_results} == {
        "f1": 0.983,
        "sensitivity": 0.991,
        "false_alarms_per_hour": 1.26,
    }


def test_figures_with_intervals(tmp_path: Path) -> None:
    card = model_card(offer_with(tmp_path, METRICS), "mit")
    assert "| student, int8 | 99.1 [98.1, 100.0] | 98.3 [97.9, 98.6] | 1.3 |" in card
    assert "| teacher (not shipped) | 98.0 | 97.4 | - |" in card
    assert "mean and 95% interval over 3 seeds" in card
    assert "Note: 2 recordings left out." in card


def test_one_seed_has_no_interval(tmp_path: Path) -> None:
    card = model_card(offer_with(tmp_path, METRICS | {"seeds": [0]}), "mit")
    assert "one seed, so without an interval" in card


@pytest.mark.parametrize(
    ("simulated", "words"),
    [(True, "trained on simulated people only"), (False, "most of whom fell on purpose"), (None, "the bundle does not say")],
)
def test_it_says_who_was_seen(tmp_path: Path, simulated: bool | None, words: str) -> None:
    metrics = METRICS | {"simulated": simulated} if simulated is not None else None
    assert words in model_card(offer_with(tmp_path, metrics), "mit")


def test_without_figures(tmp_path: Path) -> None:
    card = model_card(offer_with(tmp_path, None), "mit")
    assert "This bundle has no metrics" in card
    assert "model-index" not in front(card)


def test_what_every_card_says(tmp_path: Path) -> None:
    card = model_card(offer_with(tmp_path, METRICS), "mit", "anna/falls")
    assert "Not a medical device" in card
    assert "hf download anna/falls --local-dir bundle" in card
    assert "| accelerometer | g | x, y, z | left wrist |" in card
    assert "counts as 'fall' from a probability of 0.5;" in card


def test_false_alarms_a_day() -> None:
    card = model_card(read_offer("wrist"), "apache-2.0")
    assert "false alarms a day" in card
    assert card.count("(as shipped)") == 1
    assert "simulated-data" not in front(card)["tags"] and "falls: simulated; daily life" in card
    assert "simulated-data" in front(model_card(read_offer("camera"), "apache-2.0"))["tags"]


def test_credits(tmp_path: Path) -> None:
    card = model_card(offer_with(tmp_path, METRICS), "cc-by-4.0", credits=["Pictures: A. Author, CC BY 4.0"])
    assert card.endswith("## Licence\n\ncc-by-4.0. Made with featherfall (Apache-2.0).\n\n- Pictures: A. Author, CC BY 4.0\n")


def test_intervals_over_groups_and_how_it_was_trained(tmp_path: Path) -> None:
    more = {"over_groups": {"group": "series", "roles": {"int8": {"f1": [0.91, 0.96]}}}, "trained": {"student": "image: resnet18"}}
    card = model_card(offer_with(tmp_path, METRICS | more), "mit")
    assert "over resampled draws of each evaluated series: 91.0 to 96.0 (95% bootstrap)" in card
    assert "\n- student: image: resnet18\n" in card


@pytest.mark.parametrize(
    ("kind", "frames", "words", "tag"),
    [
        (
            "picture",
            1,
            ["Decides whether a picture shows somebody who has fallen", "One picture at a time.", "predict bundle picture.jpg"],
            "image-classification",
        ),
        ("detector", 1, ["Finds people in a picture and those who have fallen", "A box counts from a score of 0.5."], "object-detection"),
        ("film", 10, ["Detects falls from image", "10 pictures of 64 x 64", "predict bundle film.mp4"], "video-classification"),
    ],
)
def test_models_that_see_pictures(tmp_path: Path, kind: str, frames: int, words: list[str], tag: str) -> None:
    offer = offer_with(tmp_path, METRICS)
    seen = {"name": "image", "unit": "rgb8", "channels": ["r", "g", "b"], "frames": frames, "size": 64}
    manifest = Manifest.model_validate(offer.manifest.model_dump() | {"kind": kind, "inputs": [seen]})
    card = model_card(replace(offer, manifest=manifest), "mit")
    assert all(one in card for one in words), card
    assert front(card)["pipeline_tag"] == tag


def test_table() -> None:
    assert markdown_table([("a", "b"), ("x", "z")]) == "| a | b |\n|---|---|\n| x | z |"


HOSTILE = "[x](javascript:alert(1))<script>|\x1b[31m\n# a `b` ![i](http://e/i.png)"


def test_names_from_a_bundle_are_shown_and_not_obeyed(tmp_path: Path) -> None:
    """A manifest and metrics whose every name is a link, HTML, a terminal's escape and a heading."""
    hostile = METRICS | {"dataset": HOSTILE, "protocol": HOSTILE, "positive": HOSTILE, "notes": [HOSTILE], "trained": {HOSTILE: HOSTILE}}
    hostile["days"] = {"what": HOSTILE, "falls": 3, "points": []}
    hostile["over_groups"] = {"group": HOSTILE, "roles": {"int8": {"f1": [0.1, 0.2]}}}
    offer = offer_with(tmp_path, hostile)
    provenance = {
        "dataset": HOSTILE,
        "recipe": {"teacher": {"network": {"inputs": [HOSTILE]}}, "student": {"network": {"inputs": [HOSTILE]}}},
    }
    first = offer.manifest.inputs[0].model_copy(update={"name": HOSTILE, "unit": HOSTILE, "channels": [HOSTILE], "placement": HOSTILE})
    named = {"name": HOSTILE, "labels": [HOSTILE, "other"], "positive": HOSTILE, "provenance": provenance, "inputs": [first]}
    card = model_card(replace(offer, manifest=offer.manifest.model_copy(update=named)), "mit" + HOSTILE)
    text = re.sub(r"`[^`\n]*`", "", card[card.index("\n---\n", 4) + 5 :])  # nothing in a code span is obeyed
    assert "[x](" not in text.replace("\\[x\\](", "") and "![i]" not in text and "<script>" not in text
    assert "\x1b" not in card and "\n# a" not in text
    assert front(card)["model-index"][0]["name"] == HOSTILE  # YAML has its own escapes
    assert "\\[x\\](javascript:alert(1))&lt;script&gt;\\|\\\\x1b" in text  # it is said all the same


def test_join_words() -> None:
    assert [join_words(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
