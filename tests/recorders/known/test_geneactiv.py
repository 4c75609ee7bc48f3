from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.recorders.reading import answer, of, read, total
from tests.recorders.samples import geneactiv, iso, write

from featherfall.core.errors import UserError


def test_the_place_is_that_of_the_header(tmp_path: Path) -> None:
    assert of(read("geneactiv", geneactiv(tmp_path).path), "accelerometer").placement == "left wrist"


def test_tabs(tmp_path: Path) -> None:
    written = geneactiv(tmp_path)
    path = write(tmp_path / "a.csv", [written.path.read_text().replace(",", "\t").rstrip()])
    np.testing.assert_allclose(total(read("geneactiv", path))[1], written.total, atol=1e-5)


def test_means_per_epoch_are_refused(tmp_path: Path) -> None:
    head = geneactiv(tmp_path).path.read_text().splitlines()[:100]
    rows = [f"{iso(60 * i, '%Y-%m-%d %H:%M:%S:%f')},0.1,0.2,0.9,12,0,25.1,3.2,0.01,0.01,0.02,14" for i in range(60)]
    error = answer("geneactiv", write(tmp_path / "a.csv", [*head, *rows]))
    assert isinstance(error, UserError) and "means per epoch" in str(error)
