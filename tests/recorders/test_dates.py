from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featherfall.recorders.dates import day_order, is_compact, is_date, read_dates, understand

MOMENT = datetime(2015, 6, 22, 15, 56, 3, 711_000, tzinfo=UTC)
SECONDS = MOMENT.timestamp()


def seconds(*texts: str, order: str | None = None) -> np.ndarray:
    return read_dates(np.array([text.encode("latin-1", "replace") for text in texts]), order)[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "2015-06-22T15:56:03.711",
        "2015-06-22T15:56:03.711000Z",
        "2015-06-22T15:56:03,711Z",
        "2015-06-22 15:56:03.711 UTC",
        "2015-06-22 16:56:03.711+0100 [Europe/London]",
        "2015-06-22T16:56:03.711+01:00",
        "2015-06-22T16:56:03.711+01",
        "2015-06-22T10:56:03.711-05:00",
        "2015-06-22 15:56:03:711",
        "2015-06-22 15-56-03.711",
        "2015/06/22 15:56:03.711",
        "2015.06.22 15:56:03.711",
        "22.06.2015 15:56:03.711",
        "22.6.2015, 15:56:03.711",
        "22/06/2015 15:56:03.711",
        "22-06-2015 15:56:03.711",
        "6/22/2015 3:56:03.711 PM",
        "22/06/15 15:56:03.711",
        "22-Jun-2015 15:56:03.711",
        "22 June 2015 15:56:03.711",
        "22. Juni 2015 15:56:03.711",
        "Jun 22, 2015 03:56:03.711 pm",
        "Mon, 22 Jun 2015 15:56:03.711 GMT",
        "20150622T155603.711Z",
        "20150622 155603.711",
        "20150622155603711",
    ],
)
def test_dates_of_every_kind(text: str) -> None:
    assert is_date(text) or is_compact(text)
    order = day_order([text])
    np.testing.assert_allclose(seconds(text, order=order), SECONDS, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "right"),
    [("15:56:03.711", 57_363.711), ("3:56:03.711 PM", 57_363.711), ("12:00:01 AM", 1.0), ("155603.5", 57_363.5), ("56:03.7", 3363.7)],
)
def test_times_of_day(text: str, right: float) -> None:
    found, period = read_dates(np.array([text.encode()]))
    np.testing.assert_allclose(found, right)
    assert period == (3600.0 if text == "56:03.7" else 86_400.0)


@pytest.mark.parametrize(
    "text",
    ["", "walk", "1.5", "-3", "2015-06", "22 Foo 2015", "12:61:00", "2015-13-01", "2015-02-30 10:00:00", "31.4.2015", "a" * 99, "x,y,z"],
)
def test_what_is_no_date(text: str) -> None:
    assert not is_date(text) or np.isnan(seconds(text, order="dmy")).all()


def test_daylight_saving_is_in_the_offset() -> None:
    np.testing.assert_allclose(
        np.diff(seconds("2015-10-25 01:59:59+0100 [Europe/London]", "2015-10-25 01:00:00+0000 [Europe/London]")), 1.0
    )


@given(st.lists(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2069, 12, 31)), min_size=1, max_size=30))
def test_columns_agree_with_the_standard_library(moments: list[datetime]) -> None:
    expected = [moment.replace(tzinfo=UTC).timestamp() for moment in moments]
    np.testing.assert_allclose(seconds(*[moment.isoformat() for moment in moments]), expected, atol=1e-6)
    shown = [f"{moment.day}/{moment.month}/{moment.year} {moment:%I:%M:%S.%f %p}" for moment in moments]
    np.testing.assert_allclose(seconds(*shown, order="dmy"), expected, atol=1e-6)
    named = [f"{moment:%b %d, %Y %H:%M:%S.%f}" for moment in moments]
    np.testing.assert_allclose(seconds(*named), expected, atol=1e-6)


def test_more_patterns_than_are_tried_by_columns() -> None:
    moments = [MOMENT + timedelta(days=31 * i, hours=i) for i in range(40)]
    texts = [
        moment.strftime(layout)
        for moment in moments
        for layout in ("%b %d %Y %I:%M %p", "%B %d, %Y %H:%M", "%d %b %Y %H:%M:%S", "%d-%B-%y %H:%M")
    ]
    right = [
        moment.replace(second=moment.second if "S" in layout else 0, microsecond=0).timestamp()
        for moment in moments
        for layout in ("M", "M", "S", "M")
    ]
    np.testing.assert_allclose(seconds(*texts), right)


def test_the_order_of_day_and_month() -> None:
    assert day_order(["3/4/2024"]) is None
    assert day_order(["3/4/2024", "13/4/2024"]) == "dmy"
    assert day_order(["3/4/2024", "4/13/2024"]) == "mdy"
    assert day_order(["3.4.2024"]) == "dmy"
    assert day_order(["5/5/2024", "2024-03-04"]) == "dmy"
    np.testing.assert_allclose(seconds("3/4/2024", order="mdy"), datetime(2024, 3, 4, tzinfo=UTC).timestamp())


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    understand(text)
    day_order([text])
    seconds(text)
