"""Files of people who had trouble: each is read, or refused with the way that works. Skipped where they are absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from featherfall.core.errors import UserError
from featherfall.core.files import data_folder
from featherfall.runtime import load_bundle

FIELD = data_folder() / "field" / "sensors"
READ = {
    "01b_zone_suffix.csv": "table; accelerometer; g by its gravity; 50 Hz",
    "12_decimal_comma.csv": "table; accelerometer; g by its gravity; 50 Hz",
    "13_utf16.csv": "table; accelerometer; g by its gravity; 50 Hz",
    "14b_trailing_empty.csv": "table; accelerometer; g by its gravity; 50 Hz",
    "14d_nan.csv": "table; accelerometer; g by its gravity; 50 Hz",
    "17_epoch_ms.csv": "table; accelerometer; g by its gravity; 50 Hz",
    "19_watch.csv.gz": "table; accelerometer; g by its gravity; 50 Hz",
    "20i_raw_lsb.csv": "raw counts; accelerometer; 16384 counts a g; 50 Hz",
    "phyphox-tab.csv": "phyphox; accelerometer; m/s2; ",
    "20k_phyphox_de.csv": "phyphox; accelerometer; m/s2; 50 Hz",
    "20m_geneactiv.csv": "GENEActiv; accelerometer; g; 50 Hz",
    "empatica-ACC.csv": "Empatica E4; accelerometer at the wrist; g; 32 Hz",
}
FALLS = {"clock-set-1970-to-2026.csv": "the clock was set before row 502", "whole-second-stamps.csv": "share a time stamp"}


def field(name: str) -> Path:
    if not (FIELD / name).is_file():
        pytest.skip(f"no {FIELD / name}; set FEATHERFALL_REAL_DATA to the folder of the real datasets")
    return FIELD / name


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_without_options(name: str) -> None:
    assert load_bundle("wrist").predict(field(name)).recognised.startswith(READ[name])


@pytest.mark.parametrize("name", FALLS)
def test_a_fall_is_found_whatever_the_clock_does(name: str) -> None:
    found = load_bundle("wrist").predict(field(name))
    assert found.label == "fall" and any(FALLS[name] in reason for reason in found.verdict.reasons)


def test_a_glitch_is_named_and_no_fall() -> None:
    found = load_bundle("wrist").predict(field("one-glitch-50g.csv"))
    assert found.label == "not_fall" and "row 252 (x is 50)" in " ".join(found.verdict.reasons)


def test_a_header_that_lies_gives_way_to_the_stated_unit() -> None:
    bundle = load_bundle("wrist")
    with pytest.raises(UserError, match=r"so the unit is m/s2, not g; state --unit accelerometer=m/s2$"):
        bundle.predict(field("11_header_lies.csv"))
    assert bundle.predict(field("11_header_lies.csv"), unit="m/s2").recognised == "table; accelerometer; m/s2; 50 Hz"
