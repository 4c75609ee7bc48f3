"""Nothing but the digest of a model that passed its trial is left behind, and nobody is told, when a bundle runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.runtime.tiny import write_bundle

SOURCE = Path(__file__).parents[2] / "src"


def test_a_bundle_that_runs_writes_nothing_at_home(tmp_path: Path) -> None:
    """ONNX Runtime would keep a number for the machine and a store of reports there; it is silent by itself where CI is set."""
    bundle = write_bundle(tmp_path / "bundle")
    (tmp_path / "home").mkdir()
    code = f"from featherfall.runtime import load_bundle; load_bundle({str(bundle)!r})"
    alone = {"HOME": str(tmp_path / "home"), "PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code], env=alone, check=True)
    left = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert {path.parent for path in left} == {tmp_path / "home" / ".cache" / "featherfall" / "models"}
    assert all(path.stat().st_size == 0 for path in left)
